import { openSearch, windowsBelow } from '@devforge/server/modules/support/queries/ticket-search'
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

  test('pages go through everything once, newest blocks first, over more than one block', async () => {
    // Straight into the tables: a person may open thirty an hour.
    const { sql, db } = t.deps
    await sql`
      insert into tickets (id, requester_id, subject, category, source, queue_id, status_changed_at, created_at, updated_at)
      select 'tkt_bulk' || n, ${desk.customer.id}, 'Bilby ' || n, 'bug', 'api', 'que_general', now(), now() - n * interval '1 hour', now()
      from generate_series(1, 450) n`
    const rows = await sql<{ id: string; number: number; subject: string }[]>`
      select id, number::float8 as number, subject from tickets where id like 'tkt_bulk%'`
    for (const { id, number, subject } of rows) await openSearch(db, { ticketId: id, number, subject })
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page = await desk.agent.forge.tickets.search({ text: 'bilby', limit: 60, cursor })
      seen.push(...page.items.map(({ id }) => id))
      cursor = page.nextCursor ?? undefined
      if (cursor)
        await expect(
          desk.agent.forge.tickets.search({ text: 'bilb', limit: 60, cursor }),
        ).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    } while (cursor !== undefined)
    expect(seen).toHaveLength(450)
    expect(new Set(seen).size).toBe(450)
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

test('windows over the numbers leave none out, none twice, and grow', () => {
  for (const bound of [1, 2, 1_000, 1_024, 5_000, 8_193, 65_536, 65_537, 1_000_000, 7_654_321]) {
    let to = bound
    const windows = windowsBelow(bound)
    for (const window of windows) {
      expect(window.to).toBe(to)
      expect(window.from).toBeLessThan(to)
      if (window.marks) {
        for (const number of [window.from, Math.floor((window.from + to) / 2), to - 1]) {
          const marks = [`'=s${number >> 10}'`, `'=m${number >> 13}'`, `'=l${number >> 16}'`]
          expect(marks.some((mark) => window.marks?.includes(mark))).toBe(true)
        }
      }
      to = window.from
    }
    expect(to).toBe(0)
    expect(windows.length).toBeLessThan(9)
  }
})
