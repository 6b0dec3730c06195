import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { failure } from '../support/errors.ts'
import { draft, published } from '../support/knowledge.ts'
import { type Person, signUp } from '../support/people.ts'

let t: TestApp
let agent: Person
let other: Person
beforeAll(async () => {
  t = await createTestApp()
  agent = await signUp(t, { role: 'agent', name: 'Alan Agent' })
  other = await signUp(t, { role: 'agent' })
})
afterAll(() => t[Symbol.asyncDispose]())

const read = (slug: string) => t.forge().knowledge.get({ slug })
const events = (id: string) =>
  t.deps.sql<{ type: string; actor: string }[]>`
    select type, actor from article_events where article_id = ${id} order by sequence`

describe('create', () => {
  test('starts a draft that no reader sees, at an address made of the title', async () => {
    const article = await agent.forge.knowledge.create({
      title: 'Über Größen: how big?',
      body: '# Sizes\r\n\r\nAs **big** as you like.',
      category: 'General',
    })
    expect(article).toMatchObject({
      slug: 'uber-grossen-how-big',
      status: 'draft',
      version: 1,
      publishedVersion: null,
      locale: 'en',
      visibility: 'public',
      author: { id: agent.id, name: 'Alan Agent' },
      body: '# Sizes\n\nAs **big** as you like.',
    })
    expect(article.html).toContain('<strong>big</strong>')
    expect(await failure(read(article.slug))).toBe('ARTICLE_NOT_FOUND')
    expect(await events(article.id)).toEqual([{ type: 'article.created', actor: `agent:${agent.id}` }])
  })

  test('has one article per name and language, and translations under one name', async () => {
    const { slug } = await draft(agent)
    expect(await failure(draft(agent, { slug }))).toBe('ARTICLE_SLUG_TAKEN')
    expect(await draft(agent, { slug, locale: 'de-AT' })).toMatchObject({ slug, locale: 'de-at' })
    const twenty = await Promise.allSettled(
      Array.from({ length: 20 }, () => draft(agent, { slug: 'at-once' })),
    )
    expect(twenty.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  test('refuses what is no article', async () => {
    const good = { title: 'T', body: 'B', category: 'C' }
    const bad: object[] = [
      { title: '' },
      { title: 'x'.repeat(201) },
      { body: ' \n' },
      { body: 'x'.repeat(100_001) },
      { body: 'a\u0000b' },
      { body: 'a\u0007b' },
      { slug: 'Upper' },
      { slug: '../etc' },
      { slug: 'a--b' },
      { locale: 'not a language' },
      { visibility: 'everybody' },
      { tags: Array.from({ length: 21 }, (_, n) => `t${n}`) },
      { minVersion: 'latest' },
      { minVersion: '2.0.0', maxVersion: '1.9.9' },
      { status: 'published' },
    ]
    for (const one of bad)
      expect(await failure(agent.forge.knowledge.create({ ...good, ...one })), JSON.stringify(one)).toBe(
        'INVALID_INPUT',
      )
  })

  test('is for agents', async () => {
    const customer = await signUp(t)
    expect(await failure(draft(customer))).toBe('FORBIDDEN')
    expect(await failure(t.forge().knowledge.create({ title: 'T', body: 'B', category: 'C' }))).toBe(
      'AUTH_REQUIRED',
    )
  })
})

describe('update and publish', () => {
  test('readers keep the published text until the new one is published', async () => {
    const article = await published(agent, { body: 'The old text.' })
    const changed = await other.forge.knowledge.update({
      id: article.id,
      version: 1,
      body: 'The new text.',
      note: 'better',
    })
    expect(changed).toMatchObject({
      version: 2,
      publishedVersion: 1,
      status: 'published',
      author: { id: other.id },
    })
    expect((await read(article.slug)).body).toBe('The old text.')
    await agent.forge.knowledge.publish({ id: article.id, version: 2 })
    expect((await read(article.slug)).body).toBe('The new text.')
    expect((await events(article.id)).map(({ type }) => type)).toEqual([
      'article.created',
      'article.published',
      'article.updated',
      'article.published',
    ])
  })

  test('two who change one version at once: one is told to look again, and nothing is lost', async () => {
    const { id } = await draft(agent)
    const results = await Promise.allSettled(
      Array.from({ length: 10 }, (_, n) =>
        (n % 2 ? agent : other).forge.knowledge.update({ id, version: 1, body: `By writer ${n}.` }),
      ),
    )
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const result of results)
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'CONFLICT' })
    expect((await agent.forge.knowledge.versions({ id })).items).toHaveLength(2)
  })

  test('what somebody did not see is neither published nor archived', async () => {
    const { id } = await draft(agent)
    await other.forge.knowledge.update({ id, version: 1, title: 'Quite different' })
    expect(await failure(agent.forge.knowledge.publish({ id, version: 1 }))).toBe('CONFLICT')
    expect(await failure(agent.forge.knowledge.archive({ id, version: 1 }))).toBe('CONFLICT')
    expect(await failure(agent.forge.knowledge.publish({ id, version: 3 }))).toBe('CONFLICT')
  })

  test('a change that changes nothing makes no version; publishing twice is publishing once', async () => {
    const { id, title } = await published(agent)
    expect((await agent.forge.knowledge.update({ id, version: 1, title })).version).toBe(1)
    const at = (await agent.forge.knowledge.article({ id })).publishedAt
    t.clock.advance(60_000)
    await Promise.all([1, 2, 3].map(() => agent.forge.knowledge.publish({ id, version: 1 })))
    expect((await agent.forge.knowledge.article({ id })).publishedAt).toEqual(at)
    expect((await events(id)).filter(({ type }) => type === 'article.published')).toHaveLength(1)
  })

  test('bounds of versions are looked at together', async () => {
    const { id } = await draft(agent, { minVersion: '1.90.0' })
    expect(await failure(agent.forge.knowledge.update({ id, version: 1, maxVersion: '1.89.9' }))).toBe(
      'INVALID_INPUT',
    )
    expect(
      await agent.forge.knowledge.update({ id, version: 1, minVersion: null, maxVersion: '1.89.9' }),
    ).toMatchObject({ minVersion: null, maxVersion: '1.89.9' })
  })

  test('an article that is not there is not changed', async () => {
    for (const id of ['art_01aaaaaaaaaaaaaaaaaaaaaaaa', 'x'])
      expect(await failure(agent.forge.knowledge.update({ id, version: 1, title: 'x' }))).toBe(
        'ARTICLE_NOT_FOUND',
      )
  })
})

