import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memorySessionStore } from '@devforge/sdk'
import {
  createLicenseManager,
  fileLicenseStorage,
  fileSessionStore,
  machineFingerprint,
  thisDevice,
} from '@devforge/sdk/node'
import { browserFingerprint, browserLicenseStorage } from '@devforge/sdk/offline'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createAuthority, KEY } from './support/authority.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'devforge-sdk-'))
  vi.stubEnv('XDG_CONFIG_HOME', folder)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  vi.unstubAllGlobals()
  await rm(folder, { recursive: true, force: true })
})

const modeOf = async (file: string) => ((await stat(file)).mode & 0o777).toString(8)

describe.skipIf(process.platform === 'win32')('files', () => {
  test('are for their owner alone, whatever the umask, and leave no drafts', async () => {
    const before = process.umask(0o000)
    try {
      const storage = fileLicenseStorage()
      expect(await storage.read()).toBeNull()
      await storage.write('one')
      await storage.write('two')
      expect(await storage.read()).toBe('two')
      expect(await modeOf(join(folder, 'devforge', 'license.json'))).toBe('600')
      expect(await modeOf(join(folder, 'devforge'))).toBe('700')
      process.umask(0o777)
      await storage.write('three')
      expect(await modeOf(join(folder, 'devforge', 'license.json'))).toBe('600')
      expect(await readdir(join(folder, 'devforge'))).toEqual(['license.json'])
      await storage.clear()
      await storage.clear()
      expect(await storage.read()).toBeNull()
    } finally {
      process.umask(before)
    }
  })

  test('writes at the same time leave one whole text', async () => {
    const storage = fileLicenseStorage({ file: join(folder, 'license.json') })
    const texts = Array.from({ length: 20 }, (_, i) => String(i).repeat(50_000))
    await Promise.all(texts.map((text) => storage.write(text)))
    expect(texts).toContain(await storage.read())
    expect(await readdir(folder)).toEqual(['license.json'])
  })

  test('a write that fails leaves the old text and no draft', async () => {
    const file = join(folder, 'taken')
    await mkdir(join(file, 'inside'), { recursive: true })
    await expect(fileLicenseStorage({ file }).write('text')).rejects.toThrow()
    expect(await readdir(folder)).toEqual(['taken'])
  })

  test('a session survives the process; a broken file is nobody signed in', async () => {
    const session = {
      sessionToken: 's',
      accessToken: 'a',
      accessTokenExpiresAtMs: 1,
      user: { id: 'usr_1', email: 'a@b.c', name: 'A' },
    }
    const store = fileSessionStore()
    expect(await store.get()).toBeNull()
    await store.set(session)
    expect(await fileSessionStore().get()).toEqual(session)
    const file = join(folder, 'devforge', 'session.json')
    expect(await modeOf(file)).toBe('600')
    for (const text of [
      '',
      '{"sessionToken":',
      'null',
      '[]',
      '{}',
      JSON.stringify({ ...session, user: null }),
    ]) {
      await writeFile(file, text)
      expect(await store.get(), text).toBeNull()
    }
    await store.set(session)
    await store.clear()
    expect(await store.get()).toBeNull()
  })

  test('the license manager keeps itself there and finds itself again', async () => {
    const forge = createAuthority({ nowMs: Date.now() }).forge
    const manager = createLicenseManager({ forge })
    expect((await manager.activate(KEY, thisDevice())).state).toBe('valid')
    await manager.close()
    const text = await readFile(join(folder, 'devforge', 'license.json'), 'utf8')
    expect(text).toContain(KEY)
    expect((await createLicenseManager({ forge }).load()).state).toBe('valid')
    expect((await createLicenseManager({ forge, app: 'other' }).load()).state).toBe('none')
  })
})

test('a fingerprint is stable, long enough for the server, and not the machine’s own id', async () => {
  const first = await machineFingerprint()
  expect(first).toMatch(/^[0-9a-f]{64}$/)
  expect(await machineFingerprint()).toBe(first)
  const id = await readFile('/etc/machine-id', 'utf8').catch(() => '')
  if (id.trim()) expect(first).not.toContain(id.trim())
})

test('timers of the renewal keep no process alive', () => {
  const script = `
    import { LicenseManager, memoryLicenseStorage } from '@devforge/sdk/offline'
    import { createDevForge } from '@devforge/sdk'
    const forge = createDevForge({ url: 'http://127.0.0.1:9' })
    const manager = new LicenseManager({ forge, storage: memoryLicenseStorage(), fingerprint: 'machine-1' })
    await manager.load()
    manager.start()
    process.stdout.write(manager.check().state)
  `
  const options = { cwd: join(import.meta.dirname, '..'), encoding: 'utf8', timeout: 10_000 } as const
  expect(execFileSync(process.execPath, ['--input-type=module', '-e', script], options)).toBe('none')
})

describe('in a browser', () => {
  const page = () => {
    const kept = new Map<string, string>()
    return {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => kept.set(key, value),
      removeItem: (key: string) => kept.delete(key),
    }
  }

  test('localStorage keeps license and device', async () => {
    vi.stubGlobal('localStorage', page())
    await browserLicenseStorage().write('text')
    expect(await browserLicenseStorage().read()).toBe('text')
    const first = await browserFingerprint()
    expect(first.length).toBeGreaterThanOrEqual(8)
    expect(await browserFingerprint()).toBe(first)
    await browserLicenseStorage().clear()
    expect(await browserLicenseStorage().read()).toBeNull()
  })

  test('where it is forbidden, memory does', async () => {
    vi.stubGlobal('localStorage', undefined)
    const storage = browserLicenseStorage()
    await storage.write('text')
    expect(await storage.read()).toBe('text')
  })
})

test('a session in memory is gone with its store', async () => {
  expect(await memorySessionStore().get()).toBeNull()
})
