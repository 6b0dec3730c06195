import { createHash } from 'node:crypto'
import { createLocalJWKSet, decodeJwt, type JSONWebKeySet, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestApp, TEST_URL, type TestApp } from '../support/app.ts'
import { failure } from '../support/errors.ts'
import { fingerprint, licensed } from '../support/licenses.ts'

const DAY = 86_400_000

describe('licenses.lease and revocations', () => {
  let t: TestApp
  beforeAll(async () => {
    t = await createTestApp()
  })
  afterAll(() => t[Symbol.asyncDispose]())

  const jwks = async (): Promise<JSONWebKeySet> =>
    (await (await t.fetch(`${TEST_URL}/.well-known/jwks.json`)).json()) as JSONWebKeySet
  const verify = async (token: string, typ: string) =>
    jwtVerify(token, createLocalJWKSet(await jwks()), {
      typ,
      algorithms: ['EdDSA'],
      issuer: TEST_URL,
      audience: 'devforge-editor',
      currentDate: t.clock.now(),
    })
  const entriesSince = async (since: number) => {
    const { list, sequence } = await t.forge().licenses.revocations({ since })
    const { payload } = await verify(list, 'devforge-revocations+jwt')
    return {
      sequence,
      entries: payload.entries as { seq: number; sub: string; kind: string; device?: string }[],
    }
  }

  test('a lease verifies with the published keys and says what the editor needs', async () => {
    const { key, licenseId } = await licensed(t)
    const machine = fingerprint()
    const { lease, leaseExpiresAt } = await t.forge().licenses.activate({ key, fingerprint: machine })
    const { payload, protectedHeader } = await verify(lease, 'devforge-lease+jwt')
    expect(protectedHeader).toMatchObject({
      alg: 'EdDSA',
      typ: 'devforge-lease+jwt',
      kid: expect.stringMatching(/^lease-/),
    })
    expect(payload).toMatchObject({
      sub: licenseId,
      plan: 'pro',
      status: 'active',
      grace_days: 7,
      device: createHash('sha256').update(machine).digest('hex'),
    })
    expect(payload.entitlements).toContain('parallel-execution')
    expect(Math.round((leaseExpiresAt.getTime() - t.clock.now().getTime()) / DAY)).toBe(30)
    // No person in it: it lies on disks and travels through logs.
    expect(JSON.stringify(payload)).not.toMatch(/@|Ada/)
  })

  test('a lease never outlives a dated license', async () => {
    const expiresAt = new Date(t.clock.now().getTime() + 3 * DAY)
    const { key } = await licensed(t, { expiresAt })
    const { lease, leaseExpiresAt } = await t.forge().licenses.activate({ key, fingerprint: fingerprint() })
    expect(leaseExpiresAt).toEqual(expiresAt)
    expect(decodeJwt(lease).grace_days).toBe(0)
  })

  test('only an active device gets one', async () => {
    const { key, admin, licenseId } = await licensed(t)
    const machine = fingerprint()
    expect(await failure(t.forge().licenses.lease({ key, fingerprint: machine }))).toBe('DEVICE_NOT_FOUND')
    await t.forge().licenses.activate({ key, fingerprint: machine })
    expect((await t.forge().licenses.lease({ key, fingerprint: machine })).expiresAt).toBeInstanceOf(Date)
    await admin.forge.licenses.suspend({ licenseId, reason: 'odd' })
    expect(await failure(t.forge().licenses.lease({ key, fingerprint: machine }))).toBe('LICENSE_NOT_ACTIVE')
  })

  test('revoking, reinstating and freeing a device each append one delta, in order without gaps', async () => {
    const { sequence: start } = await entriesSince(0)
    const { key, admin, licenseId } = await licensed(t)
    const machine = fingerprint()
    await t.forge().licenses.activate({ key, fingerprint: machine })
    await admin.forge.licenses.suspend({ licenseId, reason: 'odd' })
    await admin.forge.licenses.reinstate({ licenseId, reason: 'fine' })
    await t.forge().licenses.deactivate({ key, fingerprint: machine })
    await admin.forge.licenses.revoke({ licenseId, reason: 'refund' })
    await admin.forge.licenses.revoke({ licenseId, reason: 'again' })
    const { entries, sequence } = await entriesSince(start)
    expect(entries.map((entry) => entry.kind)).toEqual(['revoked', 'reinstated', 'device_removed', 'revoked'])
    expect(entries.map((entry) => entry.seq)).toEqual([1, 2, 3, 4].map((n) => start + n))
    expect(sequence).toBe(start + 4)
    expect((await entriesSince(sequence)).entries).toEqual([])
  })

  test('a lease knows the sequence of its own moment: what came before does not void it', async () => {
    const { key, admin, licenseId } = await licensed(t)
    const machine = fingerprint()
    await t.forge().licenses.activate({ key, fingerprint: machine })
    await admin.forge.licenses.suspend({ licenseId, reason: 'odd' })
    await admin.forge.licenses.reinstate({ licenseId, reason: 'fine' })
    const { sequence } = await entriesSince(0)
    const { lease } = await t.forge().licenses.lease({ key, fingerprint: machine })
    expect(decodeJwt(lease).rev).toBe(sequence)
  })

  test('40 revocations at once: every reader that has seen n has seen all up to n', async () => {
    const { admin, owner } = await licensed(t)
    const all = await Promise.all(Array.from({ length: 40 }, () => licensed(t, { admin, owner })))
    const { sequence: start } = await entriesSince(0)
    const revoking = Promise.all(
      all.map(({ licenseId }) => admin.forge.licenses.revoke({ licenseId, reason: 'all' })),
    )
    const seen: number[] = []
    let since = start
    while (seen.length < 40) {
      const { entries, sequence } = await entriesSince(since)
      seen.push(...entries.map((entry) => entry.seq))
      since = sequence
    }
    await revoking
    expect(seen).toEqual(Array.from({ length: 40 }, (_, index) => start + 1 + index))
  })
})
