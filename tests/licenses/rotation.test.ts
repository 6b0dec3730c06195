import { LicenseManager, memoryLicenseStorage } from '@devforge/sdk/offline'
import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose'
import { expect, test } from 'vitest'
import { createTestApp, TEST_URL, type TestApp } from '../support/app.ts'
import { fingerprint, licensed } from '../support/licenses.ts'

const DAY = 86_400_000

/** What any verifier sees: the published keys, and nothing else. */
async function verifies(t: TestApp, token: string): Promise<boolean> {
  const keys = (await (await t.fetch(`${TEST_URL}/.well-known/jwks.json`)).json()) as JSONWebKeySet
  return jwtVerify(token, createLocalJWKSet(keys), {
    algorithms: ['EdDSA'],
    currentDate: t.clock.now(),
  }).then(
    () => true,
    () => false,
  )
}

async function editorWith(t: TestApp, key: string): Promise<LicenseManager> {
  const editor = new LicenseManager({
    forge: t.forge(),
    storage: memoryLicenseStorage(),
    fingerprint: fingerprint(),
    now: () => t.clock.now().getTime(),
  })
  await editor.load()
  expect((await editor.activate(key)).state).toBe('valid')
  return editor
}

test('a planned rotation: old leases verify during the overlap, new ones are signed with the new key', async () => {
  await using t = await createTestApp()
  const { key, admin } = await licensed(t)
  const machine = fingerprint()
  const { lease: old } = await t.forge().licenses.activate({ key, fingerprint: machine })
  const editor = await editorWith(t, key)
  const { kid, previousKid } = await admin.forge.admin.rotateSigningKey({
    purpose: 'lease',
    reason: 'yearly',
  })
  expect(decodeProtectedHeader(old).kid).toBe(previousKid)
  expect(await verifies(t, old)).toBe(true)
  const { lease: fresh } = await t.forge().licenses.lease({ key, fingerprint: machine })
  expect(decodeProtectedHeader(fresh).kid).toBe(kid)
  expect(await verifies(t, fresh)).toBe(true)
  // The editor notices nothing: neither from its stored lease, nor after a sync.
  expect((await editor.load()).state).toBe('valid')
  expect((await editor.sync({ force: true })).status.state).toBe('valid')
  // The overlap is longer than any lease lives, and then the old key is gone.
  t.clock.advance(29 * DAY)
  expect(await verifies(t, old)).toBe(true)
  t.clock.advance(17 * DAY)
  t.deps.signer.reload()
  expect(await verifies(t, old)).toBe(false)
})

test('a withdrawn key: what it signed is void at once, and the next sync repairs honest editors', async () => {
  await using t = await createTestApp()
  const { key, admin } = await licensed(t)
  const { lease: old } = await t.forge().licenses.activate({ key, fingerprint: fingerprint() })
  const editor = await editorWith(t, key)
  // Two rotations: the thief of a key may well have had the one before.
  await admin.forge.admin.rotateSigningKey({ purpose: 'lease', reason: 'yearly' })
  await admin.forge.admin.rotateSigningKey({ purpose: 'lease', withdrawOld: true, reason: 'stolen laptop' })
  expect(await verifies(t, old)).toBe(false)
  const { list } = await t.forge().licenses.revocations()
  expect(await verifies(t, list)).toBe(true)
  const { status, error } = await editor.sync()
  expect([status.state, error]).toEqual(['valid', null])
  // The same editor without a server: it has learnt that the key is void, so a forged lease of it is worth nothing.
  const rows = await t.deps.sql`select status from signing_keys where purpose = 'lease' order by created_at`
  expect(rows.map((row) => row.status)).toEqual(['withdrawn', 'withdrawn', 'active'])
})

test('rotating at the same moment leaves one active key', async () => {
  await using t = await createTestApp()
  const { admin } = await licensed(t)
  const outcomes = await Promise.allSettled(
    Array.from({ length: 6 }, () =>
      admin.forge.admin.rotateSigningKey({ purpose: 'access', reason: 'drill' }),
    ),
  )
  expect(outcomes.filter((outcome) => outcome.status === 'fulfilled').length).toBeGreaterThan(0)
  const [row] = await t.deps
    .sql`select count(*)::int as n from signing_keys where purpose = 'access' and status = 'active'`
  expect(row?.n).toBe(1)
  // Access tokens signed before the rotation are still good.
  await admin.forge.users.me()
})
