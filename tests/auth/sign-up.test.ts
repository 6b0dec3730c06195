import { expect, test } from 'vitest'
import { createTestApp } from '../support/app.ts'

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
  expect(await t.drain()).toEqual([])
  const [mail] = await t.mails('ada@example.com')
  const token = /verify-email\?token=([\w-]+)/.exec(mail?.text ?? '')?.[1] ?? ''
  expect(await forge.auth.verifyEmail({ token })).toEqual({ ok: true, joined: false })
  expect((await forge.auth.refresh()).user.emailVerified).toBe(true)
  await forge.auth.signOut()
  expect(await forge.session.current()).toBeNull()
  const again = await forge.auth.signIn({ email: 'ada@example.com', password: 'correct horse' })
  expect(again.user.id).toBe(grant.user.id)
  const { items } = await forge.auth.sessions()
  expect(items).toHaveLength(1)
  expect(items[0]).toMatchObject({ current: true })
})
