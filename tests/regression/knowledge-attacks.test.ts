import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestApp, TEST_URL, type TestApp } from '../support/app.ts'
import { draft, published } from '../support/knowledge.ts'
import { type Person, signUp } from '../support/people.ts'

let t: TestApp
let agent: Person
let other: Person
beforeAll(async () => {
  t = await createTestApp()
  agent = await signUp(t, { role: 'agent' })
  other = await signUp(t, { role: 'agent' })
})
afterAll(() => t[Symbol.asyncDispose]())

const slugs = async (query: string) =>
  (await t.forge().knowledge.search({ query })).items.map(({ slug }) => slug)

test('words of hidden articles do not stand before those that a misspelt word may mean', async () => {
  await published(agent, { slug: 'open-one', title: 'Photosynthesis' })
  // Nearer to what is typed than the right word, and more than are looked at.
  for (let n = 0; n < 20; n++)
    await published(agent, {
      slug: `hidden-${n}`,
      title: `photosyntesi${String.fromCharCode(97 + n)}`,
      visibility: 'agents',
    })
  expect(await slugs('photosyntesis')).toEqual(['open-one'])
})

test.each([
  ["' | 'en/x':*", 'signs of queries'],
  ["\\' & \\\\'':A !(", 'quotes and backslashes'],
  ["'); drop table articles; --", 'statements'],
  ['%_%_%', 'signs of patterns'],
  ['((((((((((((((((((((((((((((((((', 'brackets'],
  ['a'.repeat(200), 'a long word'],
  ['a-'.repeat(100), 'a word of a hundred parts'],
  ['\u202e\u200b\ufeff', 'what nobody sees'],
  ['🏳️‍🌈'.repeat(20), 'signs of several parts'],
  ['拡張機能'.repeat(40), 'words without spaces'],
  ['$1 $2::int {} [] <>', 'parameters'],
])('a search for %j (%s) is answered soon, and with a mistake of nobody', async (query) => {
  const started = performance.now()
  const { items } = await t.forge().knowledge.search({ query })
  expect(Array.isArray(items)).toBe(true)
  await t.forge().knowledge.suggest({ text: query.repeat(10).slice(0, 5_000) })
  const page = await t.fetch(`${TEST_URL}/help/search?q=${encodeURIComponent(query)}`)
  expect(page.status).toBe(200)
  expect(performance.now() - started).toBeLessThan(5_000)
})

test('a text of nothing but unknown words costs no more than a few look-ups', async () => {
  const words = Array.from({ length: 500 }, (_, n) => `zq${(n * 7_919).toString(36)}photosyn`)
  const started = performance.now()
  for (let n = 0; n < 5; n++) await t.forge().knowledge.suggest({ text: words.join(' ').slice(0, 5_000) })
  expect(performance.now() - started).toBeLessThan(5_000)
})

test('forty readers at once, while writers change and publish, are forty', async () => {
  const article = await published(agent, { slug: 'voted' })
  const readers = await Promise.all(Array.from({ length: 40 }, () => signUp(t)))
  const write = async () => {
    for (let n = 0; n < 5; n++) {
      const { version } = await agent.forge.knowledge.article({ id: article.id })
      const { version: next } = await agent.forge.knowledge.update({
        id: article.id,
        version,
        body: `Text ${n}`,
      })
      await agent.forge.knowledge.publish({ id: article.id, version: next })
    }
  }
  await Promise.all([
    write(),
    ...readers.flatMap(({ forge }, n) => [
      forge.knowledge.feedback({ id: article.id, helpful: n % 4 !== 0 }),
      forge.knowledge.solvedIt({ id: article.id }),
    ]),
  ])
  expect(await agent.forge.knowledge.article({ id: article.id })).toMatchObject({
    helpful: 30,
    notHelpful: 10,
    solved: 40,
  })
  const [row] = await t.deps.sql`select solved_by_accounts from articles where id = ${article.id}`
  expect(row).toEqual({ solved_by_accounts: 40 })
})

test('whoever is fastest among those who publish, archive, change and restore at once, the index says what the article does', async () => {
  const counts = async () => t.deps.sql`select * from article_words order by locale, word`
  const before = await counts()
  const { id } = await draft(agent, { slug: 'contended', title: 'Wolframite' })
  for (let round = 0; round < 8; round++) {
    const { version } = await agent.forge.knowledge.article({ id })
    const results = await Promise.allSettled(
      [agent, other].flatMap(({ forge }, n) => [
        forge.knowledge.publish({ id, version }),
        forge.knowledge.archive({ id, version }),
        forge.knowledge.update({ id, version, title: `Wolframite ${round} ${n}` }),
        forge.knowledge.restore({ id, version, number: 1 }),
      ]),
    )
    for (const result of results)
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'CONFLICT' })
    const { status, version: newest } = await agent.forge.knowledge.article({ id })
    expect(newest).toBe(version + 1)
    expect((await slugs('wolframite')).includes('contended')).toBe(status === 'published')
  }
  const { version } = await agent.forge.knowledge.article({ id })
  await agent.forge.knowledge.archive({ id, version })
  // Nothing is left of it: each word was taken back as often as it was counted.
  expect(await counts()).toEqual(before)
})
