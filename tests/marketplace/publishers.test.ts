import type { Dns } from '@devforge/server/dns'
import { isReservedPublisher } from '@devforge/server/modules/marketplace/service/publishers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { failure } from '../support/errors.ts'
import { type Person, signUp } from '../support/people.ts'

const DAY = 86_400_000

let t: TestApp
let ada: Person
/** What the name servers of the world answer: texts, or nothing at all when they are down. */
const zone = new Map<string, string[] | 'down'>()
const dns: Dns = {
  async txt(name) {
    const texts = zone.get(name) ?? []
    if (texts === 'down') throw new Error('ETIMEOUT')
    return texts
  },
}

beforeAll(async () => {
  t = await createTestApp({ dns })
  ada = await signUp(t, { name: 'Ada Lovelace' })
})
afterAll(async () => {
  await t[Symbol.asyncDispose]()
})

const create = (person: Person, name: string, displayName = 'Some Authors') =>
  person.forge.call('marketplace.createPublisher', 'mutation', { name, displayName })
const members = async (person: Person, publisher: string) =>
  (await person.forge.call('marketplace.members', 'query', { publisher })).items
const add = (person: Person, publisher: string, whom: object, role: 'owner' | 'member' = 'member') =>
  person.forge.call('marketplace.addMember', 'mutation', { publisher, role, ...whom })
const remove = (person: Person, publisher: string, whom: object) =>
  person.forge.call('marketplace.removeMember', 'mutation', { publisher, ...whom })
const profile = (name: string) => t.forge().call('marketplace.publisher', 'query', { name })

test('a name is taken, shown to everybody in any case, and listed to its owner', async () => {
  const publisher = await create(ada, 'Analytical-Engines', 'Analytical Engines')
  expect(publisher).toMatchObject({
    name: 'Analytical-Engines',
    displayName: 'Analytical Engines',
    verified: false,
    domain: null,
    extensions: 0,
  })
  expect(publisher.id).toMatch(/^pub_/)
  expect(await profile('analytical-ENGINES')).toEqual(publisher)
  const { items } = await ada.forge.call('marketplace.publishers', 'query', {})
  expect(items).toContainEqual({ ...publisher, role: 'owner' })
  expect(await failure(profile('nobody-ever'))).toBe('PUBLISHER_NOT_FOUND')
})

test('case and hyphens do not make another name', async () => {
  await create(ada, 'two-words')
  const bob = await signUp(t)
  for (const name of ['two-words', 'TWO-WORDS', 'twowords', 'two--words']) {
    expect(await failure(create(bob, name)), name).toBe('PUBLISHER_TAKEN')
  }
})

test('names of routes and well-known names are reserved, and so is what looks like them', async () => {
  for (const name of ['v1', 'V2', 'auth', 'api', 'version', 'user', 'vscode', 'size-limit', 'verify-pat']) {
    expect(await failure(create(ada, name)), name).toBe('PUBLISHER_TAKEN')
  }
  const brands = ['Microsoft', 'micros0ft', 'rnicrosoft', 'micro-soft', 'GitHub', 'g1thub', 'google-official']
  for (const name of [...brands, 'vscode-extensions', 'open-vsx', 'redhat', 'PayPaI', 'dev-forge']) {
    expect(isReservedPublisher(name), name).toBe(true)
    expect(await failure(create(ada, name)), name).toBe('PUBLISHER_TAKEN')
  }
  for (const name of ['microsofties', 'bergamot', 'angular-fans', 'go-tools-by-ada']) {
    expect(isReservedPublisher(name), name).toBe(false)
  }
  // Nor may anybody be shown as one of them, in whatever letters.
  for (const displayName of ['Microsoft', 'Мicrosоft', 'Google Inc.', 'G i t H u b']) {
    expect(await failure(create(ada, 'innocent-name', displayName)), displayName).toBe('PUBLISHER_TAKEN')
  }
  // Admins give them to whom they belong; the names of routes nobody.
  const admin = await signUp(t, { role: 'admin' })
  expect((await create(admin, 'jetbrains', 'JetBrains')).name).toBe('jetbrains')
  expect(await failure(create(admin, 'auth'))).toBe('PUBLISHER_TAKEN')
})

