import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { failure } from '../support/errors.ts'
import { signUp } from '../support/people.ts'

let t: TestApp
beforeAll(async () => {
  t = await createTestApp()
})
afterAll(async () => {
  await t[Symbol.asyncDispose]()
})

test('deletes what is personal, keeps the books, ends licenses, and says goodbye', async () => {
  const admin = await signUp(t, { role: 'admin' })
  const person = await signUp(t, { name: 'Grace Hopper-Unmistakable' })
  const { forge, id, email, password } = person
  const elsewhere = t.forge()
  await elsewhere.auth.signIn({ email, password })
  const { license, key } = await admin.forge.licenses.issue({ userId: id, plan: 'pro', reason: 'a gift' })
  await forge.licenses.activate({ key, fingerprint: 'machine-1', deviceName: 'Laptop of Grace' })
  const { token } = await forge.auth.createApiToken({ name: 'CI', scopes: ['read'] })
  await t.drain()

  expect(await failure(forge.users.deleteAccount({ password: 'wrong password' }))).toBe(
    'AUTH_INVALID_CREDENTIALS',
  )
  await forge.users.deleteAccount({ password })
  expect(await forge.session.current()).toBeNull()
  expect(await failure(elsewhere.users.me())).toBe('AUTH_SESSION_ENDED')
  expect(await failure(t.forge().auth.signIn({ email, password }))).toBe('AUTH_INVALID_CREDENTIALS')
  expect(await failure(t.forge({ apiToken: token }).users.me())).toBe('AUTH_REQUIRED')
  expect(await t.drain()).toEqual([])
  expect((await t.mails(email)).map((mail) => mail.subject)).toContain('Your account was deleted')

  const [row] = await t.deps.sql`select email, name, role, erased_at from users where id = ${id}`
  expect(row).toMatchObject({
    email: `erased+${id}@devforge.invalid`,
    name: 'Deleted user',
    role: 'customer',
  })
  expect(row?.erased_at).not.toBeNull()
  const [kept] = await t.deps.sql`select user_id, status from licenses where id = ${license.id}`
  expect(kept).toEqual({ user_id: id, status: 'revoked' })
  const revoked = await forge.licenses.validate({ key })
  expect(revoked.valid).toBe(false)

  // Nowhere in the database: neither the address, nor the name, nor the name of the machine.
  const tables = await t.deps.sql`
    select table_schema, table_name from information_schema.tables
    where table_schema not in ('pg_catalog', 'information_schema') and table_type = 'BASE TABLE'`
  for (const { table_schema, table_name } of tables) {
    const found = await t.deps.sql.unsafe(
      `select row_to_json(r)::text as row from "${table_schema}"."${table_name}" r
       where row_to_json(r)::text ~* $1`,
      [`${email}|Hopper-Unmistakable|Laptop of Grace`],
    )
    expect(found, table_name).toEqual([])
  }
  // The address is free again.
  const again = await t.forge().auth.signUp({ email, password, name: 'Grace' })
  expect(again.user.id).not.toBe(id)
  const [fresh] = await t.deps.sql`select claimed_email from users where id = ${again.user.id}`
  expect(fresh?.claimed_email).toBeNull()
})

test('the last admin stays, also when two leave at the same moment', async () => {
  await using own = await createTestApp()
  const a = await signUp(own, { role: 'admin' })
  expect(await failure(a.forge.users.deleteAccount({ password: a.password }))).toBe('LAST_ADMIN')
  const b = await signUp(own, { role: 'admin' })
  const leaving = await Promise.allSettled(
    [a, b].map((admin) => admin.forge.users.deleteAccount({ password: admin.password })),
  )
  expect(leaving.map((result) => result.status).sort()).toEqual(['fulfilled', 'rejected'])
  const [left] = await own.deps
    .sql`select count(*)::int from users where role = 'admin' and erased_at is null`
  expect(left?.count).toBe(1)
})
