import { systemContext } from '@devforge/server/context'
import {
  restoreFromRefund,
  revokeLicense,
  suspendLicense,
} from '@devforge/server/modules/licenses/service/decide'
import { followSubscription } from '@devforge/server/modules/licenses/service/follow'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { failure } from '../support/errors.ts'
import { fingerprint, licensed } from '../support/licenses.ts'
import { buy } from '../support/payments.ts'
import { signUp } from '../support/people.ts'

const DAY = 86_400_000

describe('found by review', () => {
  let t: TestApp
  beforeAll(async () => {
    t = await createTestApp()
  })
  afterAll(() => t[Symbol.asyncDispose]())

  const entriesOf = async (licenseId: string) => {
    const rows = await t.deps
      .sql`select kind from license_revocations where license_id = ${licenseId} order by sequence`
    return rows.map((row) => row.kind)
  }

  test('a new owner reads nothing of the former one: not their devices, not their name, not their history', async () => {
    const { owner, admin, licenseId, key } = await licensed(t)
    await t.forge().licenses.activate({ key, fingerprint: fingerprint('ada-1'), deviceName: 'Laptop of Ada' })
    await t.forge().licenses.deactivate({ key, fingerprint: fingerprint('ada-1') })
    await admin.forge.licenses.suspend({ licenseId, reason: 'a private matter' })
    await admin.forge.licenses.reinstate({ licenseId, reason: 'settled' })
    const bob = await signUp(t)
    await owner.forge.licenses.transfer({ licenseId, toEmail: bob.email })
    const { items } = await bob.forge.licenses.events({ licenseId })
    expect(items.map((event) => event.type)).toEqual(['license.transferred'])
    expect(JSON.stringify(items)).not.toContain(owner.id)
    const exported = JSON.stringify(await bob.forge.users.exportData())
    expect(exported).toContain(licenseId)
    for (const hers of [owner.id, 'a private matter']) expect(exported).not.toContain(hers)
    const [row] = await t.deps
      .sql`select count(*)::int as n from license_events where before::text || after::text ~ 'Laptop'`
    expect(row?.n).toBe(0)
  })

  test('seats given back free the devices not seen for longest, and their leases end', async () => {
    const { licenseId, key } = await licensed(t, { plan: 'enterprise', seats: 2 })
    const machines = Array.from({ length: 6 }, (_, n) => fingerprint(`seat-${n}`))
    for (const machine of machines) {
      await t.forge().licenses.activate({ key, fingerprint: machine })
      t.clock.advance(1_000)
    }
    const ctx = systemContext(t.deps, { type: 'system', job: 'test' })
    await followSubscription(ctx, {
      licenseId,
      status: 'active',
      expiresAt: new Date(t.clock.now().getTime() + 30 * DAY),
      seats: 1,
      reason: 'fewer seats',
    })
    const renewed = await Promise.allSettled(
      machines.map((machine) => t.forge().licenses.lease({ key, fingerprint: machine })),
    )
    expect(renewed.map((outcome) => outcome.status)).toEqual([
      'rejected',
      'rejected',
      'rejected',
      'fulfilled',
      'fulfilled',
      'fulfilled',
    ])
    expect((await t.forge().licenses.validate({ key })).code).toBe('VALID')
    expect(await entriesOf(licenseId)).toEqual(['device_removed', 'device_removed', 'device_removed'])
  })

  test('a lease signed for a month that was never paid is taken back when the grace ends', async () => {
    const person = await signUp(t)
    const { licenseId } = await buy(t, person, { plan: 'pro-monthly' })
    const ctx = systemContext(t.deps, { type: 'system', job: 'test' })
    const expiresAt = new Date(t.clock.now().getTime() + 30 * DAY)
    await followSubscription(ctx, { licenseId, status: 'past_due', expiresAt, reason: 'renewal failed' })
    t.clock.advance(8 * DAY)
    await t.deps.jobs.enqueue(t.deps.db, 'licenses.expire', {})
    expect(await t.drain()).toEqual([])
    expect(await entriesOf(licenseId)).toEqual(['revoked'])
    await followSubscription(ctx, { licenseId, status: 'active', expiresAt, reason: 'paid after all' })
    expect(await entriesOf(licenseId)).toEqual(['revoked', 'reinstated'])
    t.clock.advance(-8 * DAY)
  })

  test('a trial asked for again by the same person on the same machine is the same trial, with a key that works', async () => {
    const person = await signUp(t)
    const machine = fingerprint()
    const first = await person.forge.licenses.startTrial({ fingerprint: machine })
    const again = await person.forge.licenses.startTrial({ fingerprint: machine })
    expect([again.license.id, again.device.id]).toEqual([first.license.id, first.device.id])
    expect(again.license.expiresAt).toEqual(first.license.expiresAt)
    expect((await t.forge().licenses.validate({ key: again.key, fingerprint: machine })).code).toBe('VALID')
    expect(await failure(person.forge.licenses.startTrial({ fingerprint: fingerprint() }))).toBe(
      'TRIAL_ALREADY_USED',
    )
  })

  test('a machine that had its trial does not get another through a second account', async () => {
    const [ada, eve] = [await signUp(t), await signUp(t)]
    const machine = fingerprint()
    await ada.forge.licenses.startTrial({ fingerprint: machine })
    const { key } = await eve.forge.licenses.startTrial({ fingerprint: fingerprint('invented') })
    expect(await failure(t.forge().licenses.activate({ key, fingerprint: machine }))).toBe(
      'TRIAL_ALREADY_USED',
    )
  })

  test('a refund that fails gives back what it took, not a suspension that stood before it', async () => {
    const { admin, licenseId, owner } = await licensed(t)
    const ctx = systemContext(t.deps, { type: 'system', job: 'test' })
    await admin.forge.licenses.suspend({ licenseId, reason: 'fraud' })
    await revokeLicense(ctx, { licenseId, reason: 'refunded', cause: 'ref_1' })
    await restoreFromRefund(ctx, { licenseId, reason: 'refund failed', cause: 'ref_1' })
    expect(await owner.forge.licenses.get({ id: licenseId })).toMatchObject({
      status: 'suspended',
      suspendedReason: 'fraud',
    })
    await admin.forge.licenses.reinstate({ licenseId, reason: 'fine' })
    expect((await owner.forge.licenses.get({ id: licenseId })).status).toBe('active')
    // An admin's revocation on top of a refund's outlives the refund's failure.
    await revokeLicense(ctx, { licenseId, reason: 'refunded', cause: 'ref_2' })
    await admin.forge.licenses.revoke({ licenseId, reason: 'abuse' })
    await restoreFromRefund(ctx, { licenseId, reason: 'refund failed', cause: 'ref_2' })
    expect((await owner.forge.licenses.get({ id: licenseId })).revokedReason).toBe('abuse')
  })

  test('an admin’s suspension on top of a dispute’s keeps the admin’s reason', async () => {
    const { admin, licenseId, owner } = await licensed(t)
    const ctx = systemContext(t.deps, { type: 'system', job: 'test' })
    await suspendLicense(ctx, { licenseId, reason: 'dispute', cause: 'dsp_1' })
    await admin.forge.licenses.suspend({ licenseId, reason: 'abuse' })
    expect((await owner.forge.licenses.get({ id: licenseId })).suspendedReason).toBe('abuse')
    await suspendLicense(ctx, { licenseId, reason: 'dispute', cause: 'dsp_2' })
    expect((await owner.forge.licenses.get({ id: licenseId })).suspendedReason).toBe('abuse')
  })

  test('an impersonating admin gets no key', async () => {
    const { owner, admin, licenseId } = await licensed(t)
    const { accessToken } = await admin.forge.admin.impersonate({ userId: owner.id, reason: 'helping' })
    const response = await t.fetch('http://devforge.test/trpc/licenses.reissueKey', {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${accessToken}` },
      body: JSON.stringify({ json: { licenseId } }),
    })
    expect(response.status).toBe(403)
  })
})
