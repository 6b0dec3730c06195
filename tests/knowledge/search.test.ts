import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { failure } from '../support/errors.ts'
import { published } from '../support/knowledge.ts'
import { type Person, signUp } from '../support/people.ts'

let t: TestApp
let agent: Person
beforeAll(async () => {
  t = await createTestApp()
  agent = await signUp(t, { role: 'agent' })
  await published(agent, {
    slug: 'proxy',
    title: 'Configure a proxy',
    body: 'Set the address. Certificates go into the store.',
    category: 'Network',
    tags: ['firewall'],
  })
  await published(agent, {
    slug: 'certificates',
    title: 'Certificates',
    body: 'When a proxy replaces certificates, install the root.',
    category: 'Network',
  })
  await published(agent, {
    slug: 'telescopes',
    title: 'Looking at stars',
    body: '## Telescopes\n\nBuy a telescope. Errors such as `LENS_DIRTY` can be cleaned.',
    category: 'Hobbies',
  })
})
afterAll(() => t[Symbol.asyncDispose]())

const slugs = async (input: Parameters<Person['forge']['knowledge']['search']>[0]) =>
  (await t.forge().knowledge.search(input)).items.map(({ slug }) => slug)

describe('words', () => {
  test('the title tells more than the tags, the headings more than the text', async () => {
    expect(await slugs({ query: 'proxy' })).toEqual(['proxy', 'certificates'])
    expect(await slugs({ query: 'certificates' })).toEqual(['certificates', 'proxy'])
    expect(await slugs({ query: 'firewall' })).toEqual(['proxy'])
    expect(await slugs({ query: 'telescopes' })).toEqual(['telescopes'])
  })

  test('other forms of a word, its beginning and slips find it', async () => {
    for (const query of [
      'configuring proxies',
      'telescop',
      'teelscope',
      'certifcate',
      'CERTIFICATES!',
      'lens_dirty',
      'lens dirty',
    ])
      expect((await slugs({ query })).length, query).toBeGreaterThan(0)
    expect(await slugs({ query: 'certifcate' })).toContain('certificates')
  })

  test('all words first; where that finds little, some of them', async () => {
    expect(await slugs({ query: 'proxy certificates root' })).toEqual(['certificates', 'proxy'])
    expect(await slugs({ query: 'how do I configure the proxy please' })).toContain('proxy')
  })

  test('what is nowhere finds nothing', async () => {
    const { items, total, nextCursor } = await t.forge().knowledge.search({ query: 'submarine' })
    expect([items, total, nextCursor]).toEqual([[], { count: 0, exact: true }, null])
  })

  test('whatever is typed is a question, never a fault', async () => {
    const typed = [
      "'",
      '"',
      '\\',
      ':*',
      '&|!()',
      "a'b\\c:*|&!<->",
      '<script>',
      '%_',
      'the',
      '日本語',
      '👍',
      '\u202e',
      '-',
      'a'.repeat(200),
      'ﬁ',
      'İ',
    ]
    for (const query of typed) expect(Array.isArray(await slugs({ query })), query).toBe(true)
  })
})

describe('filters', () => {
  test('category, in any case, alone or with words', async () => {
    expect((await slugs({ query: '', category: 'network' })).sort()).toEqual(['certificates', 'proxy'])
    expect(await slugs({ query: 'proxy', category: 'Hobbies' })).toEqual([])
  })

  test('only what is about the version of the editor', async () => {
    await published(agent, { slug: 'old-gauge', title: 'Gauges of old', maxVersion: '1.94.99' })
    await published(agent, { slug: 'new-gauge', title: 'Gauges of today', minVersion: '1.95.0' })
    expect((await slugs({ query: 'gauges' })).sort()).toEqual(['new-gauge', 'old-gauge'])
    expect(await slugs({ query: 'gauges', editorVersion: '1.94.2' })).toEqual(['old-gauge'])
    expect(await slugs({ query: 'gauges', editorVersion: '1.95.0-insider' })).toEqual(['new-gauge'])
    expect(await slugs({ query: 'gauges', editorVersion: '2.0.0' })).toEqual(['new-gauge'])
    expect(await failure(t.forge().knowledge.search({ query: 'x', editorVersion: 'new' }))).toBe(
      'INVALID_INPUT',
    )
  })
})

