import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestApp, TEST_URL, type TestApp } from '../support/app.ts'
import { aTicket, type Desk, openDesk } from '../support/desk.ts'
import { failure } from '../support/errors.ts'
import { draft, published } from '../support/knowledge.ts'

let t: TestApp
let desk: Desk
beforeAll(async () => {
  t = await createTestApp()
  desk = await openDesk(t)
  await published(desk.agent, { slug: 'open', title: 'Open to [all](https://evil.example)' })
  await published(desk.agent, { slug: 'for-customers', title: 'For customers', visibility: 'customers' })
  await published(desk.agent, { slug: 'goodwill-limits', title: 'Secret limits', visibility: 'agents' })
  await draft(desk.agent, { slug: 'not-yet', title: 'Secret plans' })
  const gone = await published(desk.agent, { slug: 'gone', title: 'Secret past' })
  await desk.agent.forge.knowledge.archive({ id: gone.id, version: 1 })
})
afterAll(() => t[Symbol.asyncDispose]())

const ticket = () => desk.customer.forge.tickets.create(aTicket())
const reply = (id: string, body: string) => desk.agent.forge.tickets.reply({ id, body })

test('an agent is given links to what the customer can read, and no title of anything else', async () => {
  const { id } = await ticket()
  const wanted = ['open', 'goodwill-limits', 'for-customers', 'not-yet', 'gone', 'never-was']
  const { items, hidden } = await desk.agent.forge.tickets.articleLinks({ id, articles: wanted })
  expect(items.map(({ slug }) => slug)).toEqual(['open', 'for-customers'])
  expect(hidden).toEqual(['goodwill-limits', 'not-yet', 'gone', 'never-was'])
  expect(JSON.stringify(items)).not.toContain('Secret')
  // A title says what it says, and leads nowhere else.
  const { message } = await reply(id, `See ${items[0]?.markdown}.`)
  expect(message.html).toContain(`href="${TEST_URL}/help/open"`)
  expect(message.html).not.toContain('href="https://evil.example')
})

test.each(['goodwill-limits', 'not-yet', 'gone'])('an answer that leads to %s is refused', async (slug) => {
  const { id } = await ticket()
  for (const body of [
    `See [this](/help/${slug}).`,
    `See ${TEST_URL}/help/${slug}`,
    `<${TEST_URL.toUpperCase()}/HELP/${slug.toUpperCase()}?locale=de#part>`,
    `[x]: /help/${slug}\n\n[here][x]`,
  ]) {
    expect(await failure(reply(id, body)), body).toBe('ARTICLE_NOT_FOR_CUSTOMER')
    expect(
      await failure(
        desk.agent.forge.tickets.transition({ id, to: 'pending', body, version: (await read(id)).version }),
      ),
    ).toBe('ARTICLE_NOT_FOR_CUSTOMER')
  }
  const macro = await desk.agent.forge.tickets.saveMacro({
    name: `Macro ${slug}`,
    body: `See /help/${slug}`,
    asNote: false,
    actions: {},
    shared: false,
    active: true,
  })
  expect(
    await failure(
      desk.agent.forge.tickets.applyMacro({ id, macroId: macro.id, version: (await read(id)).version }),
    ),
  ).toBe('ARTICLE_NOT_FOR_CUSTOMER')
  expect((await read(id)).messages).toHaveLength(1)
  // Among agents it may be named.
  await desk.agent.forge.tickets.note({ id, body: `See /help/${slug}` })
})

const read = (id: string) => desk.customer.forge.tickets.get({ id })

test('what the customer can read, and what is somebody else’s help, may be named', async () => {
  const { id } = await ticket()
  await reply(
    id,
    `/help/open ${TEST_URL}/help/for-customers https://example.org/help/goodwill-limits /help/never-was /help/search?q=x`,
  )
  expect((await read(id)).messages).toHaveLength(2)
})
