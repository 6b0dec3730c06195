import { afterAll, beforeAll, expect, test } from 'vitest'
import { codeOf, rawCall } from '../auth/support.ts'
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

test('shows and changes the own account; what is not given stays, null empties', async () => {
  const { forge, id, email } = await signUp(t)
  expect(await forge.users.me()).toMatchObject({
    id,
    email,
    name: 'Ada Lovelace',
    avatarUrl: null,
    locale: null,
    role: 'customer',
    twoFactorEnabled: false,
  })
  await forge.users.update({ name: ' Ada K. ', avatarUrl: 'https://example.com/ada.png', locale: 'de-AT' })
  expect(await forge.users.update({ locale: null })).toMatchObject({
    name: 'Ada K.',
    avatarUrl: 'https://example.com/ada.png',
    locale: null,
  })
})

test('bad values are refused and change nothing', async () => {
  const { forge } = await signUp(t)
  const bad = [
    {},
    { name: '' },
    { name: 'x'.repeat(101) },
    { name: 'a\u0000b' },
    { avatarUrl: 'http://example.com/ada.png' },
    { avatarUrl: 'javascript:alert(1)' },
    { avatarUrl: 'data:image/svg+xml,<svg onload=alert(1)>' },
    { avatarUrl: `https://example.com/${'x'.repeat(2_000)}` },
    { locale: 'a language' },
    { locale: 'x'.repeat(40) },
  ]
  const before = await forge.users.me()
  for (const input of bad) {
    expect(await failure(forge.users.update(input)), JSON.stringify(input)).toBe('INVALID_INPUT')
  }
  expect(await forge.users.me()).toEqual(before)
})

test('nobody promotes themselves: members that are not theirs to set are refused', async () => {
  const { forge, id } = await signUp(t)
  const authorization = `Bearer ${(await forge.session.current())?.accessToken}`
  const grabs = {
    role: 'admin',
    emailVerified: true,
    email: 'other@example.com',
    banned: false,
    banReason: null,
    twoFactorEnabled: false,
    stripeCustomerId: 'cus_other',
    claimedEmail: null,
    erasedAt: null,
    id: 'usr_other',
    userId: 'usr_other',
    createdAt: '2000-01-01',
    image: 'https://example.com/x.png',
    __proto__x: 1,
  }
  for (const [member, value] of Object.entries(grabs)) {
    const response = await rawCall(t, 'users.update', { name: 'Ada', [member]: value }, { authorization })
    expect(await codeOf(response), member).toBe('INVALID_INPUT')
  }
  const polluted = await t.fetch('http://devforge.test/trpc/users.update', {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization },
    body: '{"json":{"name":"Ada","__proto__":{"role":"admin"},"constructor":{"prototype":{"role":"admin"}}}}',
  })
  expect(polluted.status).toBe(400)
  expect(({} as { role?: string }).role).toBeUndefined()
  const [row] = await t.deps.sql`select role, email_verified, name from users where id = ${id}`
  expect(row).toEqual({ role: 'customer', email_verified: false, name: 'Ada Lovelace' })
})

test('the export holds everything about the person and nothing secret or of others', async () => {
  const admin = await signUp(t, { role: 'admin' })
  const { forge, id, email } = await signUp(t)
  const other = await signUp(t)
  const { license, key } = await admin.forge.licenses.issue({ userId: id, plan: 'pro', reason: 'a gift' })
  await forge.licenses.activate({ key, fingerprint: 'machine-1', deviceName: 'Laptop of Ada' })
  const { token, id: tokenId } = await forge.auth.createApiToken({ name: 'CI', scopes: ['read'] })
  await admin.forge.licenses.issue({ userId: other.id, plan: 'pro', reason: 'another gift' })
  await forge.auth.changePassword({ password: 'x', newPassword: 'correct horse' }).catch(() => undefined)

  const data = await forge.users.exportData()
  expect(data.account).toMatchObject({ id, email })
  expect(data.signIns).toMatchObject([{ provider: 'credential' }])
  expect(data.sessions).toHaveLength(1)
  expect(data.apiTokens).toMatchObject([{ id: tokenId, name: 'CI' }])
  expect(data.licenses).toMatchObject([{ id: license.id, planSlug: 'pro' }])
  expect(data.devices).toMatchObject([{ name: 'Laptop of Ada' }])
  expect(data.licenseEvents.length).toBeGreaterThan(0)
  expect(data.history).toMatchObject([{ action: 'user.api_token_created' }])
  const text = JSON.stringify(data)
  for (const secret of [token, key, (await forge.session.current())?.sessionToken, other.id, other.email]) {
    expect(text).not.toContain(secret)
  }
  expect(text).not.toMatch(/argon2|hash|sealed/i)
})
