import { flushSearches } from '@devforge/server/modules/knowledge/service/log'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { failure } from '../support/errors.ts'
import { published } from '../support/knowledge.ts'
import { type Person, signUp } from '../support/people.ts'

let t: TestApp
let agent: Person
beforeAll(async () => {
  t = await createTestApp()
  agent = await signUp(t, { role: 'agent' })
  for (let n = 0; n < 8; n++)
    await published(agent, { slug: `kettle-${n}`, title: `Kettles of kind ${n}`, body: 'Boil water.' })
  await published(agent, {
    slug: 'descale',
    title: 'Remove limescale',
    body: 'Vinegar in the kettle.',
    minVersion: '2.0.0',
  })
})
afterAll(() => t[Symbol.asyncDispose]())

const slugs = async (input: Parameters<Person['forge']['knowledge']['suggest']>[0]) =>
  (await t.forge().knowledge.suggest(input)).items.map(({ slug }) => slug)

test('gives a few, the best first, however long the text is', async () => {
  expect(await slugs({ text: 'The water in my kettle does not boil.' })).toHaveLength(5)
  expect((await slugs({ text: 'There is limescale in my kettle. Greetings!' }))[0]).toBe('descale')
  expect(await slugs({ text: 'kettle', limit: 2 })).toHaveLength(2)
  const long = `${'Lorem ipsum dolor sit amet. '.repeat(150)} limescale`
  expect(Array.isArray(await slugs({ text: long }))).toBe(true)
  expect(await failure(t.forge().knowledge.suggest({ text: 'x'.repeat(5_001) }))).toBe('INVALID_INPUT')
})

test('leaves out what is about other versions of the editor', async () => {
  expect(await slugs({ text: 'limescale', editorVersion: '1.99.0' })).toEqual([])
  expect(await slugs({ text: 'limescale', editorVersion: '2.0.0' })).toEqual(['descale'])
})

test('says nothing rather than something, and nothing is asked yet', async () => {
  for (const text of ['', '   ', 'a bicycle tire', 'the of and'])
    expect(await t.forge().knowledge.suggest({ text })).toEqual({ items: [], searchId: null })
})

test('what is written in a ticket is not kept, only what was shown', async () => {
  const { items, searchId } = await t.forge().knowledge.suggest({
    text: 'My kettle at ada@example.com, /home/ada/kitchen, call +49 151 23456789',
  })
  await flushSearches(t.deps)
  const rows = await t.deps.sql`select * from knowledge_searches where id = ${searchId ?? ''}`
  expect(rows).toMatchObject([{ kind: 'suggest', query: null, shown: items.map(({ id }) => id), opened: [] }])
  expect(JSON.stringify(rows)).not.toMatch(/kettle|ada@|kitchen|49 151|23456789/)
})