test('only what vsce accepts is a name', async () => {
  for (const name of ['a', '-ab', 'ab-', 'a_b', 'a.b', 'a b', 'аcme', 'a/b', 'x'.repeat(65), 'ab\u200b']) {
    expect(await failure(create(ada, name)), name).toBe('INVALID_INPUT')
  }
  expect(await failure(create(ada, 'fine-name', 'a\u202eb'))).toBe('INVALID_INPUT')
})

test('of ten who want one name at once, one gets it', async () => {
  const people = await Promise.all(Array.from({ length: 10 }, () => signUp(t)))
  const names = ['wanted-name', 'WantedName', 'wantedname']
  const results = await Promise.allSettled(people.map((person, i) => create(person, names[i % 3] ?? '')))
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  for (const result of results) {
    if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'PUBLISHER_TAKEN' })
  }
})

test('owners change what people see; others cannot tell whose it is', async () => {
  await create(ada, 'changeable')
  const change = (person: Person, input: object) =>
    person.forge.call('marketplace.updatePublisher', 'mutation', { publisher: 'changeable', ...input })
  const input = { displayName: 'New Name', description: 'Tools.', websiteUrl: 'https://ada.dev' }
  expect(await change(ada, input)).toMatchObject(input)
  expect(await change(ada, { description: null })).toMatchObject({
    displayName: 'New Name',
    description: null,
  })
  expect(await failure(change(ada, { websiteUrl: 'javascript:alert(1)' }))).toBe('INVALID_INPUT')
  expect(await failure(change(ada, { displayName: 'Visual Studio Code' }))).toBe('PUBLISHER_TAKEN')
  const bob = await signUp(t)
  expect(await failure(change(bob, input))).toBe('PUBLISHER_FORBIDDEN')
  await add(ada, 'changeable', { userId: bob.id })
  expect(await failure(change(bob, input))).toBe('PUBLISHER_FORBIDDEN')
})

test('members are added by address or id, see each other, and leave', async () => {
  await create(ada, 'team-work')
  const bob = await signUp(t, { name: 'Bob' })
  expect(await failure(members(bob, 'team-work'))).toBe('PUBLISHER_FORBIDDEN')
  await add(ada, 'team-work', { email: bob.email.toUpperCase() })
  await t.drain()
  expect((await t.mails(bob.email)).map((mail) => mail.subject)).toContain('You may now publish as team-work')
  // Nothing of Bob is shown until he comes.
  const [, invited] = await members(ada, 'team-work')
  expect(invited).toMatchObject({
    userId: null,
    name: null,
    email: bob.email,
    role: 'member',
    acceptedAt: null,
  })
  const seen = await members(bob, 'team-work')
  expect(seen.map(({ name, role, you }) => [name, role, you])).toEqual([
    ['Ada Lovelace', 'owner', false],
    ['Bob', 'member', true],
  ])
  const [, accepted] = await members(ada, 'team-work')
  expect(accepted).toMatchObject({ userId: bob.id, name: 'Bob', acceptedAt: expect.any(Date) })

  expect(await failure(add(bob, 'team-work', { userId: ada.id }))).toBe('PUBLISHER_FORBIDDEN')
  expect(await failure(remove(bob, 'team-work', { userId: ada.id }))).toBe('PUBLISHER_FORBIDDEN')
  expect(await remove(bob, 'team-work', { userId: bob.id })).toEqual({ removed: true })
  expect(await failure(members(bob, 'team-work'))).toBe('PUBLISHER_FORBIDDEN')
  expect(await remove(ada, 'team-work', { email: bob.email })).toEqual({ removed: false })
})

