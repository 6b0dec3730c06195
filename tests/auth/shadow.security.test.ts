import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { type Person, signUp } from '../support/people.ts'
import { mailedToken } from './support.ts'

// An address that somebody has already: nothing may tell, and its owner must lose nothing.

let t: TestApp
let admin: Person
beforeAll(async () => {
  t = await createTestApp()
  admin = await signUp(t, { role: 'admin' })
})
afterAll(async () => {
  await t[Symbol.asyncDispose]()
})

async function provenAccount(email: string, password: string) {
  const forge = t.forge()
  const { user } = await forge.auth.signUp({ email, password, name: 'Owner' })
  await forge.auth.verifyEmail({ token: await mailedToken(t, email, 'verify-email') })
  return { forge, id: user.id, email, password }
}

/** What tells of a person, without what differs between any two. */
function shapeOf(grant: { user: object; accessToken: string; sessionToken: string }) {
  const { id, createdAt, email, ...user } = grant.user as Record<string, unknown>
  return {
    user,
    id: typeof id,
    createdAt: createdAt instanceof Date,
    tokens: [grant.accessToken.split('.').length, grant.sessionToken.length],
    keys: Object.keys(grant).sort(),
  }
}

test('signing up with a known address answers like any sign-up, and so does everything after it', async () => {
  const owner = await provenAccount('known@example.com', 'the password of the owner')
  const stranger = t.forge()
  const known = await stranger.auth.signUp({
    email: owner.email,
    password: 'a guess of a stranger',
    name: 'X',
  })
  const fresh = await t
    .forge()
    .auth.signUp({ email: 'fresh@example.com', password: 'a guess of a stranger', name: 'X' })
  expect(shapeOf(known)).toEqual(shapeOf(fresh))
  expect(known.user.email).toBe(owner.email)
  expect(known.user.id).not.toBe(owner.id)
  expect((await stranger.users.me()).email).toBe(owner.email)
  expect((await stranger.users.exportData()).account.email).toBe(owner.email)
  expect((await stranger.auth.refresh()).user).toMatchObject({ email: owner.email, emailVerified: false })

  // Both can sign in, each to the own account.
  const asStranger = await t.forge().auth.signIn({ email: owner.email, password: 'a guess of a stranger' })
  expect(asStranger.user.id).toBe(known.user.id)
  const asOwner = await t.forge().auth.signIn({ email: owner.email, password: owner.password })
  expect(asOwner.user.id).toBe(owner.id)
})

test('two sign-ups tell nothing either: of all claims, the newest signs in, whether or not the address was free', async () => {
  const owner = await provenAccount('twice-known@example.com', 'the password of the owner')
  for (const email of [owner.email, 'twice-fresh@example.com']) {
    await t.forge().auth.signUp({ email, password: 'first password', name: 'X' })
    await t.forge().auth.signUp({ email, password: 'second password', name: 'X' })
    await expect(t.forge().auth.signIn({ email, password: 'first password' })).rejects.toMatchObject({
      code: 'AUTH_INVALID_CREDENTIALS',
    })
    await t.forge().auth.signIn({ email, password: 'second password' })
  }
})

