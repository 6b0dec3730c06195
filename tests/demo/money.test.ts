import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')
const run = promisify(execFile)

test('the demonstration of the money path holds, through the built SDK', { timeout: 180_000 }, async () => {
  await run(process.execPath, [join(root, 'sdk/node_modules/tsdown/dist/run.mjs'), '--logLevel', 'error'], {
    cwd: join(root, 'sdk'),
  })
  const { stdout } = await run(process.execPath, [join(root, 'tests/demo/money.ts')], { cwd: root })
  expect(stdout).toContain('Everything held. 13 steps.')
})
