import { expect, test } from 'vitest'
import { createTestApp } from '../support/app.ts'
import { mailedToken } from './support.ts'

test('signs up, proves the address, signs out and in again', async () => {
  await using t = await createTestApp()
  const forge = t.forge()
  const grant = await forge.auth.signUp({
    email: ' Ada@Example.com ',
    password: 'correct horse',
    name: ' Ada ',
  })
  expect(grant.user).toMatchObject({
    email: 'ada@example.com',
    name: 'Ada',
    emailVerified: false,
    role: 'customer',
  })
  const token = await mailedToken(t, 'ada@example.com', 'verify-email')
  expect(await forge.auth.verifyEmail({ token })).toEqual({ ok: true, joined: false })
  expect((await forge.auth.refresh()).user.emailVerified).toBe(true)
  await forge.auth.signOut()
  expect(await forge.session.current()).toBeNull()

  const again = await forge.auth.signIn({ email: 'ADA@example.com', password: 'correct horse' })
  expect(again.user.id).toBe(grant.user.id)
  const { items } = await forge.auth.sessions()
  expect(items).toHaveLength(1)
  expect(items[0]).toMatchObject({ current: true })
})

test('a new verification mail can be asked for; its token works once, for 24 hours', async () => {
  await using t = await createTestApp()
  const forge = t.forge()
  await forge.auth.signUp({ email: 'ada@example.com', password: 'correct horse', name: 'Ada' })
  const first = await mailedToken(t, 'ada@example.com', 'verify-email')
  t.clock.advance(24 * 3_600_000 + 1_000)
  await expect(forge.auth.verifyEmail({ token: first })).rejects.toMatchObject({ code: 'AUTH_TOKEN_INVALID' })

  await forge.auth.sendVerification({ email: 'ada@example.com' })
  const second = await mailedToken(t, 'ada@example.com', 'verify-email')
  expect(second).not.toBe(first)
  await forge.auth.verifyEmail({ token: second })
  await expect(forge.auth.verifyEmail({ token: second })).rejects.toMatchObject({
    code: 'AUTH_TOKEN_INVALID',
  })
})

test('of two uses of a token at the same moment, one counts', async () => {
  await using t = await createTestApp()
  const forge = t.forge()
  await forge.auth.signUp({ email: 'ada@example.com', password: 'correct horse', name: 'Ada' })
  const token = await mailedToken(t, 'ada@example.com', 'verify-email')
  const uses = await Promise.allSettled(
    Array.from({ length: 8 }, () => t.forge().auth.verifyEmail({ token })),
  )
  expect(uses.filter((use) => use.status === 'fulfilled')).toHaveLength(1)
})

test('five sign-ups with one address at once make five accounts, one of which holds it', async () => {
  await using t = await createTestApp()
  const grants = await Promise.allSettled(
    Array.from({ length: 5 }, () =>
      t.forge().auth.signUp({ email: 'rush@example.com', password: 'correct horse', name: 'Rush' }),
    ),
  )
  expect(grants.map((grant) => grant.status)).toEqual(Array(5).fill('fulfilled'))
  const [held] = await t.deps.sql`select count(*)::int from users where email = 'rush@example.com'`
  const [claims] = await t.deps.sql`select count(*)::int from users where claimed_email = 'rush@example.com'`
  expect([held?.count, claims?.count]).toEqual([1, 4])
})
