import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { failure } from '../support/errors.ts'
import { signUp } from '../support/people.ts'
import { mailedToken, totpCode } from './support.ts'

let t: TestApp
beforeAll(async () => {
  t = await createTestApp()
})
afterAll(async () => {
  await t[Symbol.asyncDispose]()
})

test('a mailed link sets a new password once, ends every session, and proves the address', async () => {
  const { forge, email, password } = await signUp(t)
  const elsewhere = t.forge()
  await elsewhere.auth.signIn({ email, password })
  await t.forge().auth.requestPasswordReset({ email })
  const token = await mailedToken(t, email, 'reset-password')
  await t.forge().auth.resetPassword({ token, password: 'a new password' })

  expect(await failure(forge.users.me())).toBe('AUTH_SESSION_ENDED')
  expect(await failure(elsewhere.users.me())).toBe('AUTH_SESSION_ENDED')
  expect(await failure(t.forge().auth.signIn({ email, password }))).toBe('AUTH_INVALID_CREDENTIALS')
  const { user } = await t.forge().auth.signIn({ email, password: 'a new password' })
  expect(user.emailVerified).toBe(true)
  expect(await failure(t.forge().auth.resetPassword({ token, password: 'yet another one' }))).toBe(
    'AUTH_TOKEN_INVALID',
  )
  await t.drain()
  expect((await t.mails(email)).map((mail) => mail.subject)).toContain('Your password was changed')
})

test('a link ends after an hour; a refused password does not use it up', async () => {
  const { email } = await signUp(t)
  await t.forge().auth.requestPasswordReset({ email })
  const token = await mailedToken(t, email, 'reset-password')
  expect(await failure(t.forge().auth.resetPassword({ token, password: 'short' }))).toBe('INVALID_INPUT')
  t.clock.advance(3_600_000 + 1_000)
  expect(await failure(t.forge().auth.resetPassword({ token, password: 'a new password' }))).toBe(
    'AUTH_TOKEN_INVALID',
  )
})

test('an unknown address gets the same answer and no mail', async () => {
  await t.forge().auth.requestPasswordReset({ email: 'unknown@example.com' })
  await t.forge().auth.sendVerification({ email: 'unknown@example.com' })
  expect(await t.drain()).toEqual([])
  expect(await t.mails('unknown@example.com')).toEqual([])
})

test('a token is good for its own purpose alone', async () => {
  const { email } = await signUp(t)
  const verify = await mailedToken(t, email, 'verify-email')
  expect(await failure(t.forge().auth.resetPassword({ token: verify, password: 'a new password' }))).toBe(
    'AUTH_TOKEN_INVALID',
  )
  await t.forge().auth.requestPasswordReset({ email })
  const reset = await mailedToken(t, email, 'reset-password')
  expect(await failure(t.forge().auth.verifyEmail({ token: reset }))).toBe('AUTH_TOKEN_INVALID')
})

test('the owner of an address who resets the password of a squatter is rid of what the squatter set up', async () => {
  const squatter = await signUp(t, { email: 'squatted@example.com' })
  const { secret } = await squatter.forge.auth.enableTotp({ password: squatter.password })
  await squatter.forge.auth.confirmTotp({ code: totpCode(t, secret) })
  const { token: apiToken } = await squatter.forge.auth.createApiToken({ name: 'ci', scopes: ['read'] })
  await t.forge().auth.requestPasswordReset({ email: squatter.email })
  const token = await mailedToken(t, squatter.email, 'reset-password')
  await t.forge().auth.resetPassword({ token, password: 'the owner is back' })
  // No code is asked for: the second step was the squatter's.
  await t.forge().auth.signIn({ email: squatter.email, password: 'the owner is back' })
  expect(apiToken).toMatch(/^dfp_/)
  const [row] = await t.deps.sql`select revoked_at from api_tokens where user_id = ${squatter.id}`
  expect(row?.revoked_at).not.toBeNull()
})

test('changing the password needs the old one and ends all other sessions', async () => {
  const { forge, email, password } = await signUp(t)
  const elsewhere = t.forge()
  await elsewhere.auth.signIn({ email, password })
  expect(
    await failure(forge.auth.changePassword({ password: 'wrong password', newPassword: 'a new password' })),
  ).toBe('AUTH_INVALID_CREDENTIALS')
  await forge.auth.changePassword({ password, newPassword: 'a new password' })
  expect((await forge.users.me()).email).toBe(email)
  expect(await failure(elsewhere.users.me())).toBe('AUTH_SESSION_ENDED')
  await t.forge().auth.signIn({ email, password: 'a new password' })
})

test('passwords are compared as typed on any keyboard, and long or odd ones work', async () => {
  const composed = 'caf\u00e9 \u{1F40E} password'
  const { email } = (
    await t.forge().auth.signUp({ email: 'cafe@example.com', password: composed, name: 'C' })
  ).user
  await t.forge().auth.signIn({ email, password: 'cafe\u0301 \u{1F40E} password' })
})
