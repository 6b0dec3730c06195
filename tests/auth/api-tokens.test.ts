import { systemContext } from '@devforge/server/context'
import { requireAccount } from '@devforge/server/modules/auth/actor'
import type { RequestContext } from '@devforge/server/trpc'
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

/** Who a token speaks for, as a procedure for `scope` finds it. */
const use = (token: string, scope: string) =>
  requireAccount(
    {
      ...systemContext(t.deps, { type: 'system', job: 'test' }),
      actor: { type: 'anonymous' },
      authorization: `Bearer ${token}`,
    } satisfies RequestContext,
    scope,
  ).catch((error: { code?: string }) => error.code)

test('a token is shown once, works for its scopes, shows its last use, and ends when revoked', async () => {
  const { forge, id } = await signUp(t)
  const created = await forge.auth.createApiToken({ name: 'CI', scopes: ['publish', 'publish'] })
  expect(created.token).toMatch(/^dfp_[\w-]{43}$/)
  expect(created.token.endsWith(created.hint)).toBe(true)
  expect(created.scopes).toEqual(['publish'])
  expect(await use(created.token, 'publish')).toMatchObject({
    type: 'token',
    userId: id,
    tokenId: created.id,
  })
  expect(await use(created.token, 'read')).toBe('AUTH_SCOPE_MISSING')
  const { items } = await forge.auth.apiTokens()
  expect(items[0]).not.toHaveProperty('token')
  expect(items[0]?.lastUsedAt).toBeInstanceOf(Date)
  await forge.auth.revokeApiToken({ id: created.id })
  expect(await use(created.token, 'publish')).toBe('AUTH_REQUIRED')
  expect((await forge.auth.apiTokens()).items).toEqual([])
})

test('tokens end: by default in 90 days, in a year at most', async () => {
  const { forge } = await signUp(t)
  const byDefault = await forge.auth.createApiToken({ name: 'CI', scopes: ['read'] })
  const inDays = (days: number) => new Date(t.clock.now().getTime() + days * 86_400_000)
  expect(Math.round((Number(byDefault.expiresAt) - t.clock.now().getTime()) / 86_400_000)).toBe(90)
  for (const expiresAt of [inDays(-1), inDays(400)]) {
    expect(await failure(forge.auth.createApiToken({ name: 'CI', scopes: ['read'], expiresAt }))).toBe(
      'INVALID_INPUT',
    )
  }
  const short = await forge.auth.createApiToken({ name: 'CI', scopes: ['read'], expiresAt: inDays(1) })
  t.clock.advance(86_400_000 + 1_000)
  expect(await use(short.token, 'read')).toBe('AUTH_REQUIRED')
})

test('a token is no session: it cannot make tokens, change the account or act as an admin', async () => {
  const { forge, id } = await signUp(t, { role: 'admin' })
  const { token } = await forge.auth.createApiToken({ name: 'CI', scopes: ['read', 'publish'] })
  const robot = t.forge({ apiToken: token })
  expect(await failure(robot.auth.createApiToken({ name: 'more', scopes: ['read'] }))).toBe('AUTH_REQUIRED')
  expect(await failure(robot.users.update({ name: 'Robot' }))).toBe('AUTH_REQUIRED')
  expect(await failure(robot.admin.setRole({ userId: id, role: 'customer', reason: 'x' }))).toBe(
    'AUTH_REQUIRED',
  )
})

test('tokens of others do not exist, and a banned account has none that work', async () => {
  const admin = await signUp(t, { role: 'admin' })
  const a = await signUp(t)
  const b = await signUp(t)
  const { id, token } = await a.forge.auth.createApiToken({ name: 'CI', scopes: ['read'] })
  expect(await failure(b.forge.auth.revokeApiToken({ id }))).toBe('NOT_FOUND')
  expect(await failure(b.forge.auth.revokeApiToken({ id: 'tok_unknown' }))).toBe('NOT_FOUND')
  await admin.forge.admin.ban({ userId: a.id, reason: 'spam' })
  expect(await use(token, 'read')).toBe('AUTH_BANNED')
})
