import type { LicenseStatus } from '@devforge/sdk/offline'
import { describe, expect, test } from 'vitest'
import { DAY, deviceOf, KEY, MINUTE } from './support/authority.ts'
import { createMachine } from './support/machine.ts'

const FREE = { plan: 'free', entitlements: ['local-models'] }

describe('the license on this machine', () => {
  test('none at first: the free plan, without a request', async () => {
    const { manager, authority } = createMachine()
    expect(await manager.load()).toMatchObject({ state: 'none', reason: null, licenseId: null, ...FREE })
    expect(manager.check().has('local-models')).toBe(true)
    expect(manager.check().coversVersion(new Date(9e15))).toBe(true)
    expect((await manager.sync()).error).toBeNull()
    expect(authority.state.asked).toEqual([])
  })

  test('valid once activated, and after a start without a network', async () => {
    const machine = createMachine()
    const status = await machine.manager.activate(KEY.toLowerCase(), { deviceName: 'laptop' })
    expect(status).toMatchObject({
      state: 'valid',
      reason: null,
      plan: 'pro',
      licenseId: 'lic_1',
      licenseStatus: 'active',
    })
    expect(status.entitlements).toEqual(['local-models', 'remote-models', 'extension:acme.theme'])
    machine.authority.state.online = false
    machine.authority.state.asked.length = 0
    machine.pass(3 * DAY)
    const { status: later, manager } = await machine.restart()
    expect(later).toMatchObject({ state: 'valid', plan: 'pro' })
    expect(later.has('extension:acme.theme')).toBe(true)
    expect(manager.check()).toBe(later)
    expect(machine.authority.state.asked).toEqual([])
  })

  test('grace after the lease, then expired and free; never a request for it', async () => {
    const machine = createMachine()
    const { manager } = machine
    await manager.activate(KEY)
    machine.authority.state.online = false
    const seen: string[] = []
    manager.onChange((now, before) => seen.push(`${before.state} to ${now.state}`))
    machine.pass(30 * DAY - 1_000)
    expect(manager.check().state).toBe('valid')
    machine.pass(1_000)
    expect(manager.check()).toMatchObject({ state: 'grace', reason: 'lease_expired', plan: 'pro' })
    machine.pass(7 * DAY - 1_000)
    expect(manager.check().state).toBe('grace')
    machine.pass(1_000)
    expect(manager.check()).toMatchObject({
      state: 'expired',
      reason: 'lease_expired',
      licenseId: 'lic_1',
      ...FREE,
    })
    expect((await machine.restart()).status.state).toBe('expired')
    expect(seen).toEqual(['valid to grace', 'grace to expired'])
  })

  test('no grace where the lease gives none: a trial ends when it ends', async () => {
    const machine = createMachine()
    machine.authority.state.claims = { grace_days: 0, status: 'trial' }
    await machine.manager.activate(KEY)
    machine.pass(30 * DAY)
    expect(machine.manager.check().state).toBe('expired')
  })

  test('an unpaid subscription still works and says so', async () => {
    const machine = createMachine()
    machine.authority.state.claims = { status: 'past_due' }
    expect(await machine.manager.activate(KEY)).toMatchObject({
      state: 'valid',
      reason: 'past_due',
      plan: 'pro',
    })
  })

  test('versions are covered up to the end of the updates', async () => {
    const machine = createMachine()
    const { updatesUntil, coversVersion } = await machine.manager.activate(KEY)
    const end = updatesUntil?.getTime() ?? 0
    expect(end).toBe(machine.server.nowMs + 730 * DAY)
    expect([coversVersion(new Date(end)), coversVersion(new Date(end + 1))]).toEqual([true, false])
    machine.authority.state.claims = { updates_until: null }
    const { status } = await machine.manager.sync({ force: true })
    expect(status.updatesUntil).toBeNull()
    expect(status.coversVersion(new Date(9e15))).toBe(true)
  })

  test('a key with a typo is refused before anything', async () => {
    const { createDevForge } = await import('@devforge/sdk')
    const fetch = () => Promise.reject(new Error('no request was to be made'))
    const { manager } = createMachine({ forge: createDevForge({ url: 'https://forge.test', fetch }) })
    await expect(manager.activate(KEY.replace('9', '8'))).rejects.toMatchObject({ code: 'LICENSE_NOT_FOUND' })
    expect(manager.check().state).toBe('none')
  })

  test('deactivated: forgotten here, also when the server no longer knows the device; kept without a network', async () => {
    const machine = createMachine()
    await machine.manager.activate(KEY)
    machine.authority.state.online = false
    await expect(machine.manager.deactivate()).rejects.toMatchObject({ code: 'NETWORK' })
    expect(machine.manager.check().state).toBe('valid')
    machine.authority.state.online = true
    machine.authority.refuse('DEVICE_NOT_FOUND')
    expect(await machine.manager.deactivate()).toMatchObject({ state: 'none', ...FREE })
    expect((await machine.restart()).status.state).toBe('none')
  })
})