test('adding an address tells nothing about it, and an invitation is taken back by it', async () => {
  await create(ada, 'discreet')
  const bob = await signUp(t)
  const known = await add(ada, 'discreet', { email: bob.email })
  const unknown = await add(ada, 'discreet', { email: 'no-account@example.com' })
  const shape = ({ addedAt, email, ...rest }: typeof known) => ({ ...rest, email: typeof email })
  expect(shape(known)).toEqual(shape(unknown))
  const shown = (await members(ada, 'discreet')).filter(({ you }) => !you)
  expect(shape(shown[0] ?? known)).toEqual(shape(shown[1] ?? known))
  expect(JSON.stringify(shown)).not.toContain(bob.id)
  for (const email of [bob.email, 'no-account@example.com']) {
    expect(await remove(ada, 'discreet', { email })).toEqual({ removed: true })
  }
  expect(await failure(add(ada, 'discreet', { userId: 'usr_01aaaaaaaaaaaaaaaaaaaaaaaa' }))).toBe('NOT_FOUND')
  expect(await failure(add(ada, 'discreet', {}))).toBe('INVALID_INPUT')
  expect(await failure(add(ada, 'discreet', { email: bob.email, userId: bob.id }))).toBe('INVALID_INPUT')
})

test('somebody who signs up later with the invited address and proves it is the member', async () => {
  await create(ada, 'patient')
  await add(ada, 'patient', { email: 'later@example.com' }, 'owner')
  // An address that nobody has signed up with owns nothing yet.
  expect(await failure(remove(ada, 'patient', { userId: ada.id }))).toBe('PUBLISHER_LAST_OWNER')
  const later = await signUp(t, { email: 'later@example.com' })
  await t.drain()
  const mail = (await t.mails('later@example.com')).find(({ text }) => /token=/.test(text))
  const token = /token=([\w.-]+)/.exec(mail?.text ?? '')?.[1] ?? ''
  await later.forge.auth.verifyEmail({ token })
  expect(await remove(later, 'patient', { userId: ada.id })).toEqual({ removed: true })
})

test('the last owner stays, whatever two owners do at once', async () => {
  await create(ada, 'two-owners')
  expect(await failure(remove(ada, 'two-owners', { userId: ada.id }))).toBe('PUBLISHER_LAST_OWNER')
  expect(await failure(add(ada, 'two-owners', { userId: ada.id }, 'member'))).toBe('PUBLISHER_LAST_OWNER')
  for (let round = 0; round < 5; round++) {
    const [left, right] = await Promise.all([signUp(t), signUp(t)])
    const name = `contested-${round}`
    await create(left, name)
    await add(left, name, { userId: right.id }, 'owner')
    const each =
      round % 2 === 0
        ? [remove(left, name, { userId: right.id }), remove(right, name, { userId: left.id })]
        : [remove(left, name, { userId: left.id }), remove(right, name, { userId: right.id })]
    const results = await Promise.allSettled(each)
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    const owners = await t.deps.sql`
      select m.user_id from publisher_members m join publishers p on p.id = m.publisher_id
      where p.name_key = ${name} and m.role = 'owner'`
    expect(owners).toHaveLength(1)
  }
})

const verify = (person: Person, publisher: string, domain?: string) =>
  person.forge.call('marketplace.verifyPublisher', 'mutation', { publisher, ...(domain ? { domain } : {}) })

