import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { failure } from '../support/errors.ts'
import { signUp } from '../support/people.ts'
import { codeOf, rawCall } from './support.ts'

const DAY = 86_400_000

let t: TestApp
beforeAll(async () => {
  t = await createTestApp()
})
afterAll(async () => {
  await t[Symbol.asyncDispose]()
})

test('an access token lasts ten minutes; the session fetches new ones and moves on, once a day', async () => {
  const { forge, id } = await signUp(t)
  const expiry = async () => {
    const [row] = await t.deps
      .sql`select extract(epoch from expires_at)::float8 * 1000 as at from sessions where user_id = ${id}`
    return Number(row?.at)
  }
  const first = await expiry()
  expect(first - t.clock.now().getTime()).toBeGreaterThan(29.9 * DAY)
  t.clock.advance(3_600_000)
  const stale = (await forge.session.current())?.accessToken ?? ''
  expect(
    await codeOf(
      await rawCall(t, 'auth.revokeSession', { id: 'ses_x' }, { authorization: `Bearer ${stale}` }),
    ),
  ).toBe('AUTH_REQUIRED')
  expect((await forge.users.me()).id).toBe(id)
  expect(await expiry()).toBe(first)
  t.clock.advance(DAY)
  await forge.auth.refresh()
  expect(await expiry()).toBeGreaterThan(first + DAY)
})

test('a session that is not used ends after thirty days', async () => {
  const { forge } = await signUp(t)
  t.clock.advance(30 * DAY + 1_000)
  expect(await failure(forge.auth.refresh())).toBe('AUTH_SESSION_ENDED')
})

test('signing out bites at once, with the session token or the access token', async () => {
  for (const withToken of [true, false]) {
    const { forge } = await signUp(t)
    const session = await forge.session.current()
    const bearer = { authorization: `Bearer ${session?.accessToken}` }
    await rawCall(t, 'auth.signOut', withToken ? { sessionToken: session?.sessionToken } : {}, bearer)
    expect(await codeOf(await rawCall(t, 'auth.refresh', { sessionToken: session?.sessionToken }))).toBe(
      'AUTH_SESSION_ENDED',
    )
    expect(await codeOf(await rawCall(t, 'users.update', { name: 'Late' }, bearer))).toBe(
      'AUTH_SESSION_ENDED',
    )
  }
  // Twice is no error.
  const { forge } = await signUp(t)
  const sessionToken = (await forge.session.current())?.sessionToken
  expect((await rawCall(t, 'auth.signOut', { sessionToken })).status).toBe(200)
  expect((await rawCall(t, 'auth.signOut', { sessionToken })).status).toBe(200)
})

test('lists the own sessions and ends them; those of others do not exist', async () => {
  const a = await signUp(t)
  const b = await signUp(t)
  const elsewhere = t.forge()
  await elsewhere.auth.signIn({ email: a.email, password: a.password })
  const { items } = await a.forge.auth.sessions()
  expect(items).toHaveLength(2)
  expect(items.filter((item) => item.current)).toHaveLength(1)
  expect(items[0]).not.toHaveProperty('token')
  const page = await a.forge.auth.sessions({ limit: 1 })
  expect(page.items).toHaveLength(1)
  const next = await a.forge.auth.sessions({ limit: 1, cursor: page.nextCursor ?? '' })
  expect(next.items[0]?.id).toBe(items[1]?.id)

  const other = items.find((item) => !item.current)?.id ?? ''
  expect(await failure(b.forge.auth.revokeSession({ id: other }))).toBe('NOT_FOUND')
  await a.forge.auth.revokeSession({ id: other })
  expect(await failure(elsewhere.users.me())).toBe('AUTH_SESSION_ENDED')
  expect(await failure(a.forge.auth.revokeSession({ id: other }))).toBe('NOT_FOUND')
})

test('parallel calls with an ended access token share one refresh', async () => {
  const { forge, id } = await signUp(t)
  t.clock.advance(11 * 60_000)
  let refreshes = 0
  const counting = t.forge({
    fetch: (input, init) => {
      if (String(input instanceof Request ? input.url : input).includes('auth.refresh')) refreshes++
      return t.fetch(input, init)
    },
    session: {
      get: () => forge.session.current(),
      set: async () => {},
      clear: async () => {},
    },
  })
  const answers = await Promise.all(Array.from({ length: 10 }, () => counting.users.me()))
  expect(answers.every((user) => user.id === id)).toBe(true)
  expect(refreshes).toBe(1)
})
