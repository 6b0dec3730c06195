import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { failure } from '../support/errors.ts'
import { licensed } from '../support/licenses.ts'
import { signUp } from '../support/people.ts'

const DAY = 86_400_000

describe('admins and licenses', () => {
  let t: TestApp
  beforeAll(async () => {
    t = await createTestApp()
  })
  afterAll(() => t[Symbol.asyncDispose]())

  test('issuing mails the key to the owner, who need not have an account; the key is shown once', async () => {
    const admin = await signUp(t, { role: 'admin' })
    const { license, key } = await admin.forge.licenses.issue({
      email: 'Press@Example.com',
      plan: 'pro',
      reason: 'press',
    })
    expect(await t.drain()).toEqual([])
    const mails = await t.mails('press@example.com')
    expect(mails.map((mail) => mail.text.includes(key))).toEqual([true])
    expect(JSON.stringify(await admin.forge.licenses.search({ query: 'press@' }))).not.toContain(key)
    expect((await admin.forge.licenses.search({ query: license.keyHint })).items[0]?.owner.email).toBe(
      'press@example.com',
    )
    expect(
      await failure(admin.forge.licenses.issue({ email: 'a@example.com', plan: 'free', reason: 'x' })),
    ).toBe('PLAN_NOT_FOUND')
  })

  test('customers and agents may not', async () => {
    const { licenseId } = await licensed(t)
    for (const role of [undefined, 'agent'] as const) {
      const { forge, id } = await signUp(t, role ? { role } : {})
      expect(await failure(forge.licenses.issue({ userId: id, plan: 'pro', reason: 'free beer' }))).toBe(
        'FORBIDDEN',
      )
      expect(await failure(forge.licenses.revoke({ licenseId, reason: 'x' }))).toBe('FORBIDDEN')
      expect(await failure(forge.licenses.search())).toBe('FORBIDDEN')
    }
  })

  test('revoked is final', async () => {
    const { admin, licenseId } = await licensed(t)
    expect((await admin.forge.licenses.revoke({ licenseId, reason: 'refund' })).revokedReason).toBe('refund')
    const { licenses } = admin.forge
    expect(await failure(licenses.reinstate({ licenseId, reason: 'x' }))).toBe('LICENSE_REVOKED_IS_FINAL')
    expect(await failure(licenses.suspend({ licenseId, reason: 'x' }))).toBe('LICENSE_REVOKED_IS_FINAL')
    expect(await failure(licenses.renew({ licenseId, months: 1, reason: 'x' }))).toBe(
      'LICENSE_REVOKED_IS_FINAL',
    )
    expect((await admin.forge.licenses.revoke({ licenseId, reason: 'another' })).revokedReason).toBe('refund')
  })

  test('renewing runs from the present end, or from now when that has passed', async () => {
    const { admin, licenseId, owner } = await licensed(t)
    const before = (await owner.forge.licenses.get({ id: licenseId })).updatesUntil?.getTime() ?? 0
    const after =
      (
        await admin.forge.licenses.renew({ licenseId, months: 12, reason: 'loyal' })
      ).updatesUntil?.getTime() ?? 0
    expect(Math.round((after - before) / DAY)).toBeGreaterThanOrEqual(365)
    const dated = await licensed(t, { admin, expiresAt: new Date(t.clock.now().getTime() + DAY) })
    t.clock.advance(10 * DAY)
    const fresh = await signUp(t, { role: 'admin' })
    await t.deps.jobs.enqueue(t.deps.db, 'licenses.expire', {})
    expect(await t.drain()).toEqual([])
    const renewed = await fresh.forge.licenses.renew({
      licenseId: dated.licenseId,
      months: 1,
      reason: 'late',
    })
    expect(renewed.status).toBe('active')
    expect(renewed.expiresAt?.getTime()).toBeGreaterThan(t.clock.now().getTime() + 27 * DAY)
    t.clock.advance(-10 * DAY)
  })

  test('owners are reminded 30, 7 and 1 days before the end, once each, and a missed run is caught up', async () => {
    const { owner } = await licensed(t, { expiresAt: new Date(t.clock.now().getTime() + 40 * DAY) })
    const subjects: string[] = []
    for (const day of [5, 11, 12, 20, 33.5, 33.6, 39.2, 39.5, 41]) {
      t.clock.advance(day * DAY)
      await t.deps.jobs.enqueue(t.deps.db, 'licenses.remind', {})
      expect(await t.drain()).toEqual([])
      t.clock.advance(-day * DAY)
      subjects.push(
        String((await t.mails(owner.email)).filter((mail) => mail.subject.includes('ends in')).length),
      )
    }
    expect(subjects).toEqual(['0', '1', '1', '1', '2', '2', '3', '3', '3'])
  })

  test('the history cannot be rewritten, not even by the server', async () => {
    const { licenseId } = await licensed(t)
    await expect(
      t.deps.sql`update license_events set reason = 'nothing' where license_id = ${licenseId}`,
    ).rejects.toThrow(/append-only/)
    await expect(t.deps.sql`delete from license_events where license_id = ${licenseId}`).rejects.toThrow(
      /append-only/,
    )
  })
})
