import { isDevForgeError } from '@devforge/sdk'
import { DAY } from '@devforge/server/clock'
import { flushSearches } from '@devforge/server/modules/knowledge/service/log'
import { normalizeQuery } from '@devforge/server/modules/knowledge/text/normalize'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestApp, TEST_URL, type TestApp } from '../support/app.ts'
import { failure } from '../support/errors.ts'
import { published } from '../support/knowledge.ts'
import { type Person, signUp } from '../support/people.ts'

let t: TestApp
let agent: Person
beforeAll(async () => {
  t = await createTestApp()
  agent = await signUp(t, { role: 'agent' })
})
afterAll(() => t[Symbol.asyncDispose]())

/** Searches are written down a little later: here, at once. */
async function search(query: string) {
  const found = await t.forge().knowledge.search({ query })
  await flushSearches(t.deps)
  return found
}

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
  await flushSearches(t.deps)
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

describe('searches are written down', () => {
  const rows = async (app: TestApp) =>
    (await app.deps.sql<{ id: string }[]>`select id from knowledge_searches`).map(({ id }) => id)

  test('together, by themselves, with nobody waiting; what was opened or solved meanwhile refers to them all the same', async () => {
    const { id, slug } = await published(agent, { title: 'Barometer' })
    const before = await rows(t)
    const found = await Promise.all(
      Array.from({ length: 40 }, () => t.forge().knowledge.search({ query: 'barometer' })),
    )
    const ids = found.map(({ searchId }) => searchId ?? '')
    expect(new Set(ids).size).toBe(40)
    await expect.poll(async () => (await rows(t)).length).toBe(before.length + 40)
    expect(await rows(t)).toEqual(expect.arrayContaining(ids))
    const { searchId } = await t.forge().knowledge.search({ query: 'barometer' })
    await t.forge().knowledge.get({ slug, searchId: searchId ?? '' })
    await t.forge().knowledge.solvedIt({ id, searchId: searchId ?? '' })
    const [row] = await t.deps.sql`select opened from knowledge_searches where id = ${searchId ?? ''}`
    expect(row).toEqual({ opened: [id] })
    const solved = await t.deps.sql`select search_id from article_deflections where article_id = ${id}`
    expect(solved).toEqual([{ search_id: searchId }])
  })

  test('when the server stops', async () => {
    const app = await createTestApp({ databaseUrl: t.databaseUrl })
    const { searchId } = await app.forge().knowledge.search({ query: 'the last one' })
    await app[Symbol.asyncDispose]()
    expect(await rows(t)).toContain(searchId)
  })

  test('of one network only so many an hour, over all copies of the server, so that nobody fills the table', async () => {
    await using first = await createTestApp({ databaseUrl: t.databaseUrl, env: { TRUSTED_PROXY_HOPS: '1' } })
    await using second = await createTestApp({ databaseUrl: t.databaseUrl, env: { TRUSTED_PROXY_HOPS: '1' } })
    const ask = async (app: TestApp, ip: string) => {
      const forge = app.forge({
        fetch: (input, init) => {
          const headers = new Headers(init?.headers)
          headers.set('x-forwarded-for', ip)
          return app.fetch(input, { ...init, headers })
        },
      })
      const { total } = await forge.knowledge.search({ query: 'barometer' })
      await flushSearches(app.deps)
      return total.count
    }
    expect(await first.deps.limits.attempt('search-log:ip', '192.0.2.1', 1_198)).toBeNull()
    const before = (await rows(t)).length
    for (const app of [first, second, first, second]) expect(await ask(app, '192.0.2.1')).toBe(1)
    expect((await rows(t)).length).toBe(before + 2)
    await ask(second, '192.0.2.2')
    expect((await rows(t)).length).toBe(before + 3)
  })
})

test('a flood of searches is refused before it reaches the database; whoever is signed in is not taken for it', async () => {
  await using app = await createTestApp({ databaseUrl: t.databaseUrl, env: { REQUESTS_PER_MINUTE: '200' } })
  const reader = await signUp(app)
  const flood = await Promise.all(
    Array.from({ length: 40 }, (_, n) =>
      (n % 2 === 0
        ? app.forge().knowledge.search({ query: `flood ${n}` })
        : app.forge().knowledge.suggest({ text: `flood ${n}` })
      ).then(
        () => 'answered',
        (error: unknown) => (isDevForgeError(error) ? error.code : error),
      ),
    ),
  )
  expect(flood.filter((code) => code === 'RATE_LIMITED').length).toBeGreaterThan(10)
  expect(flood.filter((code) => code === 'answered').length).toBeGreaterThanOrEqual(20)
  expect((await app.fetch(`${TEST_URL}/help/search?q=flood`)).status).toBe(429)
  expect((await app.fetch(`${TEST_URL}/help`)).status).toBe(200)
  expect(await failure(app.forge().knowledge.get({ slug: 'never-was' }))).toBe('ARTICLE_NOT_FOUND')
  const { items } = await reader.forge.knowledge.search({ query: 'barometer' })
  expect(items).toHaveLength(1)
})
