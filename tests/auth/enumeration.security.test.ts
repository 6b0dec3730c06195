import { createPasswords } from '@devforge/server/crypto/passwords'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { signUp } from '../support/people.ts'
import { mailedToken, median, rawCall } from './support.ts'

// Login, sign-up, reset and verification answer alike for known and unknown addresses, in time as well. Asking in turns, so
// that whatever else the machine does touches both sides alike. Limits are lifted here: they count per address of the caller.

const SAMPLES = 200
/** Up to a thousand requests in turns, on a machine that may be busy. */
const TIMEOUT_MS = 120_000
/** Medians of two equal series of this length differ by far less; one more query or hash would differ by more. */
const NOISE = 0.15

let t: TestApp
beforeAll(async () => {
  t = await createTestApp({ env: { REQUESTS_PER_MINUTE: '0' } })
  // A hash that takes a good part of the request, as in production: one more or less must show.
  t.deps.passwords = createPasswords({ memoryKib: 1_024, passes: 2 })
  t.deps.limits.consume = async () => {}
  t.deps.limits.attempt = async () => null
})
afterAll(async () => {
  await t[Symbol.asyncDispose]()
})

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await work()
  return performance.now() - started
}

/** Measures both in turns. @returns their medians in milliseconds, and how far apart they are as a share of the greater */
async function compare(known: () => Promise<unknown>, unknown: () => Promise<unknown>, samples = SAMPLES) {
  for (let i = 0; i < 20; i++) {
    await known()
    await unknown()
  }
  const times = { known: [] as number[], unknown: [] as number[] }
  for (let i = 0; i < samples; i++) {
    const order = [['known', known] as const, ['unknown', unknown] as const]
    for (const [name, work] of i % 2 ? order : order.reverse()) times[name].push(await timed(work))
  }
  const [a, b] = [median(times.known), median(times.unknown)]
  return { a, b, apart: Math.abs(a - b) / Math.max(a, b) }
}

async function expectAlike(known: () => Promise<unknown>, unknown: () => Promise<unknown>) {
  const { a, b, apart } = await compare(known, unknown)
  expect(apart, `medians: known ${a.toFixed(2)} ms, unknown ${b.toFixed(2)} ms`).toBeLessThan(NOISE)
}

test('the measure would see an address for which no hash is done', { timeout: TIMEOUT_MS }, async () => {
  const { forge, email } = await signUp(t)
  await forge.auth.verifyEmail({ token: await mailedToken(t, email, 'verify-email') })
  const { verify } = t.deps.passwords
  t.deps.passwords.verify = async (hash, password) => hash !== null && verify(hash, password)
  try {
    const { apart } = await compare(tryWith(email), tryWith('unknown@example.com'), 60)
    expect(apart).toBeGreaterThan(NOISE)
  } finally {
    t.deps.passwords.verify = verify
  }
})

const tryWith = (email: string) => () => rawCall(t, 'auth.signIn', { email, password: 'wrong password' })

test('signing in', { timeout: TIMEOUT_MS }, async () => {
  const { forge, email } = await signUp(t)
  await forge.auth.verifyEmail({ token: await mailedToken(t, email, 'verify-email') })
  await expectAlike(tryWith(email), tryWith('unknown@example.com'))
})

test('signing up', { timeout: TIMEOUT_MS }, async () => {
  const { forge, email } = await signUp(t)
  await forge.auth.verifyEmail({ token: await mailedToken(t, email, 'verify-email') })
  let i = 0
  const as = (address: () => string) => async () => {
    const response = await rawCall(t, 'auth.signUp', {
      email: address(),
      password: 'correct horse',
      name: 'X',
    })
    expect(response.status).toBe(200)
  }
  await expectAlike(
    as(() => email),
    as(() => `fresh-${i++}@example.com`),
  )
})

test('asking for a reset or a verification mail', { timeout: TIMEOUT_MS }, async () => {
  const { email } = await signUp(t)
  for (const procedure of ['auth.requestPasswordReset', 'auth.sendVerification']) {
    const ask = (address: string) => async () => {
      const response = await rawCall(t, procedure, { email: address })
      expect(await response.json()).toEqual({ result: { data: { json: { ok: true } } } })
    }
    await expectAlike(ask(email), ask('unknown@example.com'))
  }
})