describe('sync', () => {
  test('renews a lease from its seventh day on, and not before', async () => {
    const machine = createMachine()
    const { manager, authority } = machine
    await manager.activate(KEY)
    machine.pass(7 * DAY - MINUTE)
    authority.state.asked.length = 0
    await manager.sync()
    expect(authority.state.asked).toEqual(['revocations'])
    machine.pass(MINUTE)
    authority.state.asked.length = 0
    const { status } = await manager.sync()
    expect(authority.state.asked).toContain('lease')
    expect(status.expiresAt?.getTime()).toBe(machine.server.nowMs + 30 * DAY)
    expect((await machine.restart()).status.expiresAt).toEqual(status.expiresAt)
  })

  test('without a network changes nothing and rejects nothing', async () => {
    const machine = createMachine()
    const before = await machine.manager.activate(KEY)
    machine.authority.state.online = false
    const { status, error } = await machine.manager.sync({ force: true })
    expect(status).toBe(before)
    expect(error?.code).toBe('NETWORK')
  })

  test('a busy server changes nothing', async () => {
    const machine = createMachine()
    const before = await machine.manager.activate(KEY)
    machine.authority.refuse('UNAVAILABLE')
    const { status, error } = await machine.manager.sync({ force: true })
    expect(status).toBe(before)
    expect(error?.code).toBe('UNAVAILABLE')
  })

  test('calls at the same time are one', async () => {
    const machine = createMachine()
    await machine.manager.activate(KEY)
    machine.authority.state.asked.length = 0
    await Promise.all([machine.manager.sync(), machine.manager.sync(), machine.manager.sync()])
    expect(machine.authority.state.asked).toEqual(['revocations'])
  })

  test.each([
    ['LICENSE_NOT_ACTIVE', 'revoked', 'revoked', 'revoked'],
    ['LICENSE_NOT_ACTIVE', 'suspended', 'revoked', 'suspended'],
    ['LICENSE_NOT_ACTIVE', 'expired', 'expired', 'expired'],
    ['LICENSE_NOT_FOUND', undefined, 'revoked', 'key_unknown'],
    ['DEVICE_NOT_FOUND', undefined, 'revoked', 'device_removed'],
  ] as const)('%s %s makes the editor free: %s, %s', async (code, serverStatus, state, reason) => {
    const machine = createMachine()
    await machine.manager.activate(KEY)
    machine.authority.refuse(code, serverStatus)
    const { status, error } = await machine.manager.sync({ force: true })
    expect(status).toMatchObject({ state, reason, ...FREE })
    expect(error).toBeNull()
    machine.authority.state.online = false
    expect((await machine.restart()).status).toMatchObject({ state, reason, ...FREE })
    // Put right at the server: the next sync brings it back.
    machine.authority.state.online = true
    machine.authority.state.refusal = null
    expect((await machine.manager.sync()).status.state).toBe('valid')
  })
})

