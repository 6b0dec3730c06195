import { articleLinks } from '@devforge/server/modules/knowledge/service/read'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestApp, TEST_URL, type TestApp } from '../support/app.ts'
import { failure } from '../support/errors.ts'
import { draft, published } from '../support/knowledge.ts'
import { type Person, signUp } from '../support/people.ts'

/** Articles that are not for everybody, with words that stand nowhere else. */
const HIDDEN = ['customers-only', 'agents-only', 'a-draft', 'archived-one'] as const
const SECRETS = ['kumquat', 'rambutan', 'durian', 'salak'] as const

let t: TestApp
/** The same server without those articles: what a stranger learns must be the same in both. */
let bare: TestApp
let agent: Person
let customer: Person
let apiToken: string
const ids: Record<string, string> = {}

async function fill(app: TestApp, { withHidden }: { withHidden: boolean }): Promise<Person> {
  const writer = await signUp(app, { role: 'agent' })
  const open = { category: 'Fruit', body: 'Some text about fruit and vegetables.' }
  await published(writer, { ...open, slug: 'apples', title: 'Apples and other fruit' })
  await published(writer, { ...open, slug: 'pears', title: 'Pears' })
  await published(writer, { ...open, slug: 'both', title: 'Fruit in English' })
  if (!withHidden) return writer
  const secret = (n: number) => ({
    title: `Fruit: ${SECRETS[n]}`,
    body: `About ${SECRETS[n]} fruit.`,
    category: `Secret ${SECRETS[n]}`,
  })
  ids['customers-only'] = (
    await published(writer, { ...secret(0), slug: 'customers-only', visibility: 'customers' })
  ).id
  ids['agents-only'] = (
    await published(writer, { ...secret(1), slug: 'agents-only', visibility: 'agents' })
  ).id
  ids['a-draft'] = (await draft(writer, { ...secret(2), slug: 'a-draft' })).id
  const old = await published(writer, { ...secret(3), slug: 'archived-one' })
  await writer.forge.knowledge.archive({ id: old.id, version: 1 })
  ids['archived-one'] = old.id
  // In the category and with the words of what everybody reads; and the translation of an open article.
  for (let n = 0; n < 5; n++)
    await published(writer, { ...open, slug: `hidden-${n}`, title: 'Pears and apples', visibility: 'agents' })
  await published(writer, { ...open, slug: 'both', locale: 'de', title: 'Obst', visibility: 'agents' })
  // A new text of an open article that is not published yet.
  const { items } = await writer.forge.knowledge.articles({ category: 'Fruit' })
  const pears = items.find(({ slug }) => slug === 'pears')
  await writer.forge.knowledge.update({
    id: pears?.id ?? '',
    version: 1,
    body: 'mangosteen',
    title: 'mangosteen',
  })
  return writer
}

beforeAll(async () => {
  t = await createTestApp()
  bare = await createTestApp()
  agent = await fill(t, { withHidden: true })
  await fill(bare, { withHidden: false })
  customer = await signUp(t)
  apiToken = (await customer.forge.auth.createApiToken({ name: 'x', scopes: ['read'] })).token
})
afterAll(async () => {
  await t[Symbol.asyncDispose]()
  await bare[Symbol.asyncDispose]()
})

/** What a stranger is told, without what names the article or the search. */
async function told(app: TestApp, path: string, input: object): Promise<string> {
  const call = app.forge().call as unknown as (path: string, kind: string, input: object) => Promise<unknown>
  const text = await call(path, 'query', input).then(
    JSON.stringify,
    (error: { code: string; message: string }) => JSON.stringify([error.code, error.message]),
  )
  return text.replaceAll(/(?:art|kse)_[0-9a-z]{26}/g, '<id>').replaceAll(/"updatedAt":"[^"]*"/g, '')
}

const QUESTIONS: [path: string, input: object][] = [
  ...SECRETS.flatMap((word): [string, object][] => [
    ['knowledge.search', { query: word }],
    ['knowledge.search', { query: word.slice(0, 4) }],
    ['knowledge.search', { query: `${word.slice(0, 3)}x${word.slice(4)}` }],
    ['knowledge.search', { query: `fruit ${word}` }],
    ['knowledge.search', { query: '', category: `Secret ${word}` }],
    ['knowledge.suggest', { text: `my ${word} is broken` }],
  ]),
  ['knowledge.search', { query: 'mangosteen' }],
  ['knowledge.search', { query: 'pears apples' }],
  ['knowledge.search', { query: 'paers' }],
  ['knowledge.search', { query: '' }],
  ['knowledge.search', { query: '', limit: 2 }],
  ['knowledge.search', { query: 'fruit', locale: 'de' }],
  ['knowledge.search', { query: 'obst', locale: 'de' }],
  ['knowledge.suggest', { text: 'pears, apples and fruit' }],
  ['knowledge.suggest', { text: 'fruit', locale: 'de' }],
  ['knowledge.categories', {}],
  ['knowledge.categories', { locale: 'de' }],
]

