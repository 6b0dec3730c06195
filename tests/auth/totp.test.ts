import { limitRules } from '@devforge/server/limits'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { failure } from '../support/errors.ts'
import { signUp } from '../support/people.ts'
import { totpCode } from './support.ts'

let t: TestApp
beforeAll(async () => {
  t = await createTestApp()
})
afterAll(async () => {
  await t[Symbol.asyncDispose]()
})

async function withTotp() {
  const person = await signUp(t)
  const setup = await person.forge.auth.enableTotp({ password: person.password })
  await person.forge.auth.confirmTotp({ code: totpCode(t, setup.secret) })
  // The code of this step is used up.
  t.clock.advance(60_000)
  return { ...person, ...setup }
}

test('sets a second step up; signing in asks for the code only after the right password', async () => {
  const { forge, email, password } = await signUp(t)
  expect(await failure(forge.auth.enableTotp({ password: 'wrong password' }))).toBe(
    'AUTH_INVALID_CREDENTIALS',
  )
  const { secret, otpauthUrl, backupCodes } = await forge.auth.enableTotp({ password })
  expect(otpauthUrl).toContain(`secret=${secret}`)
  expect(backupCodes).toHaveLength(10)
  // Not confirmed: not asked for.
  await t.forge().auth.signIn({ email, password })
  expect(await failure(forge.auth.confirmTotp({ code: '000000' }))).toBe('AUTH_INVALID_CREDENTIALS')
  await forge.auth.confirmTotp({ code: totpCode(t, secret) })
  expect((await forge.users.me()).twoFactorEnabled).toBe(true)
  expect(await failure(forge.auth.enableTotp({ password }))).toBe('AUTH_TOTP_ALREADY_ENABLED')

  t.clock.advance(60_000)
  expect(await failure(t.forge().auth.signIn({ email, password: 'wrong password' }))).toBe(
    'AUTH_INVALID_CREDENTIALS',
  )
  expect(await failure(t.forge().auth.signIn({ email, password }))).toBe('AUTH_TOTP_REQUIRED')
  await t.forge().auth.signIn({ email, password, totp: totpCode(t, secret) })
})

test('a code counts once, even if it comes twice at the same moment', async () => {
  const { email, password, secret } = await withTotp()
  const totp = totpCode(t, secret)
  const tries = await Promise.allSettled(
    Array.from({ length: 5 }, () => t.forge().auth.signIn({ email, password, totp })),
  )
  expect(tries.filter((attempt) => attempt.status === 'fulfilled')).toHaveLength(1)
  expect(await failure(t.forge().auth.signIn({ email, password, totp }))).toBe('AUTH_INVALID_CREDENTIALS')
})

test('codes of the step before and after count, older ones do not', async () => {
  const { email, password, secret } = await withTotp()
  await t.forge().auth.signIn({ email, password, totp: totpCode(t, secret, -1) })
  await t.forge().auth.signIn({ email, password, totp: totpCode(t, secret, 1) })
  for (const steps of [-3, 3]) {
    const totp = totpCode(t, secret, steps)
    expect(await failure(t.forge().auth.signIn({ email, password, totp }))).toBe('AUTH_INVALID_CREDENTIALS')
  }
})

test('a backup code lets in once', async () => {
  const { email, password, backupCodes } = await withTotp()
  const [first = '', second = ''] = backupCodes
  await t.forge().auth.signIn({ email, password, totp: first })
  expect(await failure(t.forge().auth.signIn({ email, password, totp: first }))).toBe(
    'AUTH_INVALID_CREDENTIALS',
  )
  await t.forge().auth.signIn({ email, password, totp: second.toLowerCase().replace('-', ' ') })
})

test('codes cannot be guessed on and on, from wherever', async () => {
  const { email, password, secret } = await withTotp()
  const codes = []
  for (let i = 0; i < limitRules['totp:account'].points + 3; i++) {
    codes.push(await failure(t.forge().auth.signIn({ email, password, totp: '000000' })))
  }
  expect(codes.slice(0, 10)).toEqual(Array(10).fill('AUTH_INVALID_CREDENTIALS'))
  expect(codes.slice(10)).toEqual(Array(3).fill('AUTH_RATE_LIMITED'))
  expect(await failure(t.forge().auth.signIn({ email, password, totp: totpCode(t, secret) }))).toBe(
    'AUTH_RATE_LIMITED',
  )
})

test('switching it off needs the password and a code', async () => {
  const { forge, email, password, secret } = await withTotp()
  expect(
    await failure(forge.auth.disableTotp({ password: 'wrong password', totp: totpCode(t, secret) })),
  ).toBe('AUTH_INVALID_CREDENTIALS')
  expect(await failure(forge.auth.disableTotp({ password }))).toBe('AUTH_TOTP_REQUIRED')
  await forge.auth.disableTotp({ password, totp: totpCode(t, secret) })
  await t.forge().auth.signIn({ email, password })
})
