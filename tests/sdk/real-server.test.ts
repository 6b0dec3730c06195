import { createDevForge, isDevForgeError, memorySessionStore } from '@devforge/sdk'
import { LicenseManager, type LicenseManagerOptions, memoryLicenseStorage } from '@devforge/sdk/offline'
import { describe, expect, test } from 'vitest'
import { createTestApp, TEST_URL, type TestApp } from '../support/app.ts'
import { licensed } from '../support/licenses.ts'
import { signUp } from '../support/people.ts'
import { DAY, MINUTE } from './support/authority.ts'

const FREE = { plan: 'free', entitlements: ['local-models'] }

/** An editor on a machine of its own, with a cable that can be pulled. */
function createEditor(t: TestApp, over: Partial<LicenseManagerOptions> = {}) {
  const cable = { plugged: true, leases: true }
  const offsetMs = { value: 0 }
  const fetch: typeof globalThis.fetch = (input, init) => {
    const passes = cable.plugged && (cable.leases || !String(input).includes('licenses.lease'))
    return passes ? t.fetch(input, init) : Promise.reject(new TypeError('fetch failed'))
  }
  const forge = createDevForge({ url: TEST_URL, fetch, retries: 0 })
  const storage = memoryLicenseStorage()
  const manager = new LicenseManager({
    forge,
    storage,
    fingerprint: `machine-${crypto.randomUUID()}`,
    now: () => t.clock.now().getTime() + offsetMs.value,
    ...over,
  })
  return { forge, manager, cable, offsetMs, storage }
}