describe('archive', () => {
  test('takes an article from readers, whose searches do not know it any more, until it is published again', async () => {
    const article = await published(agent, { title: 'Zeppelins in the office' })
    const found = async () => (await t.forge().knowledge.search({ query: 'zeppelins' })).items.length
    expect(await found()).toBe(1)
    expect(await agent.forge.knowledge.archive({ id: article.id, version: 1 })).toMatchObject({
      status: 'archived',
    })
    expect(await failure(read(article.slug))).toBe('ARTICLE_NOT_FOUND')
    expect(await found()).toBe(0)
    await agent.forge.knowledge.publish({ id: article.id, version: 1 })
    expect(await found()).toBe(1)
  })

  test('a draft that nobody wants is archived, too', async () => {
    const { id } = await draft(agent)
    expect(await agent.forge.knowledge.archive({ id, version: 1 })).toMatchObject({ status: 'archived' })
  })
})

describe('articles', () => {
  test('lists what there is by state, language and category, page by page', async () => {
    const mine = { category: `Cat ${agent.id.slice(-6)}` }
    const [a, b] = [await draft(agent, mine), await draft(agent, { ...mine, locale: 'fr' })]
    const c = await published(agent, mine)
    const ids = async (input: object) =>
      (await agent.forge.knowledge.articles({ ...mine, ...input })).items.map(({ id }) => id)
    expect(await ids({})).toEqual([c.id, b.id, a.id])
    expect(await ids({ status: 'draft' })).toEqual([b.id, a.id])
    expect(await ids({ locale: 'fr' })).toEqual([b.id])
    const first = await agent.forge.knowledge.articles({ ...mine, limit: 2 })
    expect(await ids({ limit: 2, cursor: first.nextCursor ?? '' })).toEqual([a.id])
  })
})

test('histories of articles cannot be rewritten, not even by us', async () => {
  await draft(agent)
  for (const table of ['article_events', 'article_versions']) {
    await expect(t.deps.sql`update ${t.deps.sql(table)} set article_id = article_id`).rejects.toThrow(
      'append-only',
    )
    await expect(t.deps.sql`delete from ${t.deps.sql(table)}`).rejects.toThrow('append-only')
  }
})
