import { createPasswords, OWASP_COST, TEST_COST } from '@devforge/server/crypto/passwords'
import { expect, test } from 'vitest'
import { createTestApp } from '../support/app.ts'
import { signUp } from '../support/people.ts'

const passwords = createPasswords(TEST_COST)

test('a hash fits its password and no other; no hash fits none', async () => {
  const hash = await passwords.hash('correct horse')
  expect(await passwords.verify(hash, 'correct horse')).toBe(true)
  expect(await passwords.verify(hash, 'correct horsf')).toBe(false)
  expect(await passwords.verify(null, 'correct horse')).toBe(false)
  expect(await passwords.hash('correct horse')).not.toBe(hash)
})

test('production takes the strength that OWASP recommends', async () => {
  const strong = createPasswords(OWASP_COST)
  const hash = await strong.hash('correct horse')
  expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  // Strength is read from the hash: either side checks the other's.
  expect(await passwords.verify(hash, 'correct horse')).toBe(true)
  expect(strong.isOutdated(await passwords.hash('x'))).toBe(true)
  expect(strong.isOutdated(hash)).toBe(false)
})

test('hashing leaves the event loop free, and too many at once are refused rather than queued', async () => {
  const strong = createPasswords(OWASP_COST)
  let ticks = 0
  const timer = setInterval(() => ticks++, 1)
  await Promise.all(Array.from({ length: 6 }, () => strong.hash('correct horse')))
  clearInterval(timer)
  expect(ticks).toBeGreaterThan(20)

  const flood = await Promise.allSettled(Array.from({ length: 400 }, () => passwords.hash('x')))
  const refused = flood.filter((result) => result.status === 'rejected')
  expect(refused.length).toBeGreaterThan(100)
  expect(refused[0]).toMatchObject({ reason: { code: 'UNAVAILABLE' } })
  // And it goes on afterwards.
  expect(await passwords.verify(await passwords.hash('y'), 'y')).toBe(true)
})

test('a hash of older strength is renewed at the next sign-in', async () => {
  await using t = await createTestApp()
  const { id, email, password } = await signUp(t)
  t.deps.passwords = createPasswords({ memoryKib: 128, passes: 1 })
  await t.forge().auth.signIn({ email, password })
  const [row] = await t.deps.sql`select password from accounts where user_id = ${id}`
  expect(row?.password).toContain('m=128,')
  await t.forge().auth.signIn({ email, password })
})
