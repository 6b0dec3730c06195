import { newId } from '@devforge/db'
import { memorySessionStore } from '@devforge/sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { mailedToken } from '../auth/support.ts'
import { createTestApp, type TestApp } from '../support/app.ts'
import { failure } from '../support/errors.ts'
import { type Person, signUp } from '../support/people.ts'

// What becomes of publishers when somebody goes.

let t: TestApp
beforeAll(async () => {
  t = await createTestApp()
})
afterAll(async () => {
  await t[Symbol.asyncDispose]()
})

const create = (person: Person, name: string) =>
  person.forge.call('marketplace.createPublisher', 'mutation', { name, displayName: 'Some Authors' })
const add = (person: Person, publisher: string, userId: string, role: 'owner' | 'member') =>
  person.forge.call('marketplace.addMember', 'mutation', { publisher, userId, role })
const removePublisher = (person: Person, publisher: string) =>
  person.forge.call('marketplace.removePublisher', 'mutation', { publisher, reason: 'no more time for it' })
const leave = (person: Person) => person.forge.users.deleteAccount({ password: person.password })
const membersOf = (publisher: string) => t.deps.sql`
  select m.user_id, m.role from publisher_members m join publishers p on p.id = m.publisher_id
  where p.name_key = ${publisher} order by m.user_id`

/** An extension as the publishing transaction leaves it, as far as publishers look. */
async function extensionOf(publisherId: string, identifier: string): Promise<string> {
  const id = newId('ext')
  await t.deps.sql`
    insert into extensions (id, publisher_id, name, identifier, status, display_name)
    values (${id}, ${publisherId}, ${identifier.split('.')[1] ?? ''}, ${identifier}, 'published', 'X')`
  return id
}

test('a removed publisher is a tombstone: gone for everybody, its name for ever', async () => {
  const ada = await signUp(t)
  const { id } = await create(ada, 'short-lived')
  const extensionId = await extensionOf(id, 'short-lived.hello')
  const bob = await signUp(t)
  expect(await failure(removePublisher(bob, 'short-lived'))).toBe('PUBLISHER_FORBIDDEN')
  await add(ada, 'short-lived', bob.id, 'member')
  expect(await failure(removePublisher(bob, 'short-lived'))).toBe('PUBLISHER_FORBIDDEN')
  expect(await removePublisher(ada, 'short-lived')).toEqual({ removed: true, extensions: 1 })

  const [extension] = await t.deps.sql`
    select status, removed_reason from extensions where id = ${extensionId}`
  expect(extension).toEqual({ status: 'removed', removed_reason: 'no more time for it' })
  expect(await failure(t.forge().call('marketplace.publisher', 'query', { name: 'short-lived' }))).toBe(
    'PUBLISHER_NOT_FOUND',
  )
  expect(await failure(removePublisher(ada, 'short-lived'))).toBe('PUBLISHER_FORBIDDEN')
  expect((await ada.forge.call('marketplace.publishers', 'query', {})).items).toEqual([])
  for (const person of [ada, bob]) {
    expect(await failure(create(person, 'ShortLived'))).toBe('PUBLISHER_TAKEN')
  }
  await t.drain()
  expect((await t.mails(ada.email)).map((mail) => mail.subject)).toContain(
    'The publisher short-lived was removed',
  )
})

test('an account does not go while others rely on a publisher that it alone owns', async () => {
  const [ada, bob] = await Promise.all([signUp(t), signUp(t)])
  const { id } = await create(ada, 'relied-on')
  await extensionOf(id, 'relied-on.hello')
  await create(ada, 'with-company')
  await add(ada, 'with-company', bob.id, 'member')
  await create(ada, 'empty-one')
  await create(ada, 'shared-one')
  await add(ada, 'shared-one', bob.id, 'owner')
  await expect(leave(ada)).rejects.toMatchObject({
    code: 'PUBLISHER_SOLE_OWNER',
    details: { publishers: ['relied-on', 'with-company'] },
  })
  // Nothing happened: the account and all its publishers are as they were.
  expect(await ada.forge.users.me()).toMatchObject({ id: ada.id })
  expect((await ada.forge.call('marketplace.publishers', 'query', {})).items).toHaveLength(4)

  await add(ada, 'with-company', bob.id, 'owner')
  await removePublisher(ada, 'relied-on')
  await leave(ada)
  expect(await membersOf('with-company')).toEqual([{ user_id: bob.id, role: 'owner' }])
  expect(await membersOf('shared-one')).toEqual([{ user_id: bob.id, role: 'owner' }])
  const [empty] = await t.deps.sql`select status from publishers where name_key = 'empty-one'`
  expect(empty).toEqual({ status: 'removed' })
  const left = await t.deps.sql`select 1 from publisher_members where user_id = ${ada.id}`
  expect(left).toHaveLength(0)
})

test('two owners who delete their accounts at once leave one of them', async () => {
  const [ada, bob] = await Promise.all([signUp(t), signUp(t)])
  const { id } = await create(ada, 'both-leave')
  await extensionOf(id, 'both-leave.hello')
  await add(ada, 'both-leave', bob.id, 'owner')
  const results = await Promise.allSettled([leave(ada), leave(bob)])
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  expect(results.find(({ status }) => status === 'rejected')).toMatchObject({
    reason: { code: 'PUBLISHER_SOLE_OWNER' },
  })
  expect(await membersOf('both-leave')).toHaveLength(1)
})

test('two accounts of one person are joined with their memberships, the stronger role stays', async () => {
  const ada = await signUp(t, { email: 'join-me@example.com' })
  await ada.forge.auth.verifyEmail({ token: await mailedToken(t, ada.email, 'verify-email') })
  const again = await signUp(t, { email: 'join-me@example.com' })
  const carol = await signUp(t)
  await create(again, 'made-in-shadow')
  await create(carol, 'known-to-both')
  await add(carol, 'known-to-both', ada.id, 'member')
  await add(carol, 'known-to-both', again.id, 'owner')
  await t.forge().auth.verifyEmail({ token: await mailedToken(t, ada.email, 'verify-email') })
  expect(await membersOf('made-in-shadow')).toEqual([{ user_id: ada.id, role: 'owner' }])
  expect(await membersOf('known-to-both')).toEqual(
    [
      { user_id: ada.id, role: 'owner' },
      { user_id: carol.id, role: 'owner' },
    ].sort((a, b) => a.user_id.localeCompare(b.user_id)),
  )
  const exported = await ada.forge.users.exportData()
  expect(exported.publishers.map(({ name, role }) => [name, role])).toEqual([
    ['known-to-both', 'owner'],
    ['made-in-shadow', 'owner'],
  ])
})

test('an admin who acts as somebody neither removes their publisher nor touches its members', async () => {
  const [ada, admin] = [await signUp(t), await signUp(t, { role: 'admin' })]
  await create(ada, 'not-for-staff')
  const grant = await admin.forge.admin.impersonate({ userId: ada.id, reason: 'a ticket' })
  const session = memorySessionStore({
    sessionToken: grant.sessionToken,
    accessToken: grant.accessToken,
    accessTokenExpiresAtMs: grant.accessTokenExpiresAt.getTime(),
    user: grant.user,
  })
  const asAda = { ...ada, forge: t.forge({ session }) }
  expect(await failure(removePublisher(asAda, 'not-for-staff'))).toBe('FORBIDDEN')
  expect(await failure(add(asAda, 'not-for-staff', admin.id, 'owner'))).toBe('FORBIDDEN')
})