describe('languages', () => {
  beforeAll(async () => {
    await published(agent, { slug: 'cats', title: 'Cats', body: 'They purr.' })
    await published(agent, { slug: 'cats', locale: 'de', title: 'Katzen', body: 'Sie schnurren auf Möbeln.' })
    await published(agent, { slug: 'dogs', title: 'Dogs purr not', body: 'They bark.' })
  })

  test('a translation stands for its original; what has none is found in English', async () => {
    const found = await t.forge().knowledge.search({ query: 'schnurrende katze', locale: 'de-AT' })
    expect(found.items).toMatchObject([{ slug: 'cats', locale: 'de', title: 'Katzen' }])
    expect(await slugs({ query: 'purr', locale: 'de' })).toEqual(['dogs'])
    expect(await slugs({ query: 'purr' })).toEqual(expect.arrayContaining(['cats', 'dogs']))
    expect(await slugs({ query: 'katzen' })).toEqual([])
    expect(await slugs({ query: 'möbel', locale: 'de' })).toEqual(['cats'])
    expect(await slugs({ query: 'bark', locale: 'ja' })).toEqual(['dogs'])
  })

  test('get gives the nearest language', async () => {
    const locale = async (wanted?: string) =>
      (await t.forge().knowledge.get({ slug: 'cats', ...(wanted ? { locale: wanted } : {}) })).locale
    expect(await locale()).toBe('en')
    expect(await locale('de')).toBe('de')
    expect(await locale('de-CH')).toBe('de')
    expect(await locale('fr')).toBe('en')
    await published(agent, { slug: 'nur-deutsch', locale: 'de', title: 'Nur deutsch' })
    expect(await t.forge().knowledge.get({ slug: 'nur-deutsch' })).toMatchObject({
      locale: 'de',
      locales: ['de'],
    })
  })

  test('categories count what is found in the language', async () => {
    const count = async (locale?: string) =>
      (await t.forge().knowledge.categories(locale ? { locale } : {})).items.find(
        ({ name }) => name === 'General',
      )?.count
    // Two gauges, cats, dogs; in German also what there is in German alone.
    expect(await count()).toBe(4)
    expect(await count('de')).toBe(5)
  })
})

describe('pages', () => {
  test('each article comes once, in order, and a cursor is good for its own search only', async () => {
    for (let n = 0; n < 7; n++)
      await published(agent, { slug: `page-${n}`, title: `Walrus ${n}`, category: 'Walruses' })
    for (const input of [{ query: 'walrus' }, { query: '', category: 'Walruses' }]) {
      const seen: string[] = []
      for (let cursor: string | undefined; ; ) {
        const page = await t.forge().knowledge.search({ ...input, limit: 3, ...(cursor ? { cursor } : {}) })
        expect(page.total).toEqual({ count: 7, exact: true })
        seen.push(...page.items.map(({ slug }) => slug))
        if (page.nextCursor === null) break
        cursor = page.nextCursor
      }
      expect(seen.toSorted()).toEqual(Array.from({ length: 7 }, (_, n) => `page-${n}`))
    }
    const { nextCursor } = await t.forge().knowledge.search({ query: 'walrus', limit: 3 })
    expect(await failure(t.forge().knowledge.search({ query: 'proxy', cursor: nextCursor ?? '' }))).toBe(
      'INVALID_INPUT',
    )
    expect(await failure(t.forge().knowledge.search({ query: 'walrus', cursor: 'x.y' }))).toBe(
      'INVALID_INPUT',
    )
  })
})

test('a new text is found by its new words, and no more by its old ones', async () => {
  const { id } = await published(agent, { slug: 'moving', title: 'Quokka' })
  await agent.forge.knowledge.update({ id, version: 1, title: 'Wombat' })
  expect(await slugs({ query: 'quokka' })).toEqual(['moving'])
  await agent.forge.knowledge.publish({ id, version: 2 })
  expect(await slugs({ query: 'quokka' })).toEqual([])
  expect(await slugs({ query: 'wombat' })).toEqual(['moving'])
})

