import type { DevForge } from '@devforge/sdk'
import { recountRanks } from '@devforge/server/modules/marketplace/service/search/ranks'
import { searchExtensions } from '@devforge/server/modules/marketplace/service/search/search'
import { loadCatalog } from '@devforge/server/sandbox/catalog/load'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../../support/app.ts'
import { createTestDatabase } from '../../support/database.ts'
import { failure } from '../../support/errors.ts'
import { ask, byText } from '../../support/gallery.ts'
import { place } from './place.ts'

type Input = Parameters<typeof search>[0]
let t: TestApp
let forge: DevForge
const search = (input: {
  query?: string
  category?: string
  tag?: string
  publisher?: string
  price?: 'free' | 'paid'
  targetPlatform?: string
  engine?: string
  featured?: boolean
  sort?: 'relevance' | 'installs' | 'rating' | 'updated' | 'published' | 'name' | 'trending'
  direction?: 'asc' | 'desc'
  cursor?: string
  limit?: number
}) => forge.call('marketplace.search', 'query', input)
const found = async (input: Input): Promise<string[]> => (await search(input)).items.map(({ id }) => id)

beforeAll(async () => {
  t = await createTestApp()
  forge = t.forge()
  await place(t, [
    {
      id: 'acme.alpha',
      displayName: 'Alpha Tools',
      tags: ['shared', 'two words'],
      categories: ['Themes'],
      installs: 500,
      rating: [4, 10],
      updatedDays: 30,
    },
    {
      id: 'acme.beta',
      displayName: 'Beta Tools',
      tags: ['shared'],
      categories: ['Linters'],
      installs: 5_000,
      rating: [5, 4],
      updatedDays: 3,
    },
    {
      id: 'Zeta-Corp.gamma',
      displayName: 'Gamma Tools',
      tags: ['shared'],
      installs: 50,
      platforms: ['linux-x64', 'win32-x64'],
      updatedDays: 9,
    },
    {
      id: 'zeta-corp.delta',
      displayName: 'Delta Tools',
      tags: ['shared'],
      paid: true,
      installs: 20,
      engine: '^1.99.0',
      updatedDays: 70,
    },
    {
      id: 'zeta-corp.epsilon',
      displayName: 'Épsilon Tools',
      description: 'À la carte',
      tags: ['shared'],
      deprecated: true,
      installs: 900,
    },
    {
      id: 'zeta-corp.omega',
      displayName: 'OmegaViewer 日本語拡張',
      featured: true,
      installs: 1,
      verified: true,
    },
    ...Array.from({ length: 45 }, (_, n) => ({
      id: `many.item-${n}`,
      displayName: `Item ${n}`,
      description: 'One of a crowd',
      installs: n % 7,
      updatedDays: n,
    })),
  ])
})
afterAll(() => t[Symbol.asyncDispose]())

test('filters, inside the text and outside', async () => {
  expect(await found({ query: 'tools', category: 'themes' })).toEqual(['acme.alpha'])
  expect(await found({ query: 'category:Themes tools' })).toEqual(['acme.alpha'])
  expect(await found({ query: '@category:"linters"' })).toEqual(['acme.beta'])
  expect(await found({ query: 'tag:"two words"' })).toEqual(['acme.alpha'])
  expect(await found({ query: 'publisher:"acme" tools', sort: 'name' })).toEqual(['acme.alpha', 'acme.beta'])
  expect((await found({ publisher: 'zeta-corp' })).toSorted()).toEqual(
    ['Zeta-Corp.gamma', 'Zeta-Corp.omega', 'Zeta-Corp.delta', 'Zeta-Corp.epsilon'].toSorted(),
  )
  expect(await found({ tag: 'shared', price: 'paid' })).toEqual(['Zeta-Corp.delta'])
  expect(await found({ tag: 'shared', targetPlatform: 'darwin-x64' })).not.toContain('Zeta-Corp.gamma')
  expect(await found({ tag: 'shared', targetPlatform: 'linux-x64' })).toContain('Zeta-Corp.gamma')
  expect(await found({ tag: 'shared', engine: '1.98.2' })).not.toContain('Zeta-Corp.delta')
  expect(await found({ tag: 'shared', engine: '1.99.0' })).toContain('Zeta-Corp.delta')
  expect(await found({ featured: true })).toEqual(['Zeta-Corp.omega'])
})

