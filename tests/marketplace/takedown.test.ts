import { controlList } from '@devforge/server/modules/marketplace/service/kill-list'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { failure } from '../support/errors.ts'
import { type PlacedExtension, placeExtension } from '../support/extensions.ts'
import { type Person, signUp } from '../support/people.ts'

let t: TestApp
let owner: Person
let ada: Person
let admin: Person
let extension: PlacedExtension
beforeAll(async () => {
  t = await createTestApp()
  owner = await signUp(t, { name: 'Olga' })
  ada = await signUp(t)
  admin = await signUp(t, { role: 'admin' })
})
afterAll(() => t[Symbol.asyncDispose]())
beforeEach(async () => {
  extension = await placeExtension(t, { owner, versions: ['1.0.0', '1.1.0'] })
})

const call = (given: { reason?: string; malicious?: boolean; id?: string } = {}) =>
  admin.forge.call('marketplace.takedown', 'mutation', {
    id: extension.id,
    reason: 'it steals keys',
    ...given,
  })
const restore = () =>
  admin.forge.call('marketplace.restore', 'mutation', { id: extension.id, reason: 'a mistake of ours' })
const impact = () => admin.forge.call('marketplace.takedownImpact', 'query', { id: extension.id })
const appeal = (person: Person, id = extension.id) =>
  person.forge.call('marketplace.appeal', 'mutation', { id, text: 'It only reads its own settings.' })
const killed = async () =>
  (await t.forge().call('marketplace.killList', 'query', undefined)).malicious.map(({ id }) => id)
const row = async () =>
  (
    await t.deps.sql`
    select status, malicious_at is not null as malicious, taken_down_at is not null as down, removed_at is not null as removed,
      removed_reason as reason, featured_at is not null as featured
    from extensions where id = ${extension.rowId}`
  )[0]

/** Clients with the extension installed, and one that had it. */
async function installed(clients: number): Promise<void> {
  await t.deps.sql`
    insert into extension_clients (extension_id, client, version, first_at, last_at)
    select ${extension.rowId}, decode(md5(n::text), 'hex'), case when n > 0 then '1.1.0' end, now(), now()
    from generate_series(0, ${clients}::int) n`
  await t.deps.sql`update extensions set installs = ${clients + 1} where id = ${extension.rowId}`
}

test('how many people are concerned is told before and after; it is gone at once, and on the kill list', async () => {
  await installed(3)
  await admin.forge.call('marketplace.feature', 'mutation', { id: extension.id })
  const { id: reportId } = await ada.forge.call('marketplace.reportAbuse', 'mutation', {
    id: extension.id,
    category: 'malware',
    text: 'It reads my keys.',
  })
  expect(await killed()).not.toContain(extension.id)
  const before = { id: extension.id, installs: 4, activeInstalls: 3, versions: 2 }
  expect(await impact()).toMatchObject({ ...before, status: 'published', malicious: false })
  expect(await call()).toMatchObject({ ...before, status: 'removed', malicious: true, reportsUpheld: 1 })

  expect(await row()).toEqual({
    status: 'removed',
    malicious: true,
    down: true,
    removed: true,
    reason: 'it steals keys',
    featured: false,
  })
  expect(await killed()).toContain(extension.id)
  expect((await controlList({ deps: t.deps })).malicious).toContain(extension.id)
  expect(await failure(ada.forge.call('marketplace.rate', 'mutation', { id: extension.id, stars: 5 }))).toBe(
    'EXTENSION_NOT_FOUND',
  )
  expect(await failure(t.forge().call('marketplace.reviews', 'query', { id: extension.id }))).toBe(
    'EXTENSION_NOT_FOUND',
  )
  const found = await t.deps
    .sql`select extension_id from extension_search where extension_id = ${extension.rowId}`
  expect(found).toEqual([])

  expect(await t.drain()).toEqual([])
  const [told] = (await t.mails(owner.email)).filter(
    (mail) => mail.subject === `${extension.id} was taken down`,
  )
  expect(told?.text).toMatch(/Hello Olga[\s\S]+it steals keys[\s\S]+harmful[\s\S]+appeal/)
  const [thanked] = (await t.mails(ada.email)).filter(
    (mail) => mail.subject === `Your report of ${extension.id}`,
  )
  expect(thanked?.text).toContain('We agree with you')
  const [report] = await t.deps.sql`select status, decided_by from abuse_reports where id = ${reportId}`
  expect(report).toEqual({ status: 'upheld', decided_by: admin.id })
  const [audit] = await t.deps
    .sql`select action, actor, reason, after from audit_log where subject = ${extension.rowId} order by id desc limit 1`
  expect(audit).toEqual({
    action: 'marketplace.takedown',
    actor: `admin:${admin.id}`,
    reason: 'it steals keys',
    after: { malicious: true, activeInstalls: 3 },
  })
})

