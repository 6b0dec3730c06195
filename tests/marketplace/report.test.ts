import type { Input } from '@devforge/sdk'
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
  owner = await signUp(t)
  ada = await signUp(t, { name: 'Ada' })
  admin = await signUp(t, { role: 'admin' })
})
afterAll(() => t[Symbol.asyncDispose]())
beforeEach(async () => {
  await t.deps.limits.reset('report:account', ada.id)
  extension = await placeExtension(t, { owner })
})

const report = (person: Person, given: Partial<Input<'marketplace.reportAbuse'>> = {}) =>
  person.forge.call('marketplace.reportAbuse', 'mutation', {
    id: extension.id,
    category: 'malware',
    text: 'It reads my keys.',
    ...given,
  })
const queue = (given: Partial<Input<'marketplace.abuseReports'>> = {}) =>
  admin.forge.call('marketplace.abuseReports', 'query', { extension: extension.id, ...given })
const decide = (reportId: string, decision: 'upheld' | 'dismissed') =>
  admin.forge.call('marketplace.decideReport', 'mutation', { reportId, decision, answer: 'We have looked.' })

test('a report is open until a moderator decides it; who wrote it is told', async () => {
  const filed = await report(ada)
  expect(filed).toMatchObject({ extension: extension.id, status: 'open' })
  const [first] = (await queue()).items
  expect(first).toMatchObject({
    id: filed.id,
    reporter: { id: ada.id, name: 'Ada' },
    category: 'malware',
    text: 'It reads my keys.',
    status: 'open',
    answer: null,
    extensionStatus: 'published',
  })
  expect(await decide(filed.id, 'dismissed')).toMatchObject({
    status: 'dismissed',
    answer: 'We have looked.',
  })
  expect(await failure(decide(filed.id, 'upheld'))).toBe('REPORT_DECIDED')
  expect((await queue({ status: 'open' })).items).toEqual([])
  expect((await queue({ status: 'dismissed' })).items).toHaveLength(1)
  expect(await t.drain()).toEqual([])
  const mails = (await t.mails(ada.email)).filter((mail) => mail.text.includes('We have looked.'))
  expect(mails).toHaveLength(1)
  const events = await t.deps
    .sql`select type, actor from extension_events where extension_id = ${extension.rowId} order by id`
  expect(events.map((event) => event.type)).toEqual(['report.opened', 'report.dismissed'])
})

test('one open report per person and extension, also at once; after the decision another one', async () => {
  const answers = await Promise.all(Array.from({ length: 5 }, () => report(ada)))
  expect(new Set(answers.map((answer) => answer.id)).size).toBe(1)
  const [first] = answers
  await decide(first?.id ?? '', 'dismissed')
  expect((await report(ada, { category: 'spam' })).id).not.toBe(first?.id)
  expect((await queue()).items.map((item) => item.category)).toEqual(['spam', 'malware'])
})

test('what cannot be reported, and by whom', async () => {
  const hidden = await placeExtension(t, { owner, status: 'hidden' })
  for (const id of [hidden.id, 'nobody.nothing'])
    expect(await failure(report(ada, { id }))).toBe('EXTENSION_NOT_FOUND')
  expect(await failure(report({ ...ada, forge: t.forge() }))).toBe('AUTH_REQUIRED')
  const removed = await placeExtension(t, { owner, status: 'removed' })
  expect((await report(ada, { id: removed.id })).status).toBe('open')
  for (let n = 0; n < 17; n++) await report(ada)
  expect(await failure(report(ada))).toBe('AUTH_RATE_LIMITED')
})

test('of an account that is gone an open report stays as long as it is needed, and its words no longer', async () => {
  const leaving = await signUp(t)
  const filed = await report(leaving, { text: 'My name is Eve.' })
  const before = await placeExtension(t, { owner })
  const decided = await report(leaving, { id: before.id, text: 'I am Eve.' })
  await decide(decided.id, 'dismissed')
  await leaving.forge.users.deleteAccount({ password: leaving.password })
  const textOf = async (id: string) =>
    (await t.deps.sql`select text from abuse_reports where id = ${id}`)[0]?.text
  expect(await textOf(decided.id)).not.toContain('Eve')
  expect(await textOf(filed.id)).toContain('Eve')
  await decide(filed.id, 'upheld')
  expect(await textOf(filed.id)).not.toContain('Eve')
  expect(await t.drain()).toEqual([])
})
