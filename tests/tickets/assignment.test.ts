import { systemContext } from '@devforge/server/context'
import { assignWaiting } from '@devforge/server/modules/support/service/assignment/assign'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { aTicket, hireAgent } from '../support/desk.ts'
import { type Person, signUp } from '../support/people.ts'

const QUEUE = 'que_general'

describe('tickets find an agent', () => {
  let t: TestApp
  let customer: Person
  let admin: Person

  beforeAll(async () => {
    t = await createTestApp()
    customer = await signUp(t)
    admin = await signUp(t, { role: 'admin' })
  })
  afterAll(() => t[Symbol.asyncDispose]())
  // Everybody goes home, and nothing waits.
  beforeEach(async () => {
    await t.deps.sql`update support_agents set active = false`
    await t.deps.sql`update tickets set status = 'closed', hold_until = null, closed_at = now()`
    await t.deps.sql`update support_queues set assignment = 'least_loaded'`
    await t.deps.sql`delete from rate_limits`
    await t.drain()
  })

  const open = (n: number, by = customer) =>
    Promise.all(Array.from({ length: n }, () => by.forge.tickets.create(aTicket())))
  const mode = (mode: string) => t.deps.sql`update support_queues set assignment = ${mode}`
  /** How many of the open tickets everybody has. */
  async function loads(...agents: Person[]): Promise<number[]> {
    const rows = await t.deps.sql<{ id: string; n: number }[]>`
      select assignee_id as id, count(*)::int as n from tickets
      where status in ('new', 'open') and assignee_id is not null group by 1`
    return agents.map(({ id }) => rows.find((row) => row.id === id)?.n ?? 0)
  }
  async function waiting(): Promise<number> {
    const [row] = await t.deps.sql<{ n: number }[]>`
      select count(*)::int as n from tickets where status in ('new', 'open') and assignee_id is null`
    return row?.n ?? 0
  }
  /** The engine as several workers run it, each transaction on a connection of its own. */
  const race = (workers: number) =>
    Promise.all(
      Array.from({ length: workers }, (_, i) =>
        assignWaiting(systemContext(t.deps, { type: 'system', job: `worker-${i}` }), QUEUE),
      ),
    )
  const ticketOf = async (id: string) => (await admin.forge.tickets.get({ id })).desk?.assignee?.id ?? null

  test('of 20 at once, two agents with room for three get three each, 20 times over', {
    timeout: 120_000,
  }, async () => {
    const agents = [await hireAgent(t, { capacity: 3 }), await hireAgent(t, { capacity: 3 })]
    await mode('manual')
    const tickets = await open(20)
    const results: string[] = []
    for (let run = 0; run < 20; run++) {
      const ways = ['least_loaded', 'round_robin', 'skill'] as const
      await t.deps.sql`update tickets set assignee_id = null where assignee_id is not null`
      await mode(ways[run % 3] ?? 'skill')
      await race(8)
      results.push((await loads(...agents)).join('/'))
    }
    expect(results).toEqual(Array(20).fill('3/3'))
    expect(await waiting()).toBe(tickets.length - 6)
    const [waits] = await t.deps.sql<{ deadlocks: number }[]>`
      select deadlocks::int from pg_stat_database where datname = current_database()`
    expect(waits?.deadlocks).toBe(0)
  })

  test('opened all at once, they are given out by the job that opening them enqueues: one per queue', async () => {
    const agents = [await hireAgent(t, { capacity: 3 }), await hireAgent(t, { capacity: 3 })]
    const tickets = await open(20)
    const [jobs] = await t.deps.sql<{ n: number }[]>`
      select count(*)::int as n from pgboss.job where name = 'support.assign' and state = 'created'`
    expect(jobs?.n).toBe(1)
    expect(await t.drain()).toEqual([])
    expect(await loads(...agents)).toEqual([3, 3])
    const statuses = await Promise.all(tickets.map(({ id }) => customer.forge.tickets.get({ id })))
    expect(statuses.filter(({ status }) => status === 'open')).toHaveLength(6)
  })

  test('room that is made is filled at once, the most urgent first', async () => {
    const agent = await hireAgent(t, { capacity: 1 })
    const [first] = await open(1)
    await t.drain()
    const later = [...(await open(1)), ...(await open(2))]
    const urgent = later[2]?.id ?? ''
    await admin.forge.tickets.setPriority({ id: urgent, priority: 'urgent' })
    await t.drain()
    expect(await ticketOf(first?.id ?? '')).toBe(agent.id)
    expect(await waiting()).toBe(3)
    await agent.forge.tickets.reply({ id: first?.id ?? '', body: 'Which one?', status: 'pending' })
    await t.drain()
    expect(await ticketOf(urgent)).toBe(agent.id)
    // Back from the customer it is theirs still, also above what they can take.
    await customer.forge.tickets.reply({ id: first?.id ?? '', body: 'This one' })
    await t.drain()
    expect(await loads(agent)).toEqual([2])
    await agent.forge.tickets.solve({ id: urgent })
    await t.drain()
    expect(await loads(agent)).toEqual([1])
    await agent.forge.tickets.solve({ id: first?.id ?? '' })
    await t.drain()
    expect([await ticketOf(later[0]?.id ?? ''), await waiting()]).toEqual([agent.id, 1])
  })

  test('in turn, thirty tickets are ten for each of three', async () => {
    await mode('round_robin')
    const agents = [await hireAgent(t, { capacity: 30 }), await hireAgent(t, { capacity: 30 })]
    agents.push(await hireAgent(t, { capacity: 30 }))
    await open(30)
    await race(4)
    expect(await loads(...agents)).toEqual([10, 10, 10])
  })

  test('skills that are asked for must be there', async () => {
    await mode('skill')
    const linux = await hireAgent(t, { skills: ['linux', 'billing'], capacity: 2 })
    const novice = await hireAgent(t, { capacity: 5 })
    const tickets = await open(5)
    const skilled = tickets.slice(0, 3).map(({ id }) => id)
    await t.deps.sql`update tickets set skills = '{linux}' where id = any(${skilled})`
    await race(4)
    // Those that nobody with room can do wait, and hold up no other.
    expect((await loads(linux))[0]).toBe(2)
    const rest = tickets.slice(3).map(({ id }) => id)
    for (const id of rest) expect(await ticketOf(id)).not.toBeNull()
    for (const id of skilled) expect(await ticketOf(id)).not.toBe(novice.id)
  })

  test('who is away, turned off, banned, demoted, deleted or of another queue gets nothing', async () => {
    const there = await hireAgent(t, { capacity: 2 })
    const away = await hireAgent(t)
    const off = await hireAgent(t)
    const banned = await hireAgent(t)
    const demoted = await hireAgent(t)
    const erased = await hireAgent(t)
    const elsewhere = await hireAgent(t, { queues: ['billing'] })
    await t.deps.sql`update support_agents set available = false where user_id = ${away.id}`
    await t.deps.sql`update support_agents set active = false where user_id = ${off.id}`
    await t.deps.sql`update users set banned = true where id = ${banned.id}`
    await t.deps.sql`update users set role = 'customer' where id = ${demoted.id}`
    await t.deps.sql`update users set erased_at = now() where id = ${erased.id}`
    await open(9)
    await t.drain()
    expect(await loads(there, away, off, banned, demoted, erased, elsewhere)).toEqual([2, 0, 0, 0, 0, 0, 0])
    await t.deps.sql`update users set ban_expires = now() - interval '1 day' where id = ${banned.id}`
    // A ban that is over tells nobody: the sweep finds what waits.
    await t.deps.jobs.enqueue(t.deps.db, 'support.sweep', {})
    expect(await t.drain()).toEqual([])
    expect(await loads(there, banned)).toEqual([2, 7])
  })

  test('where people assign, the engine does not', async () => {
    await mode('manual')
    const agent = await hireAgent(t)
    const [ticket] = await open(1)
    await t.drain()
    await race(2)
    expect(await loads(agent)).toEqual([0])
    await agent.forge.tickets.claim({ id: ticket?.id ?? '' })
    expect(await loads(agent)).toEqual([1])
  })
})