test('a takedown can be undone: it is as before, off the kill list, and an appeal is granted by it', async () => {
  await call()
  const { appealId } = await appeal(owner)
  expect(await restore()).toMatchObject({ status: 'published', malicious: false, takenDownAt: null })
  expect(await row()).toMatchObject({ status: 'published', down: false, removed: false, reason: null })
  expect(await killed()).not.toContain(extension.id)
  const found = await t.deps
    .sql`select extension_id from extension_search where extension_id = ${extension.rowId}`
  expect(found).toHaveLength(1)
  const [answered] = await t.deps.sql`select status, answer, decided_by from appeals where id = ${appealId}`
  expect(answered).toEqual({ status: 'granted', answer: 'a mistake of ours', decided_by: admin.id })
  expect(await failure(restore())).toBe('EXTENSION_NOT_TAKEN_DOWN')
  expect(await t.drain()).toEqual([])
  const told = (await t.mails(owner.email)).filter(
    (mail) => mail.subject === `${extension.id} is no longer taken down`,
  )
  expect(told).toHaveLength(1)
  // And down again, once more with a mail.
  await call()
  expect(await t.drain()).toEqual([])
  const again = (await t.mails(owner.email)).filter(
    (mail) => mail.subject === `${extension.id} was taken down`,
  )
  expect(again).toHaveLength(2)
})

test('one that is not harmful is not removed from machines; it can still turn out to be harmful', async () => {
  await call({ malicious: false, reason: 'a trademark' })
  expect(await killed()).not.toContain(extension.id)
  expect(await failure(call({ malicious: false }))).toBe('EXTENSION_TAKEN_DOWN')
  await call({ reason: 'and it steals keys' })
  expect(await killed()).toContain(extension.id)
  expect(await failure(call())).toBe('EXTENSION_TAKEN_DOWN')
  expect(await restore()).toMatchObject({ status: 'published' })
})

test('an author who removed it does not escape the kill list, and a restored one stays removed', async () => {
  await t.deps
    .sql`update extensions set status = 'removed', removed_at = now(), removed_reason = 'moved on' where id = ${extension.rowId}`
  await call()
  expect(await killed()).toContain(extension.id)
  expect(await restore()).toMatchObject({ status: 'removed', malicious: false })
  expect(await row()).toMatchObject({ status: 'removed', down: false, removed: true, reason: 'moved on' })
  expect(await failure(restore())).toBe('EXTENSION_NOT_TAKEN_DOWN')
})

test('with its publisher removed meanwhile it does not come back', async () => {
  await call()
  await t.deps.sql`update publishers set status = 'removed' where id = ${extension.publisherId}`
  expect(await restore()).toMatchObject({ status: 'removed' })
})

test('two moderators at once: one takes it down, the other is told so', async () => {
  const answers = await Promise.allSettled([call(), call(), call()])
  expect(answers.filter((answer) => answer.status === 'fulfilled')).toHaveLength(1)
  expect(await t.drain()).toEqual([])
  const told = (await t.mails(owner.email)).filter(
    (mail) => mail.subject === `${extension.id} was taken down`,
  )
  expect(told).toHaveLength(1)
})

