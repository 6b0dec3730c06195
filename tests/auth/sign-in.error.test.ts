import { isDevForgeError } from '@devforge/sdk'
import { limitRules } from '@devforge/server/limits'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { failure } from '../support/errors.ts'
import { signUp } from '../support/people.ts'
import { codeOf, mailedToken, rawCall } from './support.ts'

let t: TestApp
beforeAll(async () => {
  t = await createTestApp()
})
afterAll(async () => {
  await t[Symbol.asyncDispose]()
})

test('a wrong password and an unknown address are the same answer', async () => {
  const { email } = await signUp(t)
  const wrong = await rawCall(t, 'auth.signIn', { email, password: 'wrong password' })
  const unknown = await rawCall(t, 'auth.signIn', { email: 'nobody@example.com', password: 'wrong password' })
  expect([wrong.status, unknown.status]).toEqual([401, 401])
  const [a, b] = [await wrong.json(), await unknown.json()].map((body) => {
    const { requestId: _, ...data } = (body as { error: { json: { data: Record<string, unknown> } } }).error
      .json.data
    return data
  })
  expect(a).toEqual(b)
  expect(a).toMatchObject({ code: 'AUTH_INVALID_CREDENTIALS', details: null })
})

test('inputs are strict and bounded', async () => {
  const good = { email: 'strict@example.com', password: 'correct horse', name: 'Ada' }
  const bad: Record<string, unknown>[] = [
    { ...good, role: 'admin' },
    { ...good, emailVerified: true },
    { ...good, id: 'usr_1' },
    { ...good, password: 'short' },
    { ...good, password: 'x'.repeat(201) },
    { ...good, password: 'correct\0horse' },
    { ...good, name: '' },
    { ...good, name: ' \n ' },
    { ...good, name: 'x'.repeat(101) },
    { ...good, name: 'a\u0000b' },
    { ...good, name: 'a\u001b[31mb' },
    { ...good, email: 'not an address' },
    { ...good, email: 'shadow+usr_1@devforge.invalid' },
    { ...good, email: `${'x'.repeat(250)}@example.com` },
    { ...good, email: ['a@example.com'] },
  ]
  for (const input of bad) {
    const response = await rawCall(t, 'auth.signUp', input)
    expect([response.status, await codeOf(response)], JSON.stringify(input)).toEqual([400, 'INVALID_INPUT'])
  }
  expect(await t.deps.sql`select 1 from users where email like 'strict%'`).toHaveLength(0)
})

test('a banned account learns of it only with the right password', async () => {
  const admin = await signUp(t, { role: 'admin' })
  const { id, email, password } = await signUp(t)
  await admin.forge.admin.ban({ userId: id, reason: 'spam' })
  expect(await failure(t.forge().auth.signIn({ email, password: 'wrong password' }))).toBe(
    'AUTH_INVALID_CREDENTIALS',
  )
  expect(await failure(t.forge().auth.signIn({ email, password }))).toBe('AUTH_BANNED')
})

test('after ten wrong tries from one place the account is closed to it for a while, and says for how long', async () => {
  const { email, password } = await signUp(t)
  const { points } = limitRules['sign-in:account+ip']
  for (let i = 0; i < points; i++) {
    expect(await failure(t.forge().auth.signIn({ email, password: 'wrong password' }))).toBe(
      'AUTH_INVALID_CREDENTIALS',
    )
  }
  const refused = await rawCall(t, 'auth.signIn', { email, password })
  expect(refused.status).toBe(429)
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(800)
  const error = await t
    .forge()
    .auth.signIn({ email, password })
    .catch((reason: unknown) => reason)
  if (!isDevForgeError(error, 'AUTH_RATE_LIMITED')) expect.fail('not limited')
  expect(error.details?.retryAfterSeconds).toBeGreaterThan(800)
})

test('a right password takes back its own try only', async () => {
  const { email, password } = await signUp(t)
  const { points } = limitRules['sign-in:account+ip']
  for (let i = 0; i < points - 1; i++)
    await failure(t.forge().auth.signIn({ email, password: 'wrong password' }))
  for (let i = 0; i < 5; i++) await t.forge().auth.signIn({ email, password })
  expect(await failure(t.forge().auth.signIn({ email, password: 'wrong password' }))).toBe(
    'AUTH_INVALID_CREDENTIALS',
  )
  expect(await failure(t.forge().auth.signIn({ email, password }))).toBe('AUTH_RATE_LIMITED')
})

test('whoever claims an address cannot clear the count of guesses at its owner by signing in between them', async () => {
  const owner = await signUp(t, { email: 'guessed@example.com' })
  await owner.forge.auth.verifyEmail({ token: await mailedToken(t, owner.email, 'verify-email') })
  await t.forge().auth.signUp({ email: owner.email, password: 'password of attacker', name: 'X' })
  let guesses = 0
  for (let i = 0; i < 40; i++) {
    await t
      .forge()
      .auth.signIn({ email: owner.email, password: 'password of attacker' })
      .catch(() => undefined)
    const code = await failure(t.forge().auth.signIn({ email: owner.email, password: `guess number ${i}` }))
    if (code === 'AUTH_INVALID_CREDENTIALS') guesses++
  }
  expect(guesses).toBeLessThanOrEqual(limitRules['sign-in:account+ip'].points)
})
