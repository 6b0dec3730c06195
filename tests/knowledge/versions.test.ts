import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { failure } from '../support/errors.ts'
import { draft } from '../support/knowledge.ts'
import { type Person, signUp } from '../support/people.ts'

let t: TestApp
let agent: Person
beforeAll(async () => {
  t = await createTestApp()
  agent = await signUp(t, { role: 'agent', name: 'Alan Agent' })
})
afterAll(() => t[Symbol.asyncDispose]())

test('every version tells who made it, what was changed and how', async () => {
  const admin = await signUp(t, { role: 'admin', name: 'Ada Admin' })
  const { id } = await draft(agent, { body: 'One.\n\nTwo.\n\nThree.', tags: ['a'] })
  await admin.forge.knowledge.update({ id, version: 1, body: 'One.\n\n2.\n\nThree.', note: 'shorter' })
  await agent.forge.knowledge.update({ id, version: 2, tags: ['a', 'b'], title: 'Numbers' })
  await agent.forge.knowledge.publish({ id, version: 3 })
  const { items } = await agent.forge.knowledge.versions({ id })
  expect(items.map(({ number, author, note, published }) => [number, author.name, note, published])).toEqual([
    [3, 'Alan Agent', null, true],
    [2, 'Ada Admin', 'shorter', false],
    [1, 'Alan Agent', null, false],
  ])
  expect(items.map(({ difference }) => difference.fields)).toEqual([['title', 'tags'], ['body'], []])
  expect(items[0]?.difference.patch).toBe('')
  expect(items[1]?.difference.patch).toMatch(/^-Two\.$/m)
  expect(items[1]?.difference.patch).toMatch(/^\+2\.$/m)
  expect(items[1]?.difference.patch).not.toMatch(/^[-+]One/m)
  expect(items[2]?.difference.patch).toMatch(/^\+Three\.$/m)
})

test('the page ends in the middle, and its last difference is still to the version before', async () => {
  const { id } = await draft(agent, { body: 'v1' })
  for (const n of [1, 2, 3]) await agent.forge.knowledge.update({ id, version: n, body: `v${n + 1}` })
  const first = await agent.forge.knowledge.versions({ id, limit: 2 })
  expect(first.items.map(({ number }) => number)).toEqual([4, 3])
  expect(first.items[1]?.difference.patch).toMatch(/^-v2$/m)
  const second = await agent.forge.knowledge.versions({ id, limit: 2, cursor: first.nextCursor ?? '' })
  expect(second.items.map(({ number }) => number)).toEqual([2, 1])
  expect(second.nextCursor).toBeNull()
})

test('texts of which nothing is left are not compared line by line', async () => {
  const lines = (word: string) => Array.from({ length: 9_000 }, (_, n) => `${word}${n}`).join('\n')
  const { id } = await draft(agent, { body: lines('a') })
  await agent.forge.knowledge.update({ id, version: 1, body: lines('b') })
  const start = performance.now()
  const { items } = await agent.forge.knowledge.versions({ id })
  expect(items[0]?.difference.patch).toBeNull()
  expect(performance.now() - start).toBeLessThan(5_000)
})

test('restores an old text as a new version, which readers see once it is published', async () => {
  const { id, slug } = await draft(agent, { title: 'First', body: 'Good.', tags: ['x'] })
  await agent.forge.knowledge.update({ id, version: 1, title: 'Second', body: 'Bad.', tags: [] })
  await agent.forge.knowledge.publish({ id, version: 2 })
  expect(await failure(agent.forge.knowledge.restore({ id, number: 1, version: 1 }))).toBe('CONFLICT')
  expect(await failure(agent.forge.knowledge.restore({ id, number: 7, version: 2 }))).toBe(
    'ARTICLE_NOT_FOUND',
  )
  const restored = await agent.forge.knowledge.restore({ id, number: 1, version: 2 })
  expect(restored).toMatchObject({
    version: 3,
    publishedVersion: 2,
    title: 'First',
    body: 'Good.',
    tags: ['x'],
  })
  expect((await t.forge().knowledge.get({ slug })).body).toBe('Bad.')
  await agent.forge.knowledge.publish({ id, version: 3 })
  expect((await t.forge().knowledge.get({ slug })).body).toBe('Good.')
  expect((await agent.forge.knowledge.versions({ id })).items[0]).toMatchObject({
    number: 3,
    restoredFrom: 1,
  })
  expect(await agent.forge.knowledge.version({ id, number: 2 })).toMatchObject({
    title: 'Second',
    html: '<p>Bad.</p>\n',
  })
})

test('preview shows what readers would see, and keeps nothing', async () => {
  const count = async () => (await t.deps.sql`select from article_versions`).length
  const before = await count()
  const { html, headings } = await agent.forge.knowledge.preview({
    body: '# Top\n\n## Part\n\n## Part\n\n[there](#part) <script>alert(1)</script>',
  })
  expect(html).toContain('<h2 id="section-part">Part</h2>')
  expect(html).toContain('href="#section-part"')
  expect(html).not.toContain('script')
  expect(headings).toEqual([
    { id: 'section-top', level: 2, text: 'Top' },
    { id: 'section-part', level: 2, text: 'Part' },
    { id: 'section-part-1', level: 2, text: 'Part' },
  ])
  expect(await count()).toBe(before)
})