test('featured, and no longer', async () => {
  const feature = () =>
    admin.forge.call('marketplace.feature', 'mutation', { id: extension.id.toUpperCase() })
  const { featuredAt } = await feature()
  expect(featuredAt).toBeInstanceOf(Date)
  expect(await feature()).toEqual({ id: extension.id, featuredAt })
  const unfeatured = await admin.forge.call('marketplace.unfeature', 'mutation', { id: extension.id })
  expect(unfeatured).toEqual({ id: extension.id, featuredAt: null })
  const events = await t.deps
    .sql`select type from extension_events where extension_id = ${extension.rowId} order by id`
  expect(events.map((event) => event.type)).toEqual(['extension.featured', 'extension.unfeatured'])
  const hidden = await placeExtension(t, { owner, status: 'hidden' })
  expect(await failure(admin.forge.call('marketplace.feature', 'mutation', { id: hidden.id }))).toBe(
    'EXTENSION_NOT_FOUND',
  )
})

test('deprecated extensions are listed beside, with what to use instead', async () => {
  await t.deps.sql`
    update extensions set deprecated_at = now(), deprecation_message = 'old', replaced_by = 'a.b' where id = ${extension.rowId}`
  // Another copy of the server, which has not read the list before.
  await using copy = await createTestApp({ databaseUrl: t.databaseUrl })
  const { deprecated } = await copy.forge().call('marketplace.killList', 'query', undefined)
  expect(deprecated).toEqual([{ id: extension.id, message: 'old', replacedBy: 'a.b' }])
  expect((await controlList({ deps: copy.deps })).deprecated).toEqual({
    [extension.id]: { message: 'old', replacedBy: 'a.b' },
  })
})

test('an extension that is not there', async () => {
  expect(await failure(call({ id: 'nobody.nothing' }))).toBe('EXTENSION_NOT_FOUND')
  expect(
    await failure(admin.forge.call('marketplace.takedownImpact', 'query', { id: 'nobody.nothing' })),
  ).toBe('EXTENSION_NOT_FOUND')
})

test('members of the publisher appeal, one appeal at a time; a moderator answers it', async () => {
  expect(await failure(appeal(owner))).toBe('APPEAL_NOT_POSSIBLE')
  await call()
  for (const stranger of [ada, admin]) expect(await failure(appeal(stranger))).toBe('EXTENSION_NOT_FOUND')
  expect(await failure(appeal(owner, 'nobody.nothing'))).toBe('EXTENSION_NOT_FOUND')
  const filed = await Promise.allSettled([appeal(owner), appeal(owner), appeal(owner)])
  expect(filed.filter((answer) => answer.status === 'fulfilled')).toHaveLength(1)
  expect(await failure(appeal(owner))).toBe('APPEAL_EXISTS')

  const listed = () => admin.forge.call('marketplace.takedownAppeals', 'query', { status: 'open' })
  const [first] = (await listed()).items
  expect(first).toMatchObject({
    extension: extension.id,
    text: 'It only reads its own settings.',
    takedownReason: 'it steals keys',
  })
  const decline = () =>
    admin.forge.call('marketplace.declineAppeal', 'mutation', { id: extension.id, reason: 'It does more.' })
  expect(await decline()).toEqual({ id: first?.id, extension: extension.id, status: 'declined' })
  expect(await failure(decline())).toBe('APPEAL_NOT_POSSIBLE')
  expect((await listed()).items).toEqual([])
  expect(await killed()).toContain(extension.id)
  expect(await t.drain()).toEqual([])
  const told = (await t.mails(owner.email)).filter((mail) => mail.text.includes('It does more.'))
  expect(told).toHaveLength(1)
  // Declined once, it may be appealed again.
  expect((await appeal(owner)).appealId).not.toBe(first?.id)
})

test('what waits to be published is rejected, and stays so', async () => {
  const { rowId, publisherId } = extension
  await t.deps.sql`
    insert into submissions (id, publisher_id, extension_id, user_id, identifier, version, target_platform, pre_release, sha256,
      size_bytes, storage_key, manifest, status)
    values (${`smn_${rowId.slice(4)}`}, ${publisherId}, ${rowId}, ${owner.id}, ${extension.id}, '2.0.0', 'universal', false,
      sha256('x'), 1, 'incoming/x', '{}', 'needs_review')`
  await call()
  const [submission] = await t.deps.sql`select status, reason from submissions where extension_id = ${rowId}`
  expect(submission).toEqual({ status: 'rejected', reason: 'The extension was taken down: it steals keys' })
})