test('a domain is proven by its record, and lost a week after that is gone', async () => {
  await create(ada, 'provable')
  const first = await verify(ada, 'provable', 'Ada-Engines.DEV.')
  expect(first).toMatchObject({ domain: 'ada-engines.dev', verified: false, problem: 'not_found' })
  expect(first.record).toEqual({
    type: 'TXT',
    name: '_devforge.ada-engines.dev',
    value: expect.stringMatching(/^devforge-verification=[\w-]{20,}$/),
  })
  // What is claimed only is not shown.
  expect(await profile('provable')).toMatchObject({ domain: null, verified: false })
  zone.set(first.record.name, 'down')
  expect(await verify(ada, 'provable')).toMatchObject({ verified: false, problem: 'unreachable' })
  zone.set(first.record.name, ['v=spf1 -all', 'devforge-verification=of-somebody-else'])
  expect(await verify(ada, 'provable')).toMatchObject({ verified: false, problem: 'not_found' })
  zone.set(first.record.name, ['v=spf1 -all', first.record.value])
  expect(await verify(ada, 'provable')).toMatchObject({ verified: true, problem: null, record: first.record })
  expect(await profile('provable')).toMatchObject({ domain: 'ada-engines.dev', verified: true })

  const recheck = async () => {
    await t.deps.jobs.enqueue(t.deps.db, 'marketplace.domains', {})
    expect(await t.drain()).toEqual([])
    return (await profile('provable')).verified
  }
  zone.set(first.record.name, [])
  t.clock.advance(DAY)
  expect(await recheck()).toBe(true)
  expect((await t.mails(ada.email)).map((mail) => mail.subject)).toContain(
    'The DNS record that verifies provable is missing',
  )
  // Name servers that do not answer prove nothing; a record that is back starts the week anew.
  zone.set(first.record.name, 'down')
  t.clock.advance(6 * DAY)
  expect(await recheck()).toBe(true)
  zone.set(first.record.name, [first.record.value])
  t.clock.advance(DAY)
  expect(await recheck()).toBe(true)
  zone.set(first.record.name, [])
  for (const [days, verified] of [
    [1, true],
    [6, true],
    [1, false],
  ] as const) {
    t.clock.advance(days * DAY)
    expect(await recheck()).toBe(verified)
  }
  expect((await t.mails(ada.email)).map((mail) => mail.subject)).toContain('provable is no longer verified')
  const events = await t.deps.sql`
    select e.type from extension_events e join publishers p on p.id = e.publisher_id
    where p.name_key = 'provable' order by e.id`
  expect(events.map(({ type }) => type)).toEqual([
    'publisher.created',
    'publisher.verified',
    'publisher.verification_withdrawn',
  ])
})

test('a domain verifies one publisher: the one whose record is there', async () => {
  // The clock was set forward: signed in anew.
  const [owner, other] = await Promise.all([signUp(t), signUp(t)])
  await create(owner, 'domain-holder')
  await create(other, 'domain-rival')
  const domain = 'one-domain.dev'
  const [a, b] = [await verify(owner, 'domain-holder', domain), await verify(other, 'domain-rival', domain)]
  expect(a.record.value).not.toBe(b.record.value)
  zone.set(a.record.name, [a.record.value, b.record.value])
  const both = await Promise.allSettled([verify(owner, 'domain-holder'), verify(other, 'domain-rival')])
  expect(both.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  expect(both.find(({ status }) => status === 'rejected')).toMatchObject({
    reason: { code: 'PUBLISHER_DOMAIN_TAKEN' },
  })
  // The domain was sold: the new owner's record alone stands there.
  const isHeldByA = (await profile('domain-holder')).verified
  zone.set(a.record.name, [isHeldByA ? b.record.value : a.record.value])
  const buyer = isHeldByA ? verify(other, 'domain-rival') : verify(owner, 'domain-holder')
  expect(await buyer).toMatchObject({ verified: true })
  expect((await profile('domain-holder')).verified).toBe(!isHeldByA)
  expect((await profile('domain-rival')).verified).toBe(isHeldByA)
  for (const bad of [
    'localhost',
    '127.0.0.1',
    'com',
    'a..b',
    'x.internal',
    '-a.com',
    'http://a.com',
    '[::1]',
  ]) {
    expect(await failure(verify(owner, 'domain-holder', bad)), bad).toBe('PUBLISHER_DOMAIN_INVALID')
  }
  expect((await verify(owner, 'domain-holder', 'bücher.de')).domain).toBe('xn--bcher-kva.de')
})
