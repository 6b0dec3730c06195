import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { failure } from '../support/errors.ts'
import { type Person, signUp } from '../support/people.ts'

let t: TestApp
let admin: Person
beforeAll(async () => {
  t = await createTestApp()
  admin = await signUp(t, { role: 'admin', name: 'Root' })
})
afterAll(async () => {
  await t[Symbol.asyncDispose]()
})

test('finds accounts by id, name and address, page by page; wildcards are letters', async () => {
  const people = []
  for (let i = 0; i < 5; i++) {
    people.push(await signUp(t, { email: `find_${i}@example.com`, name: `Finder 100% ${i}` }))
  }
  const [first] = people
  expect((await admin.forge.admin.users({ query: first?.id })).items).toMatchObject([{ id: first?.id }])
  expect((await admin.forge.admin.users({ query: 'FIND_3@' })).items).toMatchObject([{ id: people[3]?.id }])
  expect((await admin.forge.admin.users({ query: '100% 2' })).items).toMatchObject([{ id: people[2]?.id }])
  expect((await admin.forge.admin.users({ query: 'find%4' })).items).toEqual([])
  const seen: string[] = []
  let cursor: string | undefined
  do {
    const page = await admin.forge.admin.users({ query: 'find_', limit: 2, ...(cursor ? { cursor } : {}) })
    seen.push(...page.items.map((user) => user.id))
    cursor = page.nextCursor ?? undefined
  } while (cursor)
  expect(seen).toEqual(people.map((person) => person.id).reverse())
})

test('a role is given and taken; a demotion bites with the next call', async () => {
  const person = await signUp(t)
  expect(await failure(person.forge.admin.users())).toBe('FORBIDDEN')
  await admin.forge.admin.setRole({ userId: person.id, role: 'admin', reason: 'helps out' })
  expect((await person.forge.admin.users({ limit: 1 })).items).toHaveLength(1)
  await admin.forge.admin.setRole({ userId: person.id, role: 'agent', reason: 'did too much' })
  expect(await failure(person.forge.admin.users())).toBe('FORBIDDEN')
  const { items } = await admin.forge.admin.audit({ subject: person.id })
  expect(items).toMatchObject([
    {
      action: 'user.role_changed',
      actor: `admin:${admin.id}`,
      reason: 'did too much',
      before: { role: 'admin' },
      after: { role: 'agent' },
    },
    { before: { role: 'customer' }, after: { role: 'admin' } },
  ])
  expect(items[0]?.ip).toBe('127.0.0.1')
  expect(
    await failure(admin.forge.admin.setRole({ userId: 'usr_unknown', role: 'agent', reason: 'x' })),
  ).toBe('NOT_FOUND')
})

test('a ban ends sessions at once, until it is lifted or over', async () => {
  const person = await signUp(t)
  const until = new Date(t.clock.now().getTime() + 3_600_000)
  const banned = await admin.forge.admin.ban({ userId: person.id, reason: 'spam', until })
  expect(banned).toMatchObject({ banned: true, banReason: 'spam', banExpires: until })
  expect(await failure(person.forge.users.me())).toBe('AUTH_SESSION_ENDED')
  expect(await failure(person.forge.auth.signIn(person))).toBe('INVALID_INPUT')
  const { email, password } = person
  expect(await failure(person.forge.auth.signIn({ email, password }))).toBe('AUTH_BANNED')
  await admin.forge.admin.unban({ userId: person.id, reason: 'a mistake' })
  await person.forge.auth.signIn({ email, password })
  await admin.forge.admin.ban({ userId: person.id, reason: 'spam again', until })
  t.clock.advance(3_600_000 + 1_000)
  await person.forge.auth.signIn({ email, password })
  expect(await failure(admin.forge.admin.ban({ userId: person.id, reason: 'x', until }))).toBe(
    'INVALID_INPUT',
  )
  expect((await admin.forge.admin.users({ banned: true })).items.map((user) => user.id)).toContain(person.id)
})

test('the last admin can be neither demoted nor banned, also not by two at once', async () => {
  await using own = await createTestApp()
  const a = await signUp(own, { role: 'admin' })
  expect(await failure(a.forge.admin.setRole({ userId: a.id, role: 'customer', reason: 'x' }))).toBe(
    'LAST_ADMIN',
  )
  expect(await failure(a.forge.admin.ban({ userId: a.id, reason: 'x' }))).toBe('LAST_ADMIN')
  const b = await signUp(own, { role: 'admin' })
  await Promise.allSettled([
    a.forge.admin.setRole({ userId: b.id, role: 'customer', reason: 'x' }),
    b.forge.admin.setRole({ userId: a.id, role: 'customer', reason: 'x' }),
    a.forge.admin.ban({ userId: b.id, reason: 'x' }),
    b.forge.admin.ban({ userId: a.id, reason: 'x' }),
  ])
  const [left] = await own.deps.sql`select count(*)::int from users where role = 'admin' and not banned`
  expect(left?.count).toBeGreaterThan(0)
})

test('everything here is for admins: others get FORBIDDEN, strangers AUTH_REQUIRED', async () => {
  const target = (await signUp(t)).id
  const calls = (forge: Person['forge']) => [
    forge.admin.users(),
    forge.admin.setRole({ userId: target, role: 'admin', reason: 'x' }),
    forge.admin.ban({ userId: target, reason: 'x' }),
    forge.admin.unban({ userId: target, reason: 'x' }),
    forge.admin.impersonate({ userId: target, reason: 'x' }),
    forge.admin.audit(),
    forge.admin.rotateSigningKey({ purpose: 'lease', withdrawOld: true, reason: 'x' }),
  ]
  for (const role of ['agent', undefined] as const) {
    const person = await signUp(t, role ? { role } : {})
    const codes = await Promise.all(calls(person.forge).map(failure))
    expect(codes).toEqual(codes.map(() => 'FORBIDDEN'))
  }
  const codes = await Promise.all(calls(t.forge()).map(failure))
  expect(codes).toEqual(codes.map(() => 'AUTH_REQUIRED'))
})

test('the audit log cannot be rewritten, and is found by who acted', async () => {
  const { items } = await admin.forge.admin.audit({ actor: admin.id, limit: 1 })
  expect(items).toHaveLength(1)
  await expect(t.deps.sql`update audit_log set reason = 'never'`).rejects.toThrow(/append-only/)
  await expect(t.deps.sql`delete from audit_log`).rejects.toThrow(/append-only/)
})

test('signing keys turn over: access goes on, or ends at once when the key is withdrawn', async () => {
  const person = await signUp(t)
  const bearer = (await person.forge.session.current())?.accessToken
  await admin.forge.admin.rotateSigningKey({ purpose: 'access', reason: 'every year' })
  expect((await person.forge.users.me()).id).toBe(person.id)
  expect((await person.forge.session.current())?.accessToken).toBe(bearer)
  const { kid, previousKid } = await admin.forge.admin.rotateSigningKey({
    purpose: 'access',
    withdrawOld: true,
    reason: 'leaked',
  })
  expect(kid).not.toBe(previousKid)
  // Void at once; the session itself is good and fetches a token of the new key.
  expect((await person.forge.users.me()).id).toBe(person.id)
  expect((await person.forge.session.current())?.accessToken).not.toBe(bearer)
})