test('the index made anew is the index that was there, job by job, whatever the code was that made it', async () => {
  const index = async () =>
    JSON.stringify(
      await t.deps.sql`
        select slug, locale, audience, document::text, version_floor, version_ceiling from article_search order by slug, locale`,
    ) +
    JSON.stringify(
      await t.deps.sql`
        select * from article_words where agent_count > 0 order by locale, word`,
    )
  const before = await index()
  // As if texts had been cut into other words: one more in each, and one less of each that has several.
  await t.deps.sql`update article_search set document = ''`
  await t.deps.sql`update article_word_lists set words = array['otherwise'] || words[2:]`
  await t.deps.sql`delete from article_words where word <> ''`
  await t.deps.sql`
    insert into article_words (locale, word, stem, public_count, customer_count, agent_count)
    select s.locale, w, 'old', count(*) filter (where l.audience <= 0), count(*) filter (where l.audience <= 1), count(*)
    from article_word_lists l join article_search s using (article_id), unnest(l.words) w group by s.locale, w`
  await t.deps.jobs.enqueue(t.deps.db, 'knowledge.reindex', {})
  expect(await t.drain()).toEqual([])
  expect(await index()).toBe(before)
  // Once more changes nothing, not even the rows.
  const rows = () => t.deps.sql`select xmin::text, no from article_search order by no`
  const untouched = await rows()
  await t.deps.jobs.enqueue(t.deps.db, 'knowledge.reindex', {})
  expect(await t.drain()).toEqual([])
  expect(await rows()).toEqual(untouched)
})

test('words that are everywhere: first what is about them, then the others, page by page, each once', async () => {
  await using app = await createTestApp()
  const writer = await signUp(app, { role: 'agent' })
  const about = ['alpha', 'beta', 'gamma']
  for (const slug of about)
    await published(writer, { slug, title: `Marmalade ${slug}`, body: 'Nothing else.' })
  // As many as would otherwise be a day's writing: the same text under other names.
  await published(writer, {
    slug: 'model',
    title: 'Model',
    body: 'Somewhere in it is marmalade.',
    visibility: 'public',
  })
  const { sql } = app.deps
  await sql`
    insert into articles (id, slug, locale, status, version, published_version, published_at, revised_at, created_by)
    select 'art_' || n, 'copy-' || n, locale, status, version, published_version, published_at, revised_at, created_by
    from articles, generate_series(1, 330) n where slug = 'model'`
  await sql`
    insert into article_versions (id, article_id, number, title, summary, body, category, visibility, author_id, at)
    select 'arv_' || n, 'art_' || n, number, 'Model ' || n, v.summary, body, category, visibility, author_id, at
    from article_versions v join articles a on a.id = v.article_id, generate_series(1, 330) n where a.slug = 'model'`
  await app.deps.jobs.enqueue(app.deps.db, 'knowledge.reindex', {})
  expect(await app.drain()).toEqual([])
  const seen: string[] = []
  let cursor: string | undefined
  do {
    const page = await app
      .forge()
      .knowledge.search({ query: 'marmalade', limit: 50, ...(cursor ? { cursor } : {}) })
    seen.push(...page.items.map(({ slug }) => slug))
    expect(page.total).toEqual({ count: 51, exact: false })
    cursor = page.nextCursor ?? undefined
  } while (cursor)
  expect(seen.slice(0, 3).toSorted()).toEqual(about)
  expect(seen).toHaveLength(334)
  expect(new Set(seen).size).toBe(334)
  const small = await app.forge().knowledge.search({ query: 'marmalade', limit: 2 })
  const next = await app
    .forge()
    .knowledge.search({ query: 'marmalade', limit: 2, cursor: small.nextCursor ?? '' })
  expect(
    [...small.items, ...next.items]
      .slice(0, 3)
      .map(({ slug }) => slug)
      .toSorted(),
  ).toEqual(about)
  expect(next.items[1]?.slug).toMatch(/^copy-|^model$/)
})