test('the owner is told by mail, and the link joins the new account into the old one', async () => {
  const owner = await provenAccount('join@example.com', 'the password of the owner')
  const again = t.forge()
  const { user } = await again.auth.signUp({
    email: owner.email,
    password: 'forgot that I had one',
    name: 'Me',
  })
  const { license } = await admin.forge.licenses.issue({ userId: user.id, plan: 'pro', reason: 'a gift' })
  const token = await mailedToken(t, owner.email, 'verify-email')
  const subjects = (await t.mails(owner.email)).map((mail) => mail.subject)
  expect(subjects).toContain('You already have a Dev Forge account')

  expect(await t.forge().auth.verifyEmail({ token })).toEqual({ ok: true, joined: true })
  await expect(again.users.me()).rejects.toMatchObject({ code: 'AUTH_SESSION_ENDED' })
  const [moved] = await t.deps.sql`select user_id from licenses where id = ${license.id}`
  expect(moved?.user_id).toBe(owner.id)
  const events = await t.deps
    .sql`select type, before, after from license_events where license_id = ${license.id} order by id`
  expect(events.at(-1)).toEqual({
    type: 'license.owner_joined',
    before: { userId: user.id },
    after: { userId: owner.id },
  })
  const [closed] = await t.deps.sql`select email, claimed_email, erased_at from users where id = ${user.id}`
  expect(closed).toMatchObject({ email: `erased+${user.id}@devforge.invalid`, claimed_email: null })
  expect(closed?.erased_at).not.toBeNull()
  // The old password of the new account opens nothing.
  await expect(
    t.forge().auth.signIn({ email: owner.email, password: 'forgot that I had one' }),
  ).rejects.toMatchObject({ code: 'AUTH_INVALID_CREDENTIALS' })
  expect((await owner.forge.users.me()).id).toBe(owner.id)
})

test('who signs up with an address of somebody else first does not get it: the one who proves it does', async () => {
  const squatter = t.forge()
  const squat = await squatter.auth.signUp({
    email: 'mine@example.com',
    password: 'password of squatter',
    name: 'S',
  })
  await t.drain()
  const person = t.forge()
  const { user } = await person.auth.signUp({
    email: 'mine@example.com',
    password: 'password of person',
    name: 'P',
  })
  await person.auth.verifyEmail({ token: await mailedToken(t, 'mine@example.com', 'verify-email') })
  expect(await person.users.me()).toMatchObject({
    id: user.id,
    email: 'mine@example.com',
    emailVerified: true,
  })
  const [holder] = await t.deps.sql`select id from users where email = 'mine@example.com'`
  expect(holder?.id).toBe(user.id)
  // The squatter keeps an account, which looks as before and is a claim like any other.
  expect(await squatter.users.me()).toMatchObject({
    id: squat.user.id,
    email: 'mine@example.com',
    emailVerified: false,
  })
})

test('a license that was given to an address waits there for whoever proves it', async () => {
  const { license } = await admin.forge.licenses.issue({
    email: 'gift@example.com',
    plan: 'pro',
    reason: 'a gift',
  })
  const person = t.forge()
  const { user } = await person.auth.signUp({
    email: 'gift@example.com',
    password: 'correct horse',
    name: 'Gina',
  })
  await person.auth.verifyEmail({ token: await mailedToken(t, 'gift@example.com', 'verify-email') })
  const [moved] = await t.deps.sql`select user_id from licenses where id = ${license.id}`
  expect(moved?.user_id).toBe(user.id)
})

test('every table that names a person is either moved by a join or deliberately left', async () => {
  const rows = await t.deps.sql`
    select distinct c.conrelid::regclass::text as table from pg_constraint c
    where c.contype = 'f' and c.confrelid = 'users'::regclass order by 1`
  expect(rows.map((row) => row.table)).toEqual([
    // Moved, but for a second open report of one extension.
    'abuse_reports',
    // Ends with the account.
    'accounts',
    'api_tokens',
    // Moved.
    'appeals',
    // Moved.
    'article_deflections',
    'article_feedback',
    // Of staff: on record as they were.
    'article_versions',
    'articles',
    // Moved.
    'checkouts',
    'device_codes',
    // Moved.
    'extension_users',
    'extension_versions',
    'idempotency_keys',
    'invoices',
    'licenses',
    'payments',
    'publisher_members',
    // Moved; where both accounts have one, the first one's goes.
    'ratings',
    // Of staff.
    'refund_requests',
    'review_flags',
    // Hang on ratings; whoever answered or hid one is on record as they were.
    'reviews',
    'sessions',
    // Moved.
    'submissions',
    'subscriptions',
    // Of staff.
    'support_agents',
    // Moved.
    'ticket_attachments',
    // Of staff.
    'ticket_macros',
    // Moved.
    'ticket_messages',
    // Of staff.
    'ticket_views',
    // Moved.
    'tickets',
    'trials',
    'two_factors',
  ])
})
