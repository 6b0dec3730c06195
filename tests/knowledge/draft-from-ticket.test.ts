import { nameless } from '@devforge/server/modules/knowledge/text/nameless'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { type Desk, hireAgent, openDesk } from '../support/desk.ts'
import { failure } from '../support/errors.ts'
import { signUp } from '../support/people.ts'

let t: TestApp
let desk: Desk
beforeAll(async () => {
  t = await createTestApp()
  desk = await openDesk(t)
})
afterAll(() => t[Symbol.asyncDispose]())

async function solvedTicket() {
  const customer = await signUp(t, { name: 'Ada Lovelace' })
  const { id } = await customer.forge.tickets.create({
    subject: 'Cannot activate, says Ada (ada@example.com)',
    body: 'Key DF-AAAAA-BBBBB-CCCCC-DDDDD-EEEEE in /home/ada/.config <script>alert(1)</script>\n\nCall +49 151 2345 6789. Regards, Ada Lovelace',
    category: 'license',
  })
  await desk.agent.forge.tickets.note({ id, body: 'Rude on the phone, see usr_01kacustomer0000000000000a.' })
  await desk.agent.forge.tickets.reply({ id, body: 'Dear Ada, set the clock.', status: 'solved' })
  return { id, customer }
}

test('a solved ticket becomes a draft for agents, without notes and without what names people', async () => {
  const { id, customer } = await solvedTicket()
  const article = await desk.agent.forge.tickets.draftArticle({ id })
  expect(article).toMatchObject({
    status: 'draft',
    visibility: 'agents',
    ticketId: id,
    author: { id: desk.agent.id },
  })
  expect(JSON.stringify([article.title, article.body, article.slug, article.summary])).not.toMatch(
    /ada|lovelace|AAAAA|151|rude|phone/i,
  )
  expect(article.html).not.toContain('<script')
  expect(article.body).toContain('set the clock.')
  expect(await failure(customer.forge.knowledge.get({ slug: article.slug }))).toBe('ARTICLE_NOT_FOUND')
  expect((await t.forge().knowledge.search({ query: 'activate' })).items).toEqual([])
  expect(await failure(desk.agent.forge.tickets.draftArticle({ id }))).toBe('ARTICLE_SLUG_TAKEN')
})

const seen = ({ id, version }: { id: string; version: number }) => ({ id, version })

test('what nobody read is not published: not as it came, nor with another title or audience alone', async () => {
  const { id } = await solvedTicket()
  const { forge } = desk.agent
  const draft = await forge.tickets.draftArticle({ id })
  expect(await failure(forge.knowledge.publish({ id: draft.id, version: 1 }))).toBe('ARTICLE_NOT_REVIEWED')
  const opened = await forge.knowledge.update({
    id: draft.id,
    version: 1,
    visibility: 'public',
    title: 'Activation fails',
  })
  expect(await failure(forge.knowledge.publish(seen(opened)))).toBe('ARTICLE_NOT_REVIEWED')
  const written = await forge.knowledge.update({
    id: draft.id,
    version: opened.version,
    body: 'Set the clock of your machine.',
  })
  // Nor by way of an old version.
  const restored = await forge.knowledge.restore({ id: draft.id, number: 1, version: written.version })
  expect(await failure(forge.knowledge.publish(seen(restored)))).toBe('ARTICLE_NOT_REVIEWED')
  const again = await forge.knowledge.restore({
    id: draft.id,
    number: written.version,
    version: restored.version,
  })
  expect(await forge.knowledge.publish(seen(again))).toMatchObject({
    status: 'published',
    visibility: 'public',
  })
})

test('only what is solved, and only by agents', async () => {
  const customer = await signUp(t)
  const { id } = await customer.forge.tickets.create({ subject: 'x', body: 'y', category: 'other' })
  expect(await failure(desk.agent.forge.tickets.draftArticle({ id }))).toBe('TICKET_NOT_SOLVED')
  expect(await failure(customer.forge.tickets.draftArticle({ id }))).toBe('FORBIDDEN')
  expect(await failure((await hireAgent(t)).forge.tickets.draftArticle({ id: 'tkt_none' }))).toBe('NOT_FOUND')
})

describe('what names somebody is left out', () => {
  const people = ['Ada Lovelace', 'ada.byron@example.com', 'Grace Hopper', '', '.*+', 'Al']
  test.each([
    ['Ada wrote, ADA LOVELACE’s key; adapters stay', '[name] wrote, [name] key; adapters stay'],
    ['Mrs. Byron, Hopper', 'Mrs. [name], [name]'],
    ['Al and also', 'Al and also'],
    ['from 203.0.113.7 or 2001:db8:0:1::5 in 1.95.0', 'from [address] or [address] in 1.95.0'],
    ['+49 (151) 2345-6789', '[number]'],
    ['4242 4242 4242 4242', '[number]'],
    ['DE89 3704 0044 0532 0130 00', '[number]'],
    ['at 12:30:45, std::vector, 10:15', 'at 12:30:45, std::vector, 10:15'],
    ['error 404 on port 8080, 14 days', 'error 404 on port 8080, 14 days'],
    ['tkt_01kb2m3n4p5q6r7s8t9v0w1x2y #1042', '[id] [id]'],
    ['x@example.com', '[mail]'],
  ])('%s', (text, kept) => {
    expect(nameless(text, people)).toBe(kept)
  })

  test('in time that grows with the length alone', () => {
    const started = performance.now()
    for (const piece of ['1 ', '1.', 'a:', '#1', '((', 'ada ', '+1(1'])
      nameless(piece.repeat(25_000), ['Ada Lovelace'])
    expect(performance.now() - started).toBeLessThan(5_000)
  })
})
