import { createDb } from '@devforge/db'
import { listQueue, placeOf, type QueuePlace } from '@devforge/server/modules/support/queries/queue'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { aTicket, type Desk, hireAgent, openDesk } from '../support/desk.ts'
import { type Person, signUp } from '../support/people.ts'

const HOUR = 60 * 60_000

/** What calls are refused with, each code once. */
async function codesOf(calls: Promise<unknown>[]): Promise<string[]> {
  const ended = await Promise.allSettled(calls)
  return [...new Set(ended.map((one) => (one.status === 'rejected' ? one.reason.code : 'answered')))]
}

type Queue = NonNullable<Parameters<Person['forge']['tickets']['queue']>[0]>

describe('the queue', () => {
  let t: TestApp
  let desk: Desk

  beforeAll(async () => {
    t = await createTestApp()
    desk = await openDesk(t)
  })
  afterAll(() => t[Symbol.asyncDispose]())

  const open = async (subject: string, by = desk.customer) => {
    t.clock.advance(1_000)
    return by.forge.tickets.create(aTicket(subject))
  }
  const subjects = async (input: Queue, by = desk.agent) =>
    (await by.forge.tickets.queue({ limit: 100, ...input })).items.map(({ subject }) => subject)

  test('what has a tag comes in the same order, whether PostgreSQL knows the tag as common or not', async () => {
    await using fresh = await createTestApp()
    const { customer } = await openDesk(fresh)
    const { sql, env } = fresh.deps
    await sql`
      insert into tickets (id, requester_id, subject, category, source, queue_id, status, status_changed_at, created_at, updated_at, tags)
      select 'tkt_bulk' || n, ${customer.id}, 'Ticket ' || n, 'bug', 'api', 'que_general', 'open',
        now(), now() - n * interval '1 hour', now() - (n * 7 % 600) * interval '1 minute',
        case when n % 2 = 0 then '{even,all}' else '{all}' end::text[]
      from generate_series(1, 600) n`
    const sorts = ['due', 'oldest', 'newest', 'updated'] as const
    const listed = async () => {
      await using handle = {
        ...createDb(env.DATABASE_URL ?? ''),
        [Symbol.asyncDispose]: () => handle.close(),
      }
      const ids: string[][] = []
      for (const sort of sorts) {
        const pages: string[] = []
        for (let after: QueuePlace | null = null; ; ) {
          const rows = await listQueue(handle.sql, { conditions: [{ tag: 'even' }], sort, after, limit: 40 })
          pages.push(...rows.slice(0, 40).map(({ ticket }) => ticket.id))
          const last = rows[39]
          if (rows.length <= 40 || !last) break
          after = placeOf(last.ticket, sort)
        }
        ids.push(pages)
      }
      return ids
    }
    const asRare = await listed()
    await sql`analyze tickets`
    const [known] =
      await sql`select most_common_elems::text as tags from pg_stats where tablename = 'tickets' and attname = 'tags'`
    expect(known?.tags).toBe('{all,even}')
    expect(await listed()).toEqual(asRare)
    for (const ids of asRare) expect(new Set(ids).size).toBe(300)
    expect(asRare[2]?.slice(0, 3)).toEqual(['tkt_bulk2', 'tkt_bulk4', 'tkt_bulk6'])
    expect(asRare[1]).toEqual(asRare[2]?.toReversed())
  })

  test('shows what is new to nobody but agents, with the requester and the beginning of what was said last', async () => {
    const ticket = await open('White window')
    await desk.agent.forge.tickets.note({ id: ticket.id, body: 'a secret of ours' })
    const { items } = await desk.agent.forge.tickets.queue({ view: 'unassigned' })
    expect(items[0]).toMatchObject({
      id: ticket.id,
      subject: 'White window',
      desk: { requester: { id: desk.customer.id, email: desk.customer.email }, assignee: null },
      preview: { author: 'customer', text: 'It shows a white window and nothing else.' },
    })
    expect(JSON.stringify(items)).not.toContain('secret')
    expect(
      await codesOf([
        desk.customer.forge.tickets.queue(),
        desk.customer.forge.tickets.search({ text: 'window' }),
        desk.customer.forge.tickets.viewCounts(),
        desk.customer.forge.tickets.views(),
        desk.customer.forge.tickets.createView({ name: 'x', filters: {} }),
      ]),
    ).toEqual(['FORBIDDEN'])
  })

  test('each view holds what its name says', async () => {
    const other = await hireAgent(t, { name: 'Other Agent' })
    const requester = await signUp(t)
    const make = (subject: string) => open(subject, requester)
    const of = (view: Queue['view'], by = other) => subjects({ view, requesterId: requester.id }, by)
    const { forge } = other
    await make('nobody has it')
    const mine = await make('mine')
    await forge.tickets.claim({ id: mine.id })
    const held = await make('held')
    await forge.tickets.transition({
      id: held.id,
      to: 'on_hold',
      reason: 'a fix comes',
      until: new Date(t.clock.now().getTime() + 48 * HOUR),
      version: held.version,
    })
    const pending = await make('answered')
    await forge.tickets.reply({ id: pending.id, body: 'Which version?', status: 'pending' })
    const solved = await make('solved')
    await requester.forge.tickets.solve({ id: solved.id })
    const soon = await make('due soon')
    const late = await make('late')
    const { sql } = t.deps
    const at = (hours: number) => new Date(t.clock.now().getTime() + hours * HOUR).toISOString()
    await sql`update tickets set next_due_at = null, breached = false where requester_id = ${requester.id}`
    await sql`update tickets set next_due_at = ${at(3)} where id = ${soon.id}`
    await sql`update tickets set next_due_at = ${at(-1)}, breached = true where id = ${late.id}`

    expect(await of('mine')).toEqual(['mine'])
    expect(await of('unassigned')).toEqual(['late', 'due soon', 'nobody has it'])
    expect(await of('waiting')).toEqual(['late', 'due soon', 'nobody has it', 'mine'])
    expect(await of('due')).toEqual(['late', 'due soon'])
    expect(await of('breached')).toEqual(['late'])
    expect(await of('on_hold')).toEqual(['held'])
    expect(await of('solved_recently')).toEqual(['solved'])
    expect((await of('all')).sort()).toEqual(
      ['answered', 'due soon', 'held', 'late', 'mine', 'nobody has it', 'solved'].sort(),
    )
    expect(await of('mine', desk.agent)).toEqual([])
    const counts = await forge.tickets.viewCounts()
    const counted = Object.fromEntries(counts.views.map(({ view, count }) => [view, count]))
    expect(counted).toMatchObject({ mine: 1, due: 2, breached: 1, on_hold: 1, solved_recently: 1 })
  })

  test('filters narrow, and may be put together', async () => {
    const requester = await signUp(t)
    const made = [await open('one', requester), await open('two', requester), await open('three', requester)]
    const [one, two] = made
    const { sql } = t.deps
    await sql`update tickets set tags = '{vpn,mac}', priority = 'urgent', category = 'billing', queue_id = 'que_billing', plan = 'pro' where id = ${one?.id ?? ''}`
    await sql`update tickets set tags = '{vpn}' where id = ${two?.id ?? ''}`
    const of = (input: Queue) => subjects({ requesterId: requester.id, sort: 'oldest', ...input })
    expect(await of({})).toEqual(['one', 'two', 'three'])
    expect(await of({ sort: 'newest' })).toEqual(['three', 'two', 'one'])
    expect(await of({ tag: 'VPN' })).toEqual(['one', 'two'])
    expect(await of({ tag: 'vpn', priority: ['high', 'urgent'] })).toEqual(['one'])
    expect(await of({ category: ['billing'], plan: ['pro', 'enterprise'], queueId: 'que_billing' })).toEqual([
      'one',
    ])
    expect(await of({ plan: ['free'] })).toEqual(['two', 'three'])
    expect(await of({ status: ['new'] })).toHaveLength(3)
    expect(await of({ status: ['closed'] })).toEqual([])
    expect(await of({ view: 'on_hold', status: ['new'] }), 'a view and what it never holds').toEqual([])
    expect(await of({ assignee: 'none' })).toHaveLength(3)
    expect(await of({ assignee: 'me' })).toEqual([])
    expect(await of({ createdFrom: two?.createdAt, createdTo: made[2]?.createdAt })).toEqual(['two'])
    expect(await of({ updatedTo: two?.updatedAt })).toEqual(['one'])
    expect(await of({ breached: true })).toEqual([])
  })

  test('pages hold each ticket once, while others change and come', async () => {
    const requester = await signUp(t)
    const made: string[] = []
    for (let i = 0; i < 17; i++) made.push((await open(`page ${i}`, requester)).id)
    const due = (i: number) => new Date(t.clock.now().getTime() + (i % 3) * HOUR).toISOString()
    for (const [i, id] of made.entries())
      if (i % 4) await t.deps.sql`update tickets set next_due_at = ${due(i)} where id = ${id}`
    for (const sort of ['due', 'oldest', 'newest', 'updated'] as const) {
      const newcomer = await signUp(t)
      const seen: string[] = []
      let cursor: string | undefined
      let round = 0
      do {
        const page = await desk.agent.forge.tickets.queue({
          requesterId: requester.id,
          sort,
          limit: 4,
          cursor,
        })
        seen.push(...page.items.map(({ id }) => id))
        cursor = page.nextCursor ?? undefined
        // What was seen already changes, and something new comes: neither is in the way of what is still to come.
        const [first] = seen
        await desk.agent.forge.tickets.setPriority({
          id: first ?? '',
          priority: round++ % 2 ? 'low' : 'high',
        })
        if (sort !== 'oldest') {
          const { id } = await open(`new ${sort}`, newcomer)
          await t.deps.sql`update tickets set requester_id = ${requester.id} where id = ${id}`
        }
      } while (cursor !== undefined)
      // A change may set a ticket's promise, and so its place, anew: only that one may come again there.
      const unchanged = seen.filter((id) => made.includes(id) && id !== seen[0])
      expect(new Set(seen.filter((id) => made.includes(id))).size, sort).toBe(17)
      expect(unchanged, sort).toHaveLength(16)
      await t.deps.sql`update tickets set requester_id = ${desk.customer.id} where subject like 'new %'`
    }
  })

  test('a cursor is good for the same question of the same person', async () => {
    for (let i = 0; i < 3; i++) await open(`cursor ${i}`)
    const first = await desk.agent.forge.tickets.queue({ view: 'unassigned', limit: 1 })
    const cursor = first.nextCursor ?? ''
    expect(cursor).not.toBe('')
    for (const [by, input] of [
      [desk.agent, { view: 'all', cursor }],
      [desk.agent, { view: 'unassigned', sort: 'newest', cursor }],
      [desk.admin, { view: 'unassigned', cursor }],
      [desk.agent, { view: 'unassigned', cursor: 'WyIxIiwyXQ.AAAA' }],
    ] as const)
      await expect(by.forge.tickets.queue({ limit: 1, ...input })).rejects.toMatchObject({
        code: 'INVALID_INPUT',
      })
  })
})

