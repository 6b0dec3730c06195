import { moveTiers } from '@devforge/server/modules/support/queries/search-tiers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { aTicket, type Desk, openDesk } from '../support/desk.ts'
import { type Person, signUp } from '../support/people.ts'

type Search = Parameters<Person['forge']['tickets']['search']>[0]

describe('searching tickets', () => {
  let t: TestApp
  let desk: Desk

  beforeAll(async () => {
    t = await createTestApp()
    desk = await openDesk(t)
  })
  afterAll(() => t[Symbol.asyncDispose]())

  const find = async (text: string, more: Omit<Search, 'text'> = {}) =>
    (await desk.agent.forge.tickets.search({ text, limit: 100, ...more })).items.map(({ subject }) => subject)
  const open = (subject: string, body: string, by = desk.customer) =>
    by.forge.tickets.create({ ...aTicket(subject), body })

  test('finds words of subjects, messages and notes; what is in the subject first', async () => {
    const noted = await open('Slow start', 'It takes a minute.')
    await desk.agent.forge.tickets.note({ id: noted.id, body: 'Probably the quokka cache.' })
    await open('Something else', 'The quokka is broken, I think.')
    await open('Quokka cache grows', 'Every day.')
    expect(await find('quokka')).toEqual(['Quokka cache grows', 'Something else', 'Slow start'])
    expect(await find('QUOKKA cache')).toEqual(['Quokka cache grows', 'Slow start'])
    expect(await find('quok'), 'the last word may still be being typed').toHaveLength(3)
    expect(await find('quok cache'), 'others are whole').toEqual([])
    expect(await find('"quokka is broken"')).toEqual(['Something else'])
    expect(await find('quokka -cache')).toEqual(['Something else'])
    expect(await find('wombat or minute'), 'either').toEqual(['Slow start'])
    expect(await find('minute or wombat'), 'either, with a last word that is in none').toEqual(['Slow start'])
    expect(await find('wombat')).toEqual([])
    for (const odd of ['!!!', "'", '\\', '&|!', '( :* )', '-', '%', '=active', '#', '"'])
      expect(await find(odd)).toEqual([])
  })

  test('finds by number, id, and who asked', async () => {
    const rare = await signUp(t, { name: 'Zenobia Quist', email: 'zenobia.quist@example.com' })
    const ticket = await open('Hers', 'Please help.', rare)
    for (const text of [
      `#${ticket.number}`,
      String(ticket.number),
      ticket.id,
      'zenobia.quist@example.com',
      'Quist',
      'zeno',
    ])
      expect(await find(text), text).toEqual(['Hers'])
    expect(await find(`#${ticket.number}`, { status: ['solved'] }), 'filters count for it, too').toEqual([])
    expect(await find('#99999999')).toEqual([])
  })

  test('filters and saved views narrow it; closed tickets are found, and told apart', async () => {
    const [a, b] = [await open('Numbat one', 'x'), await open('Numbat two', 'x')]
    await desk.agent.forge.tickets.setPriority({ id: a.id, priority: 'urgent' })
    const view = await desk.agent.forge.tickets.createView({
      name: 'Urgent',
      filters: { priority: ['urgent'] },
    })
    expect(await find('numbat', { priority: ['urgent'] })).toEqual(['Numbat one'])
    expect(await find('numbat', { savedView: view.id })).toEqual(['Numbat one'])
    expect(await find('numbat', { view: 'unassigned' })).toHaveLength(2)
    await desk.customer.forge.tickets.solve({ id: b.id })
    const { version } = await desk.admin.forge.tickets.get({ id: b.id })
    await desk.admin.forge.tickets.transition({ id: b.id, to: 'closed', version })
    const open_ = ['new', 'open', 'solved'] as const
    expect(await find('numbat', { status: [...open_] })).toEqual(['Numbat one'])
    expect(await find('numbat', { status: ['closed'] })).toEqual(['Numbat two'])
    expect(await find('numbat')).toHaveLength(2)
  })

  test('what is no longer among the newest moves on, and is found there', async () => {
    const { sql, db } = t.deps
    const ticket = await open('Kakapo', 'x')
    const tier = async () =>
      (await sql<{ tier: number }[]>`select tier from ticket_search where ticket_id = ${ticket.id}`)[0]?.tier
    await moveTiers(db)
    expect(await tier()).toBe(0)
    const newest = await open('The newest of all', 'x')
    for (const [newer, expected] of [
      [20_000, 1],
      [100_000, 2],
      [400_000, 3],
    ] as const) {
      await sql`update ticket_search set number = ${newest.number + newer} where ticket_id = ${newest.id}`
      await moveTiers(db)
      expect(await tier()).toBe(expected)
      expect(await find('kakapo')).toEqual(['Kakapo'])
    }
  })

  test('pages go through everything once, newest blocks first, over more than one block', async () => {
    // Straight into the tables: a person may open thirty an hour.
    const { sql } = t.deps
    await sql`
      insert into tickets (id, requester_id, subject, category, source, queue_id, status_changed_at, created_at, updated_at)
      select 'tkt_bulk' || n, ${desk.customer.id}, 'Bilby ' || n, 'bug', 'api', 'que_general', now(), now() - n * interval '1 hour', now()
      from generate_series(1, 1500) n`
    await sql`
      insert into ticket_search (ticket_id, number, document)
      select id, number, to_tsvector('simple', subject) || '''=active'''::tsvector from tickets where id like 'tkt_bulk%'`
    // The older ones deeper down, as the timers move them.
    await sql`
      update ticket_search s set tier = case when n <= 100 then 3 when n <= 200 then 2 when n <= 300 then 1 else 0 end
      from (select ticket_id, row_number() over (order by number) as n from ticket_search) o where o.ticket_id = s.ticket_id`
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page = await desk.agent.forge.tickets.search({ text: 'bilby', limit: 100, cursor })
      seen.push(...page.items.map(({ id }) => id))
      cursor = page.nextCursor ?? undefined
      if (cursor)
        await expect(
          desk.agent.forge.tickets.search({ text: 'bilb', limit: 100, cursor }),
        ).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    } while (cursor !== undefined)
    expect(seen).toHaveLength(1_500)
    expect(new Set(seen).size).toBe(1_500)
  })

  test('a last word that is in very many tickets is whole, not the beginning of another', async () => {
    const dormouse = async () => (await find('dormouse bilby')).sort()
    await open('Dormouse bilby', 'x')
    const typing = await open('Dormouse bilbyish', 'x')
    expect(await dormouse(), 'bilby is in 1,200 of the newest').toEqual(['Dormouse bilby'])
    expect(await find('dormouse bilbyi'), 'not common').toEqual(['Dormouse bilbyish'])
    expect(
      await find('bilby', { requesterId: desk.customer.id, createdFrom: typing.createdAt }),
      'alone',
    ).toEqual(['Dormouse bilbyish'])
  })

  test('what a last word means stays the same from page to page, whatever comes meanwhile', async () => {
    for (const subject of [
      'Narwhal tuskless',
      'Narwhal tusks',
      'Narwhal tusk',
      'Narwhal tusk',
      'Narwhal tusk',
    ])
      await open(subject, 'x')
    const { tickets } = desk.agent.forge
    const search = { text: 'narwhal tusk', limit: 2 }
    const first = await tickets.search(search)
    // From now on it is common, and would be taken for whole.
    await open('Another tusk', 'x')
    expect(await find('narwhal tusk')).toEqual(['Narwhal tusk', 'Narwhal tusk', 'Narwhal tusk'])
    const seen = [...first.items]
    for (let cursor = first.nextCursor; cursor !== null; ) {
      const page = await tickets.search({ ...search, cursor })
      seen.push(...page.items)
      cursor = page.nextCursor
    }
    expect(seen.map(({ subject }) => subject).sort()).toEqual([
      ...['Narwhal tusk', 'Narwhal tusk', 'Narwhal tusk'],
      ...['Narwhal tuskless', 'Narwhal tusks'],
    ])
    expect(new Set(seen.map(({ id }) => id)).size).toBe(5)
  })

  test('a document that grows too large takes no more words, and refuses no message', async () => {
    const ticket = await open('Huge', 'x')
    const words = (from: number) =>
      Array.from({ length: 1_500 }, (_, i) => `w${(from * 1_500 + i).toString(36)}${'z'.repeat(6)}`).join(' ')
    for (let i = 0; i < 12; i++) await desk.agent.forge.tickets.note({ id: ticket.id, body: words(i) })
    await t.deps.sql`
      update ticket_search set document = document || (
        select to_tsvector('simple', string_agg('x' || md5(n::text), ' ')) from generate_series(1, 13000) n)
      where ticket_id = ${ticket.id}`
    await desk.agent.forge.tickets.note({ id: ticket.id, body: `${words(99)} toolate` })
    expect(await find('huge')).toEqual(['Huge'])
    expect(await find('toolate')).toEqual([])
  })
})
