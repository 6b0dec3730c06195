import { DAY } from '@devforge/server/clock'
import { normalizeQuery } from '@devforge/server/modules/knowledge/text/normalize'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { published } from '../support/knowledge.ts'
import { type Person, signUp } from '../support/people.ts'

let t: TestApp
let agent: Person
beforeAll(async () => {
  t = await createTestApp()
  agent = await signUp(t, { role: 'agent' })
})
afterAll(() => t[Symbol.asyncDispose]())

const search = (query: string) => t.forge().knowledge.search({ query })

test('writers see what was looked for in vain, what was asked most first, as long as it is kept', async () => {
  await search('Flux capacitor')
  t.clock.advance(40 * DAY)
  await search('hoverboard')
  await search('  HOVERBOARD! ')
  await search('flux   capacitor')
  await search('flux capacitor?')
  await search('flux CAPACITOR')
  agent = await signUp(t, { role: 'agent' })
  const { items } = await agent.forge.knowledge.zeroResults()
  expect(items.map(({ query, count }) => [query, count])).toEqual([
    ['flux capacitor', 3],
    ['hoverboard', 2],
  ])
  expect((await agent.forge.knowledge.zeroResults({ days: 90 })).items[0]?.count).toBe(4)
  t.clock.advance(51 * DAY)
  await t.deps.jobs.enqueue(t.deps.db, 'knowledge.purge', {})
  expect(await t.drain()).toEqual([])
  expect(await t.deps.sql`select from knowledge_searches`).toHaveLength(5)
  agent = await signUp(t, { role: 'agent' })
})

describe('what is kept of a search', () => {
  test.each([
    ['My mail is ada@example.com', 'my mail is'],
    ['mailto:ada%40example.com help', 'help'],
    ['error in /home/ada/projects/secret.txt', 'error in'],
    ['C:\\Users\\Ada Lovelace\\file.txt broken', 'broken'],
    ['key DF-AAAAA-BBBBB-CCCCC-DDDDD-EEEEE', 'key'],
    ['token dfp_abcdefgh12345678', 'token'],
    ['password=hunter2 fails', 'fails'],
    ['call +49 151 23456789', 'call 49 151'],
    ['see https://example.com/?user=ada now', 'see now'],
    ['order 123456789', 'order'],
    ['ERR_CERT 401 in v1.95', 'err cert 401 in v1.95'],
    ['Größe ändern', 'grosse andern'],
    ['~/secret dir', 'dir'],
    ['x'.repeat(300), 'x'.repeat(120)],
    ['\u0007\u202e', ''],
  ])('%s', (text, kept) => {
    expect(normalizeQuery(text)).toBe(kept)
  })
})

test('deflections tell what was shown, opened and solved, and how many it helped', async () => {
  const [a, b] = [
    await published(agent, { title: 'Gramophone needles' }),
    await published(agent, { title: 'Gramophone records' }),
  ]
  const { searchId, items } = await search('gramophone')
  expect(items).toHaveLength(2)
  const from = searchId ?? ''
  for (let n = 0; n < 2; n++) await t.forge().knowledge.get({ slug: a.slug, searchId: from })
  await t.forge().knowledge.get({ slug: b.slug, searchId: 'kse_01aaaaaaaaaaaaaaaaaaaaaaaa' })
  await t.forge().knowledge.suggest({ text: 'my gramophone' })
  expect(await t.forge().knowledge.solvedIt({ id: a.id, searchId: from })).toEqual({ counted: true })
  // It did not show that one.
  const other = await published(agent, { title: 'Something else' })
  await t.forge().knowledge.solvedIt({ id: other.id, searchId: from })
  await t.forge().knowledge.feedback({ id: a.id, helpful: true })
  await (await signUp(t)).forge.knowledge.feedback({ id: a.id, helpful: false })
  const report = await agent.forge.knowledge.deflections()
  const of = (id: string) => report.items.find((item) => item.id === id)
  expect(of(a.id)).toMatchObject({
    shown: 2,
    opened: 1,
    solved: 1,
    solvedRatio: 0.5,
    helpful: 1,
    notHelpful: 1,
    helpfulRatio: 0.5,
  })
  expect(of(b.id)).toMatchObject({ shown: 2, opened: 0, solved: 0, solvedRatio: 0, helpfulRatio: null })
  expect(of(other.id)).toMatchObject({ shown: 0, solved: 1, solvedRatio: null })
  const rows = await t.deps.sql`select article_id, search_id from article_deflections order by at, id`
  expect(rows).toEqual([
    { article_id: a.id, search_id: from },
    { article_id: other.id, search_id: null },
  ])
})

test('who floods the search is answered, and not written down for ever', async () => {
  const before = await t.deps.sql`select from knowledge_searches`
  const answers = await Promise.all(Array.from({ length: 300 }, (_, n) => search(`flood ${n}`)))
  expect(answers.filter(({ searchId }) => searchId === null).length).toBeGreaterThan(100)
  const after = await t.deps.sql`select from knowledge_searches`
  expect(after.length - before.length).toBeLessThan(180)
})