describe('saved views', () => {
  let t: TestApp
  let desk: Desk

  beforeAll(async () => {
    t = await createTestApp()
    desk = await openDesk(t)
  })
  afterAll(() => t[Symbol.asyncDispose]())

  test('one’s own are one’s own, shared ones are an admin’s to change', async () => {
    const { agent, admin } = desk
    const other = await hireAgent(t, { name: 'Other Agent' })
    const from = new Date('2026-01-01T00:00:00Z')
    const own = await agent.forge.tickets.createView({
      name: 'Urgent',
      filters: { view: 'unassigned', priority: ['urgent'], createdFrom: from, sort: 'newest' },
    })
    expect(own).toMatchObject({ shared: false, filters: { createdFrom: from } })
    const shared = await admin.forge.tickets.createView({
      name: 'Urgent',
      filters: { assignee: 'me' },
      shared: true,
      position: 1,
    })
    expect((await agent.forge.tickets.views()).items.map(({ id }) => id)).toEqual([own.id, shared.id])
    expect((await other.forge.tickets.views()).items.map(({ id }) => id)).toEqual([shared.id])

    expect(
      await codesOf([
        other.forge.tickets.updateView({ id: own.id, name: 'x' }),
        other.forge.tickets.deleteView({ id: own.id }),
        other.forge.tickets.queue({ savedView: own.id }),
        admin.forge.tickets.deleteView({ id: own.id }),
      ]),
    ).toEqual(['NOT_FOUND'])
    expect(
      await codesOf([
        agent.forge.tickets.createView({ name: 'All', filters: {}, shared: true }),
        agent.forge.tickets.updateView({ id: shared.id, name: 'x' }),
        agent.forge.tickets.deleteView({ id: shared.id }),
      ]),
    ).toEqual(['FORBIDDEN'])
    await expect(agent.forge.tickets.createView({ name: 'urgent', filters: {} })).rejects.toMatchObject({
      code: 'DESK_NAME_TAKEN',
    })
    const filters = { tag: 'vpn' }
    expect(await agent.forge.tickets.updateView({ id: own.id, filters, position: 3 })).toMatchObject({
      name: 'Urgent',
      filters,
      position: 3,
    })
    expect(await agent.forge.tickets.deleteView({ id: own.id })).toEqual({ deleted: true })
    await expect(agent.forge.tickets.deleteView({ id: own.id })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  test('what a saved view keeps is what the queue takes', async () => {
    const create = (filters: object) =>
      desk.agent.forge.call('tickets.createView', 'mutation', { name: 'Broken', filters })
    for (const filters of [{ status: ['nope'] }, { unknown: 1 }, { limit: 5 }, { tag: "x'; drop" }])
      await expect(create(filters)).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  })

  test('it is a queue like others, for whoever looks, and is counted', async () => {
    const { agent, admin, customer } = desk
    const ticket = await customer.forge.tickets.create(aTicket('for the view'))
    await agent.forge.tickets.claim({ id: ticket.id })
    const view = await admin.forge.tickets.createView({
      name: 'What I have',
      filters: { assignee: 'me', sort: 'newest' },
      shared: true,
    })
    const of = async (by: Person, more: Queue = {}) =>
      (await by.forge.tickets.queue({ savedView: view.id, ...more })).items.map(({ id }) => id)
    expect(await of(agent)).toEqual([ticket.id])
    expect(await of(agent, { priority: ['urgent'] })).toEqual([])
    expect(await of(admin)).toEqual([])
    const { saved } = await agent.forge.tickets.viewCounts()
    expect(saved).toContainEqual({ id: view.id, count: 1, exact: true })
  })

  test('there are fifty at most, also when they come at once', async () => {
    const hoarder = await hireAgent(t, { name: 'Hoarder' })
    const made = await Promise.allSettled(
      Array.from({ length: 60 }, (_, i) =>
        hoarder.forge.tickets.createView({ name: `View ${i}`, filters: {} }),
      ),
    )
    expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(50)
  })
})
