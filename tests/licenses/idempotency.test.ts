import { moveKeys } from '@devforge/server/idempotency'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { failure } from '../support/errors.ts'
import { licensed } from '../support/licenses.ts'
import { signUp } from '../support/people.ts'

const DAY = 86_400_000

let t: TestApp
beforeAll(async () => {
  t = await createTestApp()
})
afterAll(() => t[Symbol.asyncDispose]())

const gift = (email: string) => ({ email, plan: 'pro', reason: 'press', idempotencyKey: 'click-1' })

describe('issuing with an idempotency key', () => {
  test('a double click issues once, mails once, and both answers hold the license and its key', async () => {
    const admin = await signUp(t, { role: 'admin' })
    const input = gift('twice@example.com')
    const answers = await Promise.all(Array.from({ length: 8 }, () => admin.forge.licenses.issue(input)))
    answers.push(await admin.forge.licenses.issue(input))
    expect(new Set(answers.map(({ license }) => license.id)).size).toBe(1)
    expect(new Set(answers.map(({ key }) => key)).size).toBe(1)
    expect((await t.forge().licenses.validate({ key: answers[0]?.key ?? '' })).valid).toBe(true)
    expect(await t.drain()).toEqual([])
    expect(await t.mails('twice@example.com')).toHaveLength(1)
    expect((await admin.forge.licenses.search({ query: 'twice@example.com' })).items).toHaveLength(1)
    const kept = await t.deps.sql`select row_to_json(k)::text as row from idempotency_keys k`
    expect(JSON.stringify(kept)).not.toContain(answers[0]?.key)
  })

  test('the same key for something else is refused; without a key, or by another admin, it is another gift', async () => {
    const admin = await signUp(t, { role: 'admin' })
    const input = gift('thrice@example.com')
    await admin.forge.licenses.issue(input)
    for (const other of [
      { reason: 'another' },
      { seats: 2 },
      { plan: 'team' },
      { email: 'else@example.com' },
      { expiresAt: new Date(t.clock.now().getTime() + DAY) },
    ])
      expect(await failure(admin.forge.licenses.issue({ ...input, ...other }))).toBe('IDEMPOTENCY_CONFLICT')
    const { idempotencyKey: _, ...plain } = input
    await admin.forge.licenses.issue(plain)
    await admin.forge.licenses.issue(plain)
    await (await signUp(t, { role: 'admin' })).forge.licenses.issue(input)
    expect((await admin.forge.licenses.search({ query: 'thrice@example.com' })).items).toHaveLength(4)
  })

  test('a call that failed has not used its key up', async () => {
    const admin = await signUp(t, { role: 'admin' })
    const input = gift('failed@example.com')
    expect(await failure(admin.forge.licenses.issue({ ...input, plan: 'none' }))).toBe('PLAN_NOT_FOUND')
    expect((await admin.forge.licenses.issue(input)).license.plan).toBe('pro')
  })

  test('a day later the key is forgotten, and what was sealed with it is gone', async () => {
    const admin = await signUp(t, { role: 'admin' })
    const input = gift('later@example.com')
    const { license } = await admin.forge.licenses.issue(input)
    const known = () => t.deps.sql`select key from idempotency_keys where subject = ${license.id}`
    const sweep = async () => {
      await t.deps.jobs.enqueue(t.deps.db, 'maintenance.sweep', {})
      expect(await t.drain()).toEqual([])
    }
    t.clock.advance(DAY - 60_000)
    await sweep()
    expect(await known()).toHaveLength(1)
    t.clock.advance(120_000)
    await sweep()
    expect(await known()).toEqual([])
    t.clock.advance(-DAY - 60_000)
  })

  test('two accounts that become one keep their keys; what both used stays with the one that remains', async () => {
    const [from, to] = [await signUp(t, { role: 'admin' }), await signUp(t, { role: 'admin' })]
    const both = gift('both@example.com')
    await from.forge.licenses.issue(both)
    const kept = await to.forge.licenses.issue(both)
    const own = { ...both, idempotencyKey: 'click-2' }
    const moved = await from.forge.licenses.issue(own)
    await t.deps.db.transaction((db) => moveKeys(db, { from: from.id, to: to.id }))
    expect((await to.forge.licenses.issue(both)).key).toBe(kept.key)
    expect((await to.forge.licenses.issue(own)).key).toBe(moved.key)
    expect(await t.deps.sql`select key from idempotency_keys where user_id = ${from.id}`).toEqual([])
  })

  test('an account that is deleted leaves none of its keys', async () => {
    await using own = await createTestApp()
    await signUp(own, { role: 'admin' })
    const leaving = await signUp(own, { role: 'admin' })
    await leaving.forge.licenses.issue(gift('left@example.com'))
    await leaving.forge.users.deleteAccount({ password: leaving.password })
    expect(await own.deps.sql`select key from idempotency_keys`).toEqual([])
  })
})

describe('renewing with an idempotency key', () => {
  test('a double click renews once; the same key for another time or license is refused', async () => {
    const { admin, licenseId } = await licensed(t)
    const until = async () => (await admin.forge.licenses.search({ query: licenseId })).items[0]?.updatesUntil
    const input = { licenseId, months: 12, reason: 'loyal', idempotencyKey: 'renew-1' }
    const answers = await Promise.all(Array.from({ length: 6 }, () => admin.forge.licenses.renew(input)))
    answers.push(await admin.forge.licenses.renew(input))
    expect(new Set(answers.map(({ updatesUntil }) => updatesUntil?.getTime())).size).toBe(1)
    const events = await t.deps
      .sql`select type from license_events where license_id = ${licenseId} and type = 'license.renewed'`
    expect(events).toHaveLength(1)
    const other = await licensed(t, { admin })
    expect(await failure(admin.forge.licenses.renew({ ...input, months: 24 }))).toBe('IDEMPOTENCY_CONFLICT')
    expect(await failure(admin.forge.licenses.renew({ ...input, licenseId: other.licenseId }))).toBe(
      'IDEMPOTENCY_CONFLICT',
    )
    const { months: _, ...rest } = input
    expect(await failure(admin.forge.licenses.renew({ ...rest, until: t.clock.now() }))).toBe(
      'IDEMPOTENCY_CONFLICT',
    )
    // The key of one operation says nothing about another.
    await admin.forge.licenses.issue({ ...gift('other@example.com'), idempotencyKey: 'renew-1' })
    await admin.forge.licenses.renew({ ...input, idempotencyKey: 'renew-2' })
    expect(await until()).not.toEqual(answers[0]?.updatesUntil)
  })
})
