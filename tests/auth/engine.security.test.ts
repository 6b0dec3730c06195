import { createHash } from 'node:crypto'
import { systemContext } from '@devforge/server/context'
import { engineOf, withEngine } from '@devforge/server/modules/auth/engine'
import { inTx } from '@devforge/server/tx'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { signUp } from '../support/people.ts'

// The traps of the engine (better-auth 1.7) that our set-up goes around; each would be open without it.

let t: TestApp
beforeAll(async () => {
  t = await createTestApp()
})
afterAll(async () => {
  await t[Symbol.asyncDispose]()
})

const systemCtx = () => systemContext(t.deps, { type: 'system', job: 'test' })
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

test('session tokens are stored as hashes, found and ended by the token, and hashes open nothing', async () => {
  const { forge, id } = await signUp(t)
  const token = (await forge.session.current())?.sessionToken ?? ''
  const [row] = await t.deps.sql`select token from sessions where user_id = ${id}`
  expect(row?.token).toBe(sha256(token))
  await withEngine(systemCtx(), async (stores) => {
    const found = await stores.findSession(token)
    expect(found?.session.token).toBe(token)
    expect(found?.user.id).toBe(id)
    expect(await stores.findSession(String(row?.token))).toBeNull()
    const both = await stores.findSessions([token, 'unknown'])
    expect(both.map(({ session }) => session.token)).toEqual([token])
    const moved = await stores.updateSession(token, { userAgent: 'moved' })
    expect(moved?.token).toBe(token)
    await stores.deleteSession(String(row?.token))
    expect(await stores.findSession(token)).not.toBeNull()
    await stores.deleteSession(token)
    expect(await stores.findSession(token)).toBeNull()
  })
  const [after] = await t.deps.sql`select count(*)::int from sessions where user_id = ${id}`
  expect(after?.count).toBe(0)
})

test('the engine takes part in our transaction: what it wrote goes with a rollback', async () => {
  const attempt = inTx(systemCtx(), async (ctx) => {
    await withEngine(ctx, async (stores) => {
      await stores.createUser({ email: 'rolled@example.com', name: 'R' }, { method: 'email-password' })
      await stores.createVerificationValue({
        identifier: 'verify-email:rolled-back-token',
        value: 'x',
        expiresAt: new Date(Date.now() + 60_000),
      })
      // Opens a transaction of its own, inside ours.
      await stores.consumeVerificationValue('verify-email:rolled-back-token')
    })
    throw new Error('never mind')
  })
  await expect(attempt).rejects.toThrow('never mind')
  expect(await t.deps.sql`select 1 from users where email = 'rolled@example.com'`).toHaveLength(0)
})

test('its times are those of our clock', async () => {
  t.clock.advance(365 * 86_400_000)
  const { forge, id } = await signUp(t)
  const [row] = await t.deps.sql`
    select extract(epoch from created_at)::float8 * 1000 as at from sessions where user_id = ${id}`
  expect(Math.abs(Number(row?.at) - t.clock.now().getTime())).toBeLessThan(5_000)
  const token = (await forge.session.current())?.sessionToken ?? ''
  const found = await withEngine(systemCtx(), (stores) => stores.findSession(token))
  expect(found?.session.expiresAt.getTime()).toBeGreaterThan(Date.now())
})

test('passwords are Argon2id at the strength of NODE_ENV, in a standard string', async () => {
  const { id } = await signUp(t)
  const [row] = await t.deps.sql`select password from accounts where user_id = ${id}`
  expect(row?.password).toMatch(/^\$argon2id\$v=19\$m=\d+,t=\d+,p=1\$[\w+/]{22}\$[\w+/]{43}$/)
})

test('its own limiter is off, no JWT of its own is made, and identifiers are hashed', async () => {
  const { options } = await engineOf(t.deps).$context
  expect(options.rateLimit?.enabled).toBe(false)
  expect(options).toMatchObject({ plugins: [] })
  await signUp(t)
  const rows = await t.deps.sql`select identifier from verifications`
  expect(rows.length).toBeGreaterThan(0)
  for (const row of rows) expect(row.identifier).toMatch(/^[\w-]{43}$/)
})

test('no session for a banned or erased account, whichever way it comes', async () => {
  const { id } = await signUp(t)
  await t.deps.sql`update users set banned = true where id = ${id}`
  await expect(withEngine(systemCtx(), (stores) => stores.createSession(id))).rejects.toMatchObject({
    body: { code: 'AUTH_BANNED' },
  })
})

test('a provider cannot take an account over by an address that nobody has proven', async () => {
  const { options } = await engineOf(t.deps).$context
  expect(options.account?.accountLinking).toMatchObject({
    requireLocalEmailVerified: true,
    trustedProviders: [],
  })
})