describe('the SDK and the real server', () => {
  test('a license: activated, used offline, clock set back, revoked, free again', async () => {
    await using t = await createTestApp()
    const { key, licenseId, admin, owner } = await licensed(t)
    const { manager, cable, offsetMs } = createEditor(t)
    expect(await manager.activate(key, { deviceName: 'laptop', platform: 'linux' })).toMatchObject({
      state: 'valid',
      plan: 'pro',
      licenseId,
      licenseStatus: 'active',
    })
    expect((await owner.forge.licenses.devices({ licenseId })).items).toMatchObject([{ name: 'laptop' }])
    cable.plugged = false
    t.clock.advance(20 * DAY)
    expect(manager.check().has('remote-models')).toBe(true)
    offsetMs.value = -10 * DAY
    expect(manager.check()).toMatchObject({ state: 'tampered', reason: 'clock', ...FREE })
    cable.plugged = true
    expect((await manager.sync()).status.state).toBe('valid')
    offsetMs.value = 0
    expect(manager.check().state).toBe('valid')
    await admin.forge.licenses.revoke({ licenseId, reason: 'refund' })
    expect(manager.check().state).toBe('valid')
    const { status, error } = await manager.sync()
    expect(status).toMatchObject({ state: 'revoked', reason: 'revoked', ...FREE })
    expect(error).toBeNull()
    cable.plugged = false
    expect((await manager.load()).state).toBe('revoked')
  })

  test('suspended and reinstated; the device freed by the owner; deactivated', async () => {
    await using t = await createTestApp()
    const { key, licenseId, admin, owner } = await licensed(t)
    const { manager } = createEditor(t)
    await manager.activate(key)
    await admin.forge.licenses.suspend({ licenseId, reason: 'dispute' })
    expect((await manager.sync()).status).toMatchObject({ state: 'revoked', reason: 'suspended', ...FREE })
    await admin.forge.licenses.reinstate({ licenseId, reason: 'won' })
    expect((await manager.sync()).status).toMatchObject({ state: 'valid', plan: 'pro' })
    const { items } = await owner.forge.licenses.devices({ licenseId })
    await owner.forge.licenses.deactivate({ deviceId: items[0]?.id ?? '' })
    expect((await manager.sync()).status).toMatchObject({ state: 'revoked', reason: 'device_removed' })
    expect((await manager.activate(key)).state).toBe('valid')
    expect((await manager.deactivate()).state).toBe('none')
    expect((await owner.forge.licenses.devices({ licenseId })).items).toEqual([])
  })

  test('the trial of the person who is signed in', async () => {
    await using t = await createTestApp()
    const { forge } = await signUp(t)
    const { manager } = createEditor(t, { forge })
    expect(await manager.startTrial()).toMatchObject({ state: 'valid', licenseStatus: 'trial' })
    t.clock.advance(14 * DAY + MINUTE)
    expect(manager.check()).toMatchObject({ state: 'expired', ...FREE })
    expect((await manager.sync()).status).toMatchObject({ state: 'expired', ...FREE })
  })

  test('no device left: the error says which ones there are', async () => {
    await using t = await createTestApp()
    const { key } = await licensed(t)
    for (let i = 0; i < 3; i++) await createEditor(t).manager.activate(key, { deviceName: `machine ${i}` })
    const fourth = createEditor(t)
    const error: unknown = await fourth.manager.activate(key).catch((caught: unknown) => caught)
    if (!isDevForgeError(error, 'LICENSE_DEVICE_LIMIT')) throw error
    expect(error.details?.limit).toBe(3)
    expect(error.details?.devices.map((device) => device.name).sort()).toEqual([
      'machine 0',
      'machine 1',
      'machine 2',
    ])
    expect(error.details?.devices[0]?.lastSeenAt).toBeInstanceOf(Date)
    expect(fourth.manager.check().state).toBe('none')
  })

  test('the drill: a planned rotation disturbs nobody, a withdrawn key is void until the next sync', async () => {
    await using t = await createTestApp()
    const { key } = await licensed(t)
    const { manager, cable, storage } = createEditor(t)
    await manager.activate(key)
    const old = await storage.read()
    await t.deps.signer.rotate(t.deps.db, 'lease', {})
    t.deps.signer.reload()
    cable.plugged = false
    expect((await manager.load()).state).toBe('valid')
    cable.plugged = true
    expect((await manager.sync({ force: true })).error).toBeNull()
    expect(await storage.read()).not.toBe(old)

    await t.deps.signer.rotate(t.deps.db, 'lease', { withdrawOld: true })
    t.deps.signer.reload()
    cable.leases = false
    const voided = await manager.sync()
    expect(voided.status).toMatchObject({ state: 'expired', reason: 'key_withdrawn', ...FREE })
    expect(voided.error?.code).toBe('NETWORK')
    cable.plugged = false
    expect((await manager.load()).reason).toBe('key_withdrawn')
    cable.plugged = true
    cable.leases = true
    expect(await manager.sync()).toMatchObject({ status: { state: 'valid', plan: 'pro' }, error: null })
  })

  test('a session outlives its access token, and ends when it is revoked', async () => {
    await using t = await createTestApp()
    const { email, password, forge: elsewhere } = await signUp(t)
    const session = memorySessionStore()
    const forge = t.forge({ session })
    await forge.auth.signIn({ email, password })
    const first = (await session.get())?.accessToken
    t.clock.advance(11 * MINUTE)
    const [me] = await Promise.all([forge.users.me(), forge.auth.sessions(), forge.licenses.list()])
    expect(me.email).toBe(email)
    expect((await session.get())?.accessToken).not.toBe(first)
    const mine = (await forge.auth.sessions()).items.find((one) => one.current)
    await elsewhere.auth.revokeSession({ id: mine?.id ?? '' })
    await expect(forge.auth.sessions()).rejects.toMatchObject({ code: 'AUTH_SESSION_ENDED' })
    expect(await session.get()).toBeNull()
    expect((await forge.payments.plans()).items.length).toBeGreaterThan(0)
  })

  test('errors carry the request id that the server logs, and never its inner words', async () => {
    await using t = await createTestApp()
    const { forge } = await signUp(t)
    const error: unknown = await forge.licenses.get({ id: 'lic_nobody' }).catch((caught: unknown) => caught)
    if (!isDevForgeError(error, 'NOT_FOUND')) throw error
    expect(error.requestId).toMatch(/^[\w-]{8,}$/)
    expect(error.httpStatus).toBe(404)
  })
})
