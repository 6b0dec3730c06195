import { isDevForgeError } from '@devforge/sdk'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { failure } from '../support/errors.ts'
import { fingerprint, licensed } from '../support/licenses.ts'
import { signUp } from '../support/people.ts'

describe('licenses.activate and deactivate', () => {
  let t: TestApp
  beforeAll(async () => {
    t = await createTestApp({ env: { DATABASE_POOL_MAX: '60' } })
  })
  afterAll(() => t[Symbol.asyncDispose]())

  test('N slots and N + 50 activations at once over real connections give exactly N', async () => {
    const { key, licenseId, owner } = await licensed(t)
    const forge = t.forge({ retries: 0 })
    const outcomes = await Promise.allSettled(
      Array.from({ length: 53 }, () => forge.licenses.activate({ key, fingerprint: fingerprint() })),
    )
    const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []))
    expect(outcomes.length - refused.length).toBe(3)
    for (const error of refused) expect(isDevForgeError(error, 'LICENSE_DEVICE_LIMIT')).toBe(true)
    expect((await owner.forge.licenses.devices({ licenseId })).items).toHaveLength(3)
    const [row] = await t.deps
      .sql`select count(*)::int as n from license_devices where license_id = ${licenseId}`
    expect(row?.n).toBe(3)
  })

  test('one machine asking 20 times at once is one device', async () => {
    const { key, licenseId, owner } = await licensed(t)
    const machine = fingerprint()
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => t.forge().licenses.activate({ key, fingerprint: machine })),
    )
    expect(new Set(answers.map((answer) => answer.device.id)).size).toBe(1)
    expect((await owner.forge.licenses.devices({ licenseId })).items).toHaveLength(1)
  })

  test('at the limit the error carries the devices, and freeing one makes room', async () => {
    const { key } = await licensed(t)
    const forge = t.forge()
    const machines = [fingerprint(), fingerprint(), fingerprint()]
    for (const [index, machine] of machines.entries()) {
      await forge.licenses.activate({
        key,
        fingerprint: machine,
        deviceName: `Laptop ${index}`,
        platform: 'linux-x64',
      })
    }
    const error = await forge.licenses
      .activate({ key, fingerprint: fingerprint() })
      .catch((reason: unknown) => reason)
    if (!isDevForgeError(error, 'LICENSE_DEVICE_LIMIT')) throw error
    expect(error.details?.limit).toBe(3)
    expect(error.details?.devices.map((device) => device.name).sort()).toEqual([
      'Laptop 0',
      'Laptop 1',
      'Laptop 2',
    ])
    expect(error.details?.devices[0]?.lastSeenAt).toBeInstanceOf(Date)
    await forge.licenses.deactivate({ key, fingerprint: machines[0] ?? '' })
    expect((await forge.licenses.activate({ key, fingerprint: fingerprint() })).license.devicesInUse).toBe(3)
  })

  test('freeing twice is no error; owners free by id; others cannot', async () => {
    const { key, owner } = await licensed(t)
    const machine = fingerprint()
    const { device } = await t.forge().licenses.activate({ key, fingerprint: machine })
    const stranger = await signUp(t)
    expect(await failure(stranger.forge.licenses.deactivate({ deviceId: device.id }))).toBe(
      'DEVICE_NOT_FOUND',
    )
    expect(await failure(t.forge().licenses.deactivate({ deviceId: device.id }))).toBe('AUTH_REQUIRED')
    expect(await owner.forge.licenses.deactivate({ deviceId: device.id })).toEqual({ deactivated: true })
    expect(await failure(owner.forge.licenses.deactivate({ deviceId: device.id }))).toBe('DEVICE_NOT_FOUND')
    expect(await t.forge().licenses.deactivate({ key, fingerprint: machine })).toEqual({ deactivated: false })
  })

  test('a license that is not active activates nothing and says why', async () => {
    const { key, admin, licenseId } = await licensed(t)
    await admin.forge.licenses.revoke({ licenseId, reason: 'refunded' })
    const error = await t
      .forge()
      .licenses.activate({ key, fingerprint: fingerprint() })
      .catch((reason: unknown) => reason)
    if (!isDevForgeError(error, 'LICENSE_NOT_ACTIVE')) throw error
    expect(error.details).toEqual({ status: 'revoked', remedy: 'buy' })
  })

  test('seats multiply devices', async () => {
    const { key } = await licensed(t, { plan: 'enterprise', seats: 4 })
    expect((await t.forge().licenses.activate({ key, fingerprint: fingerprint() })).license).toMatchObject({
      seats: 4,
      maxDevices: 12,
    })
  })

  test('the fingerprint itself is not kept', async () => {
    const { key } = await licensed(t)
    const machine = fingerprint('very-recognizable-serial-number')
    await t.forge().licenses.activate({ key, fingerprint: machine })
    const rows = await t.deps
      .sql`select d::text as text from license_devices d union all select e::text from license_events e`
    expect(rows.some((row) => String(row.text).includes('very-recognizable'))).toBe(false)
  })
})