test('sorts', async () => {
  const tools = { tag: 'shared', price: 'free' as const }
  const names = async (sort: Input['sort'], direction?: 'asc' | 'desc') =>
    (await found({ ...tools, sort, direction })).map((id) => id.split('.')[1])
  expect(await names('installs')).toEqual(['beta', 'epsilon', 'alpha', 'gamma'])
  expect(await names('installs', 'asc')).toEqual(['gamma', 'alpha', 'epsilon', 'beta'])
  expect(await names('name')).toEqual(['alpha', 'beta', 'epsilon', 'gamma'])
  expect(await names('updated')).toEqual(['beta', 'gamma', 'alpha', 'epsilon'])
  expect((await names('rating'))[0]).toBe('beta')
  // Popular but deprecated comes last.
  expect((await names('relevance')).at(-1)).toBe('epsilon')
  expect((await found({ query: 'tools @sort:installs' }))[0]).toBe('acme.beta')
})

test('words: camel case, accents, scripts without spaces, operators that are none', async () => {
  expect(await found({ query: 'omega viewer' })).toEqual(['Zeta-Corp.omega'])
  expect(await found({ query: 'epsilon' })).toEqual(['Zeta-Corp.epsilon'])
  expect(await found({ query: '拡張' })).toEqual(['Zeta-Corp.omega'])
  expect(await found({ query: '@installed @ext:foo alpha' })).toEqual([])
  expect(await found({ query: '@installed alpha' })).toEqual(['acme.alpha'])
  expect(await found({ query: 'alhpa' })).toEqual(['acme.alpha'])
})

test('what people type can be anything', async () => {
  for (const query of [
    "'",
    '"',
    '\\',
    "a' | 'b",
    '!',
    '&',
    ':*',
    '(((',
    '<->',
    '@',
    '@:',
    'tag:',
    'tag:"',
    '😀',
    '%',
    'a'.repeat(300),
    'publisher:"a\' | \'b"',
    '\u202eabc',
    'c++ c# .net',
    '--',
    '%_%',
  ])
    expect(Array.isArray((await search({ query })).items), JSON.stringify(query)).toBe(true)
})

const readAll = async (input: Input): Promise<string[]> => {
  const all: string[] = []
  for (let cursor: string | undefined, pages = 0; pages < 20; pages++) {
    const page = await search({ ...input, limit: 7, cursor })
    all.push(...page.items.map(({ id }) => id))
    if (page.nextCursor === null) return all
    cursor = page.nextCursor
  }
  throw new Error('a list without an end')
}

test('pages hold everything exactly once, whatever the sort', async () => {
  for (const sort of ['relevance', 'installs', 'updated', 'name', 'rating'] as const) {
    const all = await readAll({ query: 'item', sort })
    expect(all, sort).toHaveLength(45)
    expect(new Set(all).size).toBe(45)
    expect((await readAll({ sort })).length).toBe(51)
  }
  expect((await search({ query: 'item' })).total).toEqual({ count: 45, exact: true })
  const first = await readAll({ query: 'item', sort: 'installs' })
  const backwards = await readAll({ query: 'item', sort: 'installs', direction: 'asc' })
  expect(backwards).toEqual(first.toReversed())
})

test('a cursor is good for its own question only', async () => {
  const { nextCursor } = await search({ query: 'item', limit: 5 })
  const cursor = nextCursor ?? ''
  expect((await search({ query: 'item', limit: 9, cursor })).items).toHaveLength(9)
  const [payload = '', seal = ''] = cursor.split('.')
  const forged = Buffer.from(JSON.stringify([0, 5, 1, 60])).toString('base64url')
  for (const input of [
    { query: 'crowd', cursor },
    { query: 'item', sort: 'installs' as const, cursor },
    { query: 'item', price: 'free' as const, cursor },
    { query: 'item', cursor: `${forged}.${seal}` },
    { query: 'item', cursor: payload },
    { query: 'item', cursor: 'x' },
    { query: 'item', cursor: `${payload}.` },
  ])
    expect(await failure(search(input)), JSON.stringify(input)).toBe('INVALID_INPUT')
})

test('a change is seen by the next question, on this server and on others', async () => {
  await using other = await createTestApp({ databaseUrl: t.databaseUrl, clock: t.clock })
  const elsewhere = async (): Promise<string[]> =>
    (await other.forge().call('marketplace.search', 'query', { query: 'fresh' })).items.map(({ id }) => id)
  for (let n = 1; n <= 3; n++) {
    await place(t, [{ id: `fresh.number-${n}`, displayName: `Fresh ${n}` }])
    expect(await found({ query: 'fresh' })).toHaveLength(n)
    expect(await elsewhere()).toHaveLength(n)
  }
  await t.deps.sql`update extensions set display_name = 'Fresher' where identifier = 'fresh.number-1'`
  expect((await search({ query: 'fresh' })).items.map(({ displayName }) => displayName)).toContain('Fresher')
})