describe('revocations', () => {
  const entry = (seq: number, kind: 'revoked' | 'reinstated' | 'device_removed', over: object = {}) => ({
    seq,
    sub: 'lic_1',
    kind,
    ...over,
  })
  /** Activates at sequence 5, so that older entries are about the past. */
  async function activated() {
    const machine = createMachine()
    machine.authority.state.entries.push(entry(5, 'revoked'))
    await machine.manager.activate(KEY)
    return machine
  }
  const sync = async (machine: Awaited<ReturnType<typeof activated>>): Promise<LicenseStatus> => {
    // The lease answers cannot come to its help: the list alone decides.
    machine.authority.refuse('UNAVAILABLE')
    return (await machine.manager.sync()).status
  }

  test('an entry after the lease revokes it; one before does not', async () => {
    const machine = await activated()
    expect((await sync(machine)).state).toBe('valid')
    machine.authority.state.entries.push(entry(6, 'revoked'))
    expect(await sync(machine)).toMatchObject({ state: 'revoked', reason: 'revoked', ...FREE })
    machine.authority.state.online = false
    expect((await machine.restart()).status.state).toBe('revoked')
  })

  test('the latest entry decides: reinstated undoes revoked', async () => {
    const machine = await activated()
    machine.authority.state.entries.push(entry(6, 'revoked'))
    expect((await sync(machine)).state).toBe('revoked')
    machine.authority.state.entries.push(entry(7, 'reinstated'))
    expect((await sync(machine)).state).toBe('valid')
    machine.authority.state.entries.push(entry(8, 'reinstated'), entry(9, 'revoked'))
    expect((await sync(machine)).state).toBe('revoked')
  })

  test('others’ licenses and other devices are none of ours', async () => {
    const machine = await activated()
    machine.authority.state.entries.push(
      entry(6, 'revoked', { sub: 'lic_2' }),
      entry(7, 'device_removed', { device: deviceOf('machine-of-bob') }),
    )
    expect((await sync(machine)).state).toBe('valid')
    machine.authority.state.entries.push(entry(8, 'device_removed', { device: deviceOf('machine-of-ada') }))
    expect(await sync(machine)).toMatchObject({ state: 'revoked', reason: 'device_removed' })
  })

  test('a list in many pages is read to its end', async () => {
    const machine = await activated()
    machine.authority.state.pageSize = 2
    for (let seq = 6; seq < 15; seq++)
      machine.authority.state.entries.push(entry(seq, 'revoked', { sub: `lic_${seq}` }))
    machine.authority.state.entries.push(entry(15, 'revoked'))
    machine.authority.state.asked.length = 0
    expect((await sync(machine)).state).toBe('revoked')
    expect(machine.authority.state.asked.filter((name) => name === 'revocations')).toHaveLength(5)
  })

  test('a new lease outlives the entries that it knew of, and no later one', async () => {
    const machine = await activated()
    machine.authority.state.entries.push(entry(6, 'revoked'))
    expect((await sync(machine)).state).toBe('revoked')
    machine.authority.state.refusal = null
    // Signed in the same moment, but before the revocation was known.
    machine.authority.state.claims = { rev: 5 }
    expect((await machine.manager.sync()).status.state).toBe('revoked')
    machine.authority.state.claims = {}
    expect((await machine.manager.sync()).status.state).toBe('valid')
  })

  test('a rollback is told and takes nothing back', async () => {
    const machine = await activated()
    machine.authority.state.entries.push(entry(6, 'revoked'), entry(7, 'revoked', { sub: 'lic_9' }))
    expect((await sync(machine)).state).toBe('revoked')
    machine.authority.state.entries.splice(1)
    machine.pass(MINUTE)
    const { status, error } = await machine.manager.sync()
    expect(status.state).toBe('revoked')
    expect(error).toMatchObject({ code: 'LEASE_INVALID', details: { reason: 'rollback' } })
  })

  test.each([
    ['the answer to another question', { since: 3 }],
    ['a lower number than the one asked for', { sequence: 4 }],
    ['an older list, played back', { iat: Math.floor(Date.UTC(2026, 1, 1) / 1_000) }],
  ])('%s is a rollback', async (_, listClaims) => {
    const machine = await activated()
    await sync(machine)
    machine.authority.state.listClaims = listClaims
    machine.authority.refuse('UNAVAILABLE')
    const { error } = await machine.manager.sync()
    expect(error).toMatchObject({ code: 'LEASE_INVALID', details: { reason: 'rollback' } })
  })

  test.each([
    ['an entry of an unknown kind', { entries: [{ seq: 6, sub: 'lic_1', kind: 'melted', at: 1 }] }, 'claims'],
    ['no list of withdrawn keys', { withdrawn_kids: undefined }, 'claims'],
    ['another issuer', { iss: 'https://evil.test' }, 'issuer'],
    ['another audience', { aud: 'devforge-api' }, 'audience'],
  ])('a list with %s is not believed', async (_, listClaims, reason) => {
    const machine = await activated()
    machine.authority.state.listClaims = listClaims
    const { status, error } = await machine.manager.sync()
    expect(status.state).toBe('valid')
    expect(error).toMatchObject({ code: 'LEASE_INVALID', details: { reason } })
  })
})

