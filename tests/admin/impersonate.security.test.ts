import { memorySessionStore } from '@devforge/sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { failure } from '../support/errors.ts'
import { type Person, signUp } from '../support/people.ts'

let t: TestApp
let admin: Person
beforeAll(async () => {
  t = await createTestApp()
  admin = await signUp(t, { role: 'admin' })
})
afterAll(async () => {
  await t[Symbol.asyncDispose]()
})

async function as(person: Person) {
  const grant = await admin.forge.admin.impersonate({ userId: person.id, reason: 'ticket 4711' })
  return t.forge({
    session: memorySessionStore({
      sessionToken: grant.sessionToken,
      accessToken: grant.accessToken,
      accessTokenExpiresAtMs: grant.accessTokenExpiresAt.getTime(),
      user: grant.user,
    }),
  })
}

test('an admin sees what a person sees, for half an hour, and it is written down', async () => {
  const person = await signUp(t)
  const forge = await as(person)
  expect((await forge.users.me()).id).toBe(person.id)
  await forge.users.update({ name: 'Changed for them' })
  const { items } = await admin.forge.admin.audit({ subject: person.id })
  expect(items).toMatchObject([
    { action: 'user.impersonated', actor: `admin:${admin.id}`, reason: 'ticket 4711' },
  ])
  // The person does not see it as a session of theirs.
  expect((await person.forge.auth.sessions()).items).toHaveLength(1)
  t.clock.advance(29 * 60_000)
  await forge.auth.refresh()
  t.clock.advance(60_000 + 1_000)
  expect(await failure(forge.users.me())).toBe('AUTH_SESSION_ENDED')
})

test('never of an admin, not even one who became one meanwhile', async () => {
  const other = await signUp(t, { role: 'admin' })
  expect(await failure(admin.forge.admin.impersonate({ userId: other.id, reason: 'x' }))).toBe('FORBIDDEN')
  expect(await failure(admin.forge.admin.impersonate({ userId: admin.id, reason: 'x' }))).toBe('FORBIDDEN')
  const person = await signUp(t)
  const forge = await as(person)
  await admin.forge.admin.setRole({ userId: person.id, role: 'admin', reason: 'x' })
  expect(await failure(forge.admin.users())).toBe('AUTH_SESSION_ENDED')
})

test('it cannot pay, leave, take data away, or make itself a way in that lasts', async () => {
  const person = await signUp(t)
  const forge = await as(person)
  const { password } = person
  const device = await t.forge().auth.startDevice()
  const refused = [
    forge.users.deleteAccount({ password }),
    forge.users.exportData(),
    forge.auth.changePassword({ password, newPassword: 'a new password' }),
    forge.auth.enableTotp({ password }),
    forge.auth.disableTotp({ password }),
    forge.auth.createApiToken({ name: 'CI', scopes: ['read'] }),
    forge.auth.deviceRequest({ userCode: device.userCode }),
    forge.auth.approveDevice({ userCode: device.userCode }),
  ]
  const codes = await Promise.all(refused.map(failure))
  expect(codes).toEqual(codes.map(() => 'FORBIDDEN'))
  const pay = forge.payments.createCheckout({
    item: { plan: 'pro' },
    successUrl: 'http://devforge.test/ok',
    cancelUrl: 'http://devforge.test/no',
  })
  expect(await failure(pay)).toBe('FORBIDDEN')
})

test('what is done in it carries both names', async () => {
  const person = await signUp(t)
  const forge = await as(person)
  const { items } = await forge.auth.sessions()
  expect(items).toHaveLength(1)
  const { license, key } = await admin.forge.licenses.issue({
    userId: person.id,
    plan: 'pro',
    reason: 'a gift',
  })
  const { device } = await t.forge().licenses.activate({ key, fingerprint: 'a machine of theirs' })
  await forge.licenses.renameDevice({ deviceId: device.id, name: 'Studio' })
  const [event] = await t.deps.sql`
    select actor from license_events where license_id = ${license.id} order by id desc limit 1`
  expect(event?.actor).toBe(`admin:${admin.id}:as:${person.id}`)
})