test('beginnings find the same beside another word, be what begins so one word or many, old or new', async () => {
  const plotters = (names: string[]) =>
    place(
      t,
      names.map((name) => ({ id: `begins.${name.toLowerCase()}`, displayName: `${name} Plotter` })),
    )
  const begun = async (query: string, sort?: 'name'): Promise<string[]> =>
    (await found({ query: `plotter ${query}`, ...(sort ? { sort } : {}) })).toSorted()
  await plotters(['Vexilla', 'Vexillo', 'Vexillum'])
  await plotters(Array.from({ length: 20 }, (_, n) => `Quix${String.fromCharCode(97 + n)}`))
  const before = ['begins.vexilla', 'begins.vexillo', 'begins.vexillum']
  expect(await begun('vexi')).toEqual(before)
  // Of more words than are looked up one by one.
  expect((await search({ query: 'plotter quix' })).total).toEqual({ count: 20, exact: true })
  // Shorter than what is kept of words.
  await place(
    t,
    [1, 2, 3].map((n) => ({ id: `begins.short-${n}`, displayName: 'Vx Plotter' })),
  )
  expect(await begun('vx')).toEqual(['begins.short-1', 'begins.short-2', 'begins.short-3'])
  await plotters(['Vexing', 'Quixz'])
  expect(await begun('vexi')).toEqual([...before, 'begins.vexing'])
  expect(await begun('vexi', 'name')).toEqual([...before, 'begins.vexing'])
  expect((await search({ query: 'plotter quix' })).total).toEqual({ count: 21, exact: true })
})

test('what lists tell of an extension is as new as the question', async () => {
  await place(t, [{ id: 'kept.listing', displayName: 'Kept Listing', installs: 5 }])
  await using other = await createTestApp({ databaseUrl: t.databaseUrl, clock: t.clock })
  const shown = async (app: TestApp) => {
    const { items } = await app.forge().call('marketplace.search', 'query', { query: 'kept listing' })
    const { extensions } = await ask(app, { criteria: byText('kept listing') })
    const [card] = items
    const [listed] = extensions
    const installs = listed?.statistics.find(({ statisticName }) => statisticName === 'install')?.value
    return [card?.installs, card?.publisher.displayName, installs, listed?.publisher.displayName]
  }
  for (const [installs, name] of [
    [5, 'kept'],
    [6, 'Kept'],
    [7, 'Kept Ltd.'],
  ] as const) {
    await t.deps.sql`update extensions set installs = ${installs} where identifier = 'kept.listing'`
    await t.deps.sql`update publishers set display_name = ${name} where name = 'kept'`
    for (const app of [t, other]) {
      expect(await shown(app)).toEqual([installs, name, installs, name])
      // From memory, for another question.
      expect(await found({ query: 'kept listing', limit: installs })).toEqual(['kept.listing'])
    }
  }
})

test('tiers change what is looked at first, and nothing of what is found', async () => {
  await using database = await createTestDatabase()
  const loaded = await loadCatalog(database.url, { count: 700, now: t.clock.now() })
  expect(loaded.extensions).toBe(700)
  await using made = await createTestApp({ databaseUrl: database.url, clock: t.clock })
  const { sql, db } = made.deps
  const tiers = await sql<{ tier: number }[]>`select distinct tier from extension_search order by tier`
  expect(tiers.map(({ tier }) => tier)).toEqual([0, 1])
  const questions = ['s', 'theme', 'snippets', 'react', 'for', 'category:themes', 'better c']
  const tiered = await answersTo(made, questions)
  await sql`delete from search_tiers`
  await sql`update extension_search set tier = 0`
  const untiered = await answersTo(made, questions)
  for (const [place, { ids, count }] of tiered.entries()) {
    expect(new Set(ids).size, questions[place]).toBe(ids.length)
    expect(ids.length).toBe(count)
    expect(ids.toSorted()).toEqual(untiered[place]?.ids.toSorted())
    expect(ids[0]).toBe(untiered[place]?.ids[0])
  }
  // However they are cut: counting goes on where choosing stopped.
  await sql`update extension_search set tier = no % 7`
  for (const [place, { ids, count }] of (await answersTo(made, questions)).entries()) {
    expect(count, questions[place]).toBe(untiered[place]?.count)
    expect(ids.toSorted(), questions[place]).toEqual(untiered[place]?.ids.toSorted())
  }
  // The job draws them as the loader did.
  await recountRanks(db, t.clock.now())
  expect(await answersTo(made, questions)).toEqual(tiered)
})

/** Read page by page to the end. */
async function answersTo(app: TestApp, questions: string[]): Promise<{ ids: string[]; count: number }[]> {
  const answers: { ids: string[]; count: number }[] = []
  for (const text of questions) {
    const ids: string[] = []
    for (let cursor: string | undefined; ; ) {
      const page = await searchExtensions(app, { text, limit: 20, cursor })
      ids.push(...page.ids)
      if (page.nextCursor === null) {
        answers.push({ ids, count: page.total.count })
        break
      }
      cursor = page.nextCursor
    }
  }
  return answers
}