describe('signing keys', () => {
  test('rotated: the old lease goes on, the new one is taken with the new key', async () => {
    const machine = createMachine()
    await machine.manager.activate(KEY)
    machine.authority.rotate('lease-2')
    expect((await machine.restart()).status.state).toBe('valid')
    const { status, error } = await machine.manager.sync({ force: true })
    expect([status.state, error]).toEqual(['valid', null])
    // The old key retired: what was signed with the new one stands on its own.
    machine.authority.published.shift()
    expect((await machine.restart()).status.state).toBe('valid')
  })

  test('withdrawn: the old lease is void at once, and for good; the next sync replaces it', async () => {
    const machine = createMachine()
    await machine.manager.activate(KEY)
    const copy = await machine.storage.read()
    machine.authority.rotate('lease-2', { withdrawOld: true })
    machine.authority.refuse('UNAVAILABLE')
    const { status } = await machine.manager.sync()
    expect(status).toMatchObject({ state: 'expired', reason: 'key_withdrawn', ...FREE })
    expect((await machine.restart()).status.reason).toBe('key_withdrawn')
    // A later list that has forgotten the key does not make it good again.
    machine.authority.state.withdrawnKids.length = 0
    machine.pass(MINUTE)
    expect((await machine.manager.sync()).status.reason).toBe('key_withdrawn')
    machine.authority.state.refusal = null
    expect((await machine.manager.sync()).status.state).toBe('valid')
    expect(copy).not.toBeNull()
  })

  test('whoever has a withdrawn key cannot sign a new lease with it', async () => {
    const machine = createMachine()
    await machine.manager.activate(KEY)
    const stolen = machine.authority.key
    machine.authority.rotate('lease-2', { withdrawOld: true })
    await machine.manager.sync()
    machine.authority.published.splice(0, 1, stolen)
    machine.authority.state.header = { kid: 'lease-1' }
    const { error } = await machine.manager.sync({ force: true })
    expect(error).toMatchObject({ code: 'LEASE_INVALID', details: { reason: 'unknown_key' } })
  })

  test('pinned: a server with keys of its own is not believed', async () => {
    const machine = createMachine()
    const pinned = machine.manage({ trustedKeys: [{ ...machine.authority.key.jwk, purpose: 'lease' }] })
    expect((await pinned.activate(KEY)).state).toBe('valid')
    machine.authority.rotate('evil-1')
    machine.authority.state.asked.length = 0
    const { status, error } = await pinned.sync({ force: true })
    expect(status.state).toBe('valid')
    expect(error).toMatchObject({ code: 'LEASE_INVALID', details: { reason: 'unknown_key' } })
    expect(machine.authority.state.asked).not.toContain('jwks')
  })
})