describe('a stranger', () => {
  test.each(QUESTIONS)('%s %j answers as if what is hidden did not exist', async (path, input) => {
    const withHidden = await told(t, path, input)
    const without = await told(bare, path, input)
    // Cursors are sealed with the numbers of rows, which tell nothing.
    const plain = (text: string) => text.replace(/"nextCursor":"[^"]*"/, '"nextCursor":"…"')
    expect(plain(withHidden)).toBe(plain(without))
    for (const word of [...SECRETS, 'mangosteen', 'Obst']) expect(withHidden).not.toContain(word)
  })

  test.each([...HIDDEN])('%s is not there: to read, to rate, to say it solved something', async (slug) => {
    for (const article of [slug, 'never-was'])
      expect(await told(t, 'knowledge.get', { slug: article })).toBe(
        '["ARTICLE_NOT_FOUND","There is no such article."]',
      )
    for (const id of [ids[slug] ?? '', 'art_01aaaaaaaaaaaaaaaaaaaaaaaa']) {
      expect(await failure(t.forge().knowledge.feedback({ id, helpful: true }))).toBe('ARTICLE_NOT_FOUND')
      expect(await failure(t.forge().knowledge.solvedIt({ id }))).toBe('ARTICLE_NOT_FOUND')
    }
    const [row] = await t.deps.sql`select helpful, solved from articles where id = ${ids[slug] ?? ''}`
    expect(row).toEqual({ helpful: 0, solved: 0 })
  })

  test('the open translation is given, not the one for agents', async () => {
    expect(await t.forge().knowledge.get({ slug: 'both', locale: 'de' })).toMatchObject({
      locale: 'en',
      locales: ['en'],
    })
    expect(await agent.forge.knowledge.get({ slug: 'both', locale: 'de' })).toMatchObject({ locale: 'de' })
  })

  test('pages of the help tell no more', async () => {
    const page = async (path: string) => (await t.fetch(`${TEST_URL}${path}`)).text()
    for (const path of [
      '/help',
      '/help/search?q=fruit',
      '/help/search?q=',
      ...SECRETS.map((word) => `/help/search?category=Secret+${word}`),
    ]) {
      const text = (await page(path)).replaceAll(/Secret (\w+)/g, (whole, word) =>
        path.includes(word) ? '' : whole,
      )
      for (const word of [...SECRETS, 'mangosteen', 'hidden-']) expect(text, path).not.toContain(word)
    }
    for (const slug of [...HIDDEN, 'never-was']) {
      const response = await t.fetch(`${TEST_URL}/help/${slug}`)
      expect(response.status).toBe(404)
      expect((await response.text()).replaceAll(slug, '')).toBe(
        (await page('/help/never-was')).replaceAll('never-was', ''),
      )
    }
  })

  test('a token that is no good makes nobody of its sender, and no error', async () => {
    for (const authorization of ['Bearer nonsense', 'Bearer dfp_nonsense', 'Basic x']) {
      const response = await t.fetch(
        `${TEST_URL}/trpc/knowledge.search?input=${encodeURIComponent(JSON.stringify({ json: { query: 'kumquat' } }))}`,
        { headers: { authorization } },
      )
      expect(response.status).toBe(200)
      expect(await response.text()).not.toContain('customers-only')
    }
  })
})

describe('whoever is signed in', () => {
  const found = async (person: { forge: Person['forge'] }, query: string) =>
    (await person.forge.knowledge.search({ query })).items.map(({ slug }) => slug)

  test('customers see what is for customers, by session and by API token', async () => {
    for (const person of [customer, { forge: t.forge({ apiToken }) }]) {
      expect(await found(person, 'kumquat')).toEqual(['customers-only'])
      expect(await found(person, 'rambutan')).toEqual([])
      expect((await person.forge.knowledge.get({ slug: 'customers-only' })).visibility).toBe('customers')
      expect(await failure(person.forge.knowledge.get({ slug: 'agents-only' }))).toBe('ARTICLE_NOT_FOUND')
      const { items } = await person.forge.knowledge.categories()
      expect(items.map(({ name }) => name)).toEqual(['Fruit', 'Secret kumquat'])
      expect(items[0]?.count).toBe(3)
    }
  })

  test('agents see all that is published, and no draft among it', async () => {
    expect(await found(agent, 'rambutan')).toEqual(['agents-only'])
    expect(await found(agent, 'kumquat')).toEqual(['customers-only'])
    expect(await found(agent, 'durian')).toEqual([])
    expect(await found(agent, 'salak')).toEqual([])
    expect(await failure(agent.forge.knowledge.get({ slug: 'a-draft' }))).toBe('ARTICLE_NOT_FOUND')
  })

  test('who is no agent any more, or banned, sees less at once', async () => {
    const former = await signUp(t, { role: 'agent' })
    expect(await found(former, 'rambutan')).toEqual(['agents-only'])
    await t.deps.sql`update users set role = 'customer' where id = ${former.id}`
    expect(await found(former, 'rambutan')).toEqual([])
    await t.deps.sql`update users set banned = true where id = ${former.id}`
    expect(await found(former, 'kumquat')).toEqual([])
  })

  test('what becomes an article for agents is gone for the others in the same moment', async () => {
    const { id } = await published(agent, { slug: 'changing', title: 'Tamarillo' })
    expect(await found({ forge: t.forge() }, 'tamarillo')).toEqual(['changing'])
    await agent.forge.knowledge.update({ id, version: 1, visibility: 'agents' })
    await agent.forge.knowledge.publish({ id, version: 2 })
    expect(await found(customer, 'tamarillo')).toEqual([])
    expect(await found(agent, 'tamarillo')).toEqual(['changing'])
  })
})

test('links in replies lead only where the recipient may go', async () => {
  const links = async (visibility: 'public' | 'customers' | 'agents', locale?: string) =>
    (
      await articleLinks(
        { db: t.deps.db, deps: t.deps },
        ['agents-only', ids['customers-only'] ?? '', 'apples', 'both', 'a-draft', 'never-was', 'apples'],
        { visibility, locale },
      )
    ).map(({ url }) => url.replace(`${TEST_URL}/help/`, ''))
  expect(await links('public')).toEqual(['apples', 'both'])
  expect(await links('customers')).toEqual(['customers-only', 'apples', 'both'])
  expect(await links('agents', 'de')).toEqual(['agents-only', 'customers-only', 'apples', 'both?locale=de'])
})
