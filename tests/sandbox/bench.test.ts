import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { generateLicenseKey } from '@devforge/server/modules/licenses/license-key'
import { expect, test } from 'vitest'
import { captureShapes } from '../load/shapes.ts'

test('what the bench of validate sends is what the SDK sends', async () => {
  const licenses = Array.from({ length: 10 }, (_, i) => ({
    id: `lic_${i}`,
    key: generateLicenseKey(),
    fingerprint: i === 0 ? null : `machine-${i}`,
    devices: 0,
  }))
  // It throws when the SDK sends something else.
  const { lone, ten } = await captureShapes(licenses)
  expect([lone.calls, ten.calls]).toEqual([1, 10])
  expect(lone.path).toContain('licenses.validate')
})

/** A bench of two options that does nothing but say what it read. */
const BENCH = `
  import { flag, number, readOptions } from ${JSON.stringify(new URL('../load/options.ts', import.meta.url))}
  console.log(JSON.stringify(readOptions('nothing', 'what takes no time', { quick: flag('soon'), count: number('of them') })))`

test('a bench tells what it does, and begins nothing that was not meant', async () => {
  const run = async (...args: string[]) => {
    const begun = promisify(execFile)(process.execPath, [
      '--input-type=module',
      '-e',
      BENCH,
      '--',
      'bench',
      ...args,
    ])
    return begun.catch((error: { code: number; stdout: string; stderr: string }) => error)
  }
  const [plain, help, slip, none] = await Promise.all([
    run('--quick', '--count=7'),
    run('--help'),
    run('--quik'),
    run('--count=0'),
  ])
  expect(JSON.parse(plain.stdout)).toEqual({ quick: true, count: 7 })
  expect(help.stdout).toContain('pnpm bench:nothing: what takes no time')
  expect(help.stdout).toContain('--count=number')
  expect(slip).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringContaining("Unknown option '--quik'"),
  })
  expect(none).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('no number above zero') })
})
