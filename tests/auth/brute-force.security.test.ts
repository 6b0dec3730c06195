import { systemContext } from '@devforge/server/context'
import { createLimits, limitRules, networkOf } from '@devforge/server/limits'
import { signIn } from '@devforge/server/modules/auth/service/sign-in'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
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

/** A try from some address, past HTTP: what the edge makes of the address is tried elsewhere. */
const tryFrom = (ip: string, email: string, password: string) =>
  signIn({ ...systemContext(t.deps, { type: 'system', job: 'test' }), ip }, { email, password }).then(
    () => 'ok',
    (error: { code?: string }) => error.code,
  )

test('of 100 tries at the same moment, over two copies of the server, no more than the limit reach the password', async () => {
  const { email } = await signUp(t)
  await using copy = await createTestApp({ databaseUrl: t.databaseUrl, clock: t.clock })
  const codes = await Promise.all(
    Array.from({ length: 100 }, (_, i) =>
      failure((i % 2 ? t : copy).forge().auth.signIn({ email, password: `guess number ${i}` })),
    ),
  )
  const reached = codes.filter((code) => code === 'AUTH_INVALID_CREDENTIALS').length
  expect(reached).toBe(limitRules['sign-in:account+ip'].points)
  expect(codes.filter((code) => code === 'AUTH_RATE_LIMITED')).toHaveLength(100 - reached)
})

test('forged forwarding headers change nothing', async () => {
  const { email } = await signUp(t)
  const codes: (string | undefined)[] = []
  for (let i = 0; i < 15; i++) {
    const address = `203.0.113.${i}`
    const response = await rawCall(
      t,
      'auth.signIn',
      { email, password: 'wrong password' },
      {
        'x-forwarded-for': address,
        'x-real-ip': address,
        'cf-connecting-ip': address,
        forwarded: `for=${address}`,
        'x-devforge-client-ip': address,
      },
    )
    codes.push(await codeOf(response))
  }
  expect(codes.slice(0, 10)).toEqual(Array(10).fill('AUTH_INVALID_CREDENTIALS'))
  expect(codes.slice(10)).toEqual(Array(5).fill('AUTH_RATE_LIMITED'))
})

test('many addresses together cannot guess on at one account; its owner stays in where signed in', async () => {
  const owner = await signUp(t, { email: 'victim@example.com' })
  await owner.forge.auth.verifyEmail({ token: await mailedToken(t, owner.email, 'verify-email') })
  const { points } = limitRules['sign-in:account']
  const codes = []
  for (let i = 0; i < points + 20; i++) {
    codes.push(await tryFrom(`198.51.100.${i}`, owner.email, 'wrong password'))
  }
  expect(codes.filter((code) => code === 'AUTH_INVALID_CREDENTIALS').length).toBeLessThanOrEqual(points)
  expect(codes.at(-1)).toBe('AUTH_RATE_LIMITED')
  // An attacker elsewhere learns nothing even with the right password; at home (where a session lives) it opens.
  expect(await tryFrom('198.51.100.200', owner.email, owner.password)).toBe('AUTH_RATE_LIMITED')
  expect(await tryFrom('127.0.0.1', owner.email, owner.password)).toBe('ok')
  // A claim on the address from the attacker's place does not make it such a home.
  const attacker = t.forge()
  await attacker.auth.signUp({ email: owner.email, password: 'password of attacker', name: 'X' })
  await t.deps.sql`update sessions set ip_address = '198.51.100.201' where user_id in
    (select id from users where claimed_email = ${owner.email})`
  expect(await tryFrom('198.51.100.201', owner.email, 'wrong password')).toBe('AUTH_RATE_LIMITED')
})

test('nobody is shut out for good: the window passes', async () => {
  const { email, password } = await signUp(t)
  for (let i = 0; i < 12; i++) await failure(t.forge().auth.signIn({ email, password: 'wrong password' }))
  expect(await failure(t.forge().auth.signIn({ email, password }))).toBe('AUTH_RATE_LIMITED')
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 15 * 60_000 + 1_000 })
  try {
    // A copy that was just started: the blocks in this process's memory end by timers, which are not moved here.
    await using later = await createTestApp({ databaseUrl: t.databaseUrl })
    expect((await later.forge().auth.signIn({ email, password })).user.email).toBe(email)
  } finally {
    vi.useRealTimers()
  }
})

test('sign-up, mails and links are limited, too', async () => {
  const email = 'often@example.com'
  for (let i = 0; i < limitRules['sign-up:account'].points; i++) {
    await t.forge().auth.signUp({ email, password: 'correct horse', name: 'X' })
  }
  expect(await failure(t.forge().auth.signUp({ email, password: 'correct horse', name: 'X' }))).toBe(
    'AUTH_RATE_LIMITED',
  )
  for (const address of [email, 'unknown@example.com']) {
    for (let i = 0; i < limitRules['mail:account'].points; i++) {
      await t.forge().auth.requestPasswordReset({ email: address })
    }
    expect(await failure(t.forge().auth.requestPasswordReset({ email: address }))).toBe('AUTH_RATE_LIMITED')
  }
  const codes = await Promise.all(
    Array.from({ length: limitRules['link:ip'].points + 5 }, (_, i) =>
      failure(t.forge().auth.verifyEmail({ token: `guess-of-a-token-${i}` })),
    ),
  )
  expect(codes.filter((code) => code === 'AUTH_RATE_LIMITED').length).toBeGreaterThanOrEqual(5)
})

test('counters are shared, hold no addresses, and survive a database that is away', async () => {
  const rows = await t.deps.sql`select key from rate_limits`
  expect(rows.length).toBeGreaterThan(5)
  expect(JSON.stringify(rows)).not.toMatch(/@|127\.0\.0\.1|198\.51/)

  const broken = createLimits({
    unsafe: () => Promise.reject(new Error('away')),
  } as unknown as typeof t.deps.sql)
  const { points } = limitRules['sign-in:account+ip']
  for (let i = 0; i < points; i++) expect(await broken.attempt('sign-in:account+ip', 'x')).toBeNull()
  expect(await broken.attempt('sign-in:account+ip', 'x')).toBeGreaterThan(0)
})

test('an IPv6 subscriber is one place', () => {
  expect(networkOf('2001:db8:1:2:aaaa::1')).toBe(networkOf('2001:0db8:0001:0002:ffff:ffff:ffff:ffff'))
  expect(networkOf('2001:db8:1:3::1')).not.toBe(networkOf('2001:db8:1:2::1'))
  expect(networkOf('::1')).toBe('0:0:0:0::/64')
  expect(networkOf('::ffff:192.0.2.1')).toBe('192.0.2.1')
  expect(networkOf('192.0.2.1')).toBe('192.0.2.1')
})
