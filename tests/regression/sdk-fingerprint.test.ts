import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { machineFingerprint } from '@devforge/sdk/node'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

const GUID = '7b1f3f0c-3d38-4a4e-9d53-0f5a2a3c1d11'
const FOUND = `printf '\\r\\nHKEY_LOCAL_MACHINE\\\\SOFTWARE\\r\\n    MachineGuid    REG_SZ    ${GUID}\\r\\n'`
const platform = Object.getOwnPropertyDescriptor(process, 'platform')
let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'devforge-sdk-'))
  await mkdir(join(folder, 'System32'))
  vi.stubEnv('SystemRoot', folder)
  vi.stubEnv('APPDATA', join(folder, 'appdata'))
  Object.defineProperty(process, 'platform', { ...platform, value: 'win32' })
})
afterEach(async () => {
  if (platform) Object.defineProperty(process, 'platform', platform)
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true, force: true })
})

/** What the system's tool does when it is asked for the machine's id. */
const tool = (script: string) =>
  writeFile(join(folder, 'System32', 'reg.exe'), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
const madeUp = async () => (await readdir(folder)).includes('appdata')

// A registry tool that was slow for once made the machine another one: its license was another machine's.
describe.skipIf(process.platform === 'win32')('a machine keeps its name', () => {
  test.each([
    ['fails', 'exit 1'],
    ['is killed', 'kill -9 $$'],
    ['does not answer in time', 'exec sleep 20'],
  ])('the tool %s once: that is told, and the next time it is the same machine', async (_, script) => {
    await tool(FOUND)
    const name = await machineFingerprint()
    await tool(script)
    await expect(machineFingerprint()).rejects.toMatchObject({ name: 'DevForgeError', code: 'LOCAL_FAILURE' })
    expect(await madeUp()).toBe(false)
    await tool(FOUND)
    expect(await machineFingerprint()).toBe(name)
  })

  test.each([
    ['no tool', null],
    ['a tool that knows of no id', 'echo nothing'],
  ])('%s: it gets a name of its own, and keeps it', async (_, script) => {
    if (script) await tool(script)
    const name = await machineFingerprint()
    expect(await madeUp()).toBe(true)
    expect(await machineFingerprint()).toBe(name)
  })
})
