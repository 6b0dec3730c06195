import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { failure } from '../support/errors.ts'
import { fingerprint, licensed } from '../support/licenses.ts'
import { signUp } from '../support/people.ts'

const DAY = 86_400_000

describe('licenses.validate', () => {
  let t: TestApp
  beforeAll(async () => {
    t = await createTestApp()
  })
  afterAll(() => t[Symbol.asyncDispose]())

  test('a good key is valid, with what it entitles to', async () => {
    const { key, licenseId } = await licensed(t)
    const answer = await t.forge().licenses.validate({ key })
    expect(answer).toMatchObject({
      valid: true,
      code: 'VALID',
      remedy: null,
      license: { id: licenseId, plan: 'pro', status: 'active', maxDevices: 3 },
    })
    expect(answer.entitlements).toContain('remote-models')
    expect(answer.license?.updatesUntil).toBeInstanceOf(Date)
  })

  test('keys are taken as people type them', async () => {
    const { key } = await licensed(t)
    const sloppy = ` ${key.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l')} `
    expect((await t.forge().licenses.validate({ key: sloppy })).code).toBe('VALID')
  })

  test('a well-formed key that nobody has is NOT_FOUND, nonsense is MALFORMED_KEY; neither throws', async () => {
    const { key, owner } = await licensed(t)
    await owner.forge.licenses.reissueKey({
      licenseId: (await owner.forge.licenses.list()).items[0]?.id ?? '',
    })
    expect(await t.forge().licenses.validate({ key })).toMatchObject({
      valid: false,
      code: 'NOT_FOUND',
      license: null,
      remedy: 'check_key',
      entitlements: ['local-models'],
    })
    for (const bad of ['', 'x', 'DF-', "'; drop table licenses; --", 'DF-AAAAA-AAAAA-AAAAA-AAAAA-AAAAA']) {
      // Past the SDK's own check: the server must judge alike.
      expect(await t.forge().call('licenses.validate', 'query', { key: bad })).toMatchObject({
        valid: false,
        code: 'MALFORMED_KEY',
      })
    }
  })

  test('many different keys asked for at once are each answered their own', async () => {
    const admin = await signUp(t, { role: 'admin' })
    const owner = await signUp(t)
    const all = await Promise.all(Array.from({ length: 12 }, () => licensed(t, { admin, owner })))
    const forge = t.forge()
    const answers = await Promise.all(
      all.flatMap(({ key }) => [key, key, key]).map((key) => forge.licenses.validate({ key })),
    )
    expect(answers.map((answer) => answer.license?.id)).toEqual(
      all.flatMap(({ licenseId }) => [licenseId, licenseId, licenseId]),
    )
  })

  test('each thing that can be wrong has a code and a remedy', async () => {
    const { key, admin, licenseId } = await licensed(t)
    const forge = t.forge()
    const [first, second] = [fingerprint(), fingerprint()]
    const code = async (
      input: { fingerprint?: string; entitlement?: string; appVersion?: string; product?: string } = {},
    ) => {
      const { code, remedy, valid } = await forge.licenses.validate({ key, ...input })
      return [code, remedy, valid]
    }
    expect(await code({ fingerprint: first })).toEqual(['NO_DEVICE', 'activate', false])
    await forge.licenses.activate({ key, fingerprint: first })
    expect(await code({ fingerprint: first })).toEqual(['VALID', null, true])
    expect(await code({ fingerprint: second })).toEqual(['DEVICE_MISMATCH', 'activate', false])
    for (let n = 0; n < 2; n++) await forge.licenses.activate({ key, fingerprint: fingerprint() })
    expect(await code({ fingerprint: second })).toEqual(['DEVICE_MISMATCH', 'free_device', false])
    expect(await code({ entitlement: 'remote-models' })).toEqual(['VALID', null, true])
    expect(await code({ entitlement: 'sso' })).toEqual(['ENTITLEMENT_MISSING', 'upgrade', false])
    expect(await code({ product: 'extension:acme.tool' })).toEqual(['PRODUCT_MISMATCH', 'buy', false])
    await admin.forge.licenses.suspend({ licenseId, reason: 'looked odd' })
    expect(await code()).toEqual(['SUSPENDED', 'contact_support', false])
    await admin.forge.licenses.reinstate({ licenseId, reason: 'was fine' })
    expect(await code()).toEqual(['VALID', null, true])
    await admin.forge.licenses.revoke({ licenseId, reason: 'refunded' })
    expect(await code()).toEqual(['REVOKED', 'buy', false])
  })

  test('versions released inside the window of updates work for ever, later ones do not', async () => {
    const { key, admin } = await licensed(t)
    const now = t.clock.now().getTime()
    await admin.forge.licenses.addRelease({ version: '9.0.0', releasedAt: new Date(now + 300 * DAY) })
    await admin.forge.licenses.addRelease({ version: '10.0.0', releasedAt: new Date(now + 800 * DAY) })
    t.clock.advance(1_000 * DAY)
    const code = async (appVersion: string) => (await t.forge().licenses.validate({ key, appVersion })).code
    expect(await code('9.0.0')).toBe('VALID')
    expect(await code('10.0.0')).toBe('VERSION_NOT_COVERED')
    // Nobody registered it, so it is as new as can be.
    expect(await code('11.0.0-nightly')).toBe('VERSION_NOT_COVERED')
    t.clock.advance(-1_000 * DAY)
  })

  test('a dated license ends by the clock, without waiting for a job', async () => {
    const { key } = await licensed(t, { expiresAt: new Date(t.clock.now().getTime() + DAY) })
    t.clock.advance(DAY - 60_000)
    expect((await t.forge().licenses.validate({ key })).code).toBe('VALID')
    t.clock.advance(61_000)
    expect(await t.forge().licenses.validate({ key })).toMatchObject({
      valid: false,
      code: 'EXPIRED',
      remedy: 'renew',
      entitlements: ['local-models'],
    })
    t.clock.advance(-DAY - 1_000)
  })

  test('input of the wrong shape is refused', async () => {
    const call = (input: unknown) => t.forge().call('licenses.validate', 'query', input as { key: string })
    expect(await failure(call({ key: 1 }))).toBe('INVALID_INPUT')
    expect(await failure(call({ key: 'x', admin: true }))).toBe('INVALID_INPUT')
    expect(await failure(call({ key: 'x'.repeat(201) }))).toBe('INVALID_INPUT')
    expect(await failure(call({ key: 'x', fingerprint: '\u0000'.repeat(600) }))).toBe('INVALID_INPUT')
  })
})
