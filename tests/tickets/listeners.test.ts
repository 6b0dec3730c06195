import { notify } from '@devforge/server/realtime/notify'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { aTicket, type Desk, hireAgent, openDesk } from '../support/desk.ts'
import type { Person } from '../support/people.ts'

let t: TestApp
let desk: Desk
beforeAll(async () => {
  t = await createTestApp({ env: { DATABASE_POOL_MAX: '4' } })
  desk = await openDesk(t)
})
afterAll(() => t[Symbol.asyncDispose]())

const pause = (ms = 5) => new Promise((resolve) => setTimeout(resolve, ms))
const streams = async (open: number): Promise<void> => {
  while (t.deps.realtime.openStreams !== open) await pause()
}

/** As a client asks that comes back. */
const resumed = (scope: { id?: string }, lastEventId: string) => ({ ...scope, lastEventId })

interface Heard {
  sequence: number
  type: string
  body: string | undefined
  ticketId: string
}
/** Listens to the desk until something is said. @returns what was heard, in order */
async function hear(agent: Person, until: string, lastEventId?: string): Promise<Heard[]> {
  const heard: Heard[] = []
  const scope = lastEventId === undefined ? {} : resumed({}, lastEventId)
  for await (const { sequence, type, message, ticketId } of agent.forge.tickets.onUpdate(scope)) {
    heard.push({ sequence, type, body: message?.body, ticketId })
    if (message?.body === until) return heard
  }
  throw new Error('the stream ended')
}

test('sixty who listen to the desk each hear all that happens once and in order, of their own tickets what customers hear', {
  timeout: 60_000,
}, async () => {
  const agents = await Promise.all(Array.from({ length: 4 }, () => hireAgent(t)))
  const [owner] = agents
  if (!owner) throw new Error('somebody was hired')
  const own = (await owner.forge.tickets.create(aTicket())).id
  const others = await Promise.all(
    Array.from({ length: 4 }, async () => (await desk.customer.forge.tickets.create(aTicket())).id),
  )
  const listening = agents.flatMap((agent) =>
    Array.from({ length: 15 }, async () => ({ agent, heard: await hear(agent, 'the last') })),
  )
  await streams(60)
  // All looked once, and wait.
  await pause(200)
  const { tickets } = desk.agent.forge
  await Promise.all(
    [own, ...others].map(async (id) => {
      for (let n = 0; n < 5; n++) {
        await tickets.note({ id, body: `note ${n} on ${id}` })
        await tickets.reply({ id, body: `reply ${n} on ${id}` })
      }
    }),
  )
  await tickets.reply({ id: others[0] ?? '', body: 'the last' })
  const rows = await t.deps.sql<{ sequence: number; isPublic: boolean; ticketId: string }[]>`
    select sequence::int, is_public as "isPublic", ticket_id as "ticketId" from ticket_events order by sequence`
  for (const { agent, heard } of await Promise.all(listening)) {
    const from = heard[0]?.sequence ?? Number.NaN
    const told = rows.filter(
      ({ sequence, isPublic, ticketId }) =>
        sequence >= from && (isPublic || agent !== owner || ticketId !== own),
    )
    expect(heard.map(({ sequence }) => sequence)).toEqual(told.map(({ sequence }) => sequence))
    const bodies = heard.map(({ body }) => body).filter((body) => body !== undefined)
    expect(bodies).toHaveLength(51 - (agent === owner ? 5 : 0))
    expect(bodies.includes(`note 4 on ${own}`)).toBe(agent !== owner)
  }
})

test('customer and agents at the same place of one ticket are not told the same', {
  timeout: 60_000,
}, async () => {
  const { id } = await desk.customer.forge.tickets.create(aTicket())
  const own = await hireAgent(t)
  const owned = (await own.forge.tickets.create(aTicket())).id
  for (const [ticket, customer] of [
    [id, desk.customer],
    [owned, own],
  ] as const) {
    await streams(0)
    const people = [desk.agent, customer, desk.agent, customer, desk.admin]
    const bodies = people.map(async ({ forge }) => {
      const heard: string[] = []
      for await (const { message } of forge.tickets.onUpdate({ id: ticket })) {
        if (message) heard.push(message.body)
        if (message?.body === 'bye') break
      }
      return heard
    })
    await streams(people.length)
    await pause(200)
    await desk.agent.forge.tickets.note({ id: ticket, body: 'between us' })
    await desk.agent.forge.tickets.reply({ id: ticket, body: 'bye' })
    for (const [i, heard] of (await Promise.all(bodies)).entries())
      expect(heard.slice(1)).toEqual(people[i] === customer ? ['bye'] : ['between us', 'bye'])
  }
})

test('whoever comes back hears on, past more than a page that is not theirs to hear', {
  timeout: 60_000,
}, async () => {
  const owner = await hireAgent(t)
  const own = (await owner.forge.tickets.create(aTicket())).id
  const other = (await desk.customer.forge.tickets.create(aTicket())).id
  const [row] = await t.deps.sql<{ last: string }[]>`select max(sequence)::text as last from ticket_events`
  await t.deps.sql`
    insert into ticket_events (ticket_id, requester_id, type, version, actor, is_public, at)
    select ${own}, ${owner.id}, 'sla.warned', 1, 'system:test', false, now() from generate_series(1, 250)`
  await desk.agent.forge.tickets.reply({ id: other, body: 'after all that' })
  const heard = await hear(owner, 'after all that', row?.last)
  expect(heard.every(({ ticketId }) => ticketId === other)).toBe(true)
  // Whose it is not hears all of it.
  expect(await hear(desk.agent, 'after all that', row?.last)).toHaveLength(heard.length + 250)
})

test('one is banned, one is made a customer, one signs out, all at the same moment: none of them hears more, all others do', {
  timeout: 60_000,
}, async () => {
  const agents = await Promise.all(Array.from({ length: 8 }, () => hireAgent(t)))
  const id = (await desk.customer.forge.tickets.create(aTicket())).id
  await streams(0)
  const heard = agents.map((): string[] => [])
  const listening = agents.map(async (agent, i) => {
    for await (const { message } of agent.forge.tickets.onUpdate({})) {
      if (message) heard[i]?.push(message.body)
      if (message?.body === 'secret') return 'heard'
    }
    return 'ended'
  })
  const codes = Promise.all(
    listening.map((one) => one.catch((error: unknown) => (error as { code?: string }).code)),
  )
  await streams(8)
  await pause(200)
  const [banned, demoted, left] = agents
  if (!banned || !demoted || !left) throw new Error('eight were hired')
  // Past the desk, so that nothing wakes the streams before the note does.
  await t.deps.sql`update users set banned = true where id = ${banned.id}`
  await t.deps.sql`update users set role = 'customer' where id = ${demoted.id}`
  await t.deps.sql`delete from sessions where user_id = ${left.id}`
  await desk.agent.forge.tickets.note({ id, body: 'secret' })
  expect(await codes).toEqual([
    'AUTH_BANNED',
    'FORBIDDEN',
    'AUTH_SESSION_ENDED',
    ...Array.from({ length: 5 }, () => 'heard'),
  ])
  for (const [i, bodies] of heard.entries()) expect(bodies.includes('secret')).toBe(i >= 3)
})

test('listeners share a read until something changes; one that began before a change is nobody’s answer after it', async () => {
  const { realtime, db } = t.deps
  using one = realtime.subscribe('desk:test')
  using two = realtime.subscribe('desk:test')
  using elsewhere = realtime.subscribe('desk:elsewhere')
  // The first subscriptions of all are woken once the database is listened to.
  await Promise.all([one, two, elsewhere].map((changes) => changes.next(100)))
  let reads = 0
  const held = Promise.withResolvers<void>()
  const slow = async (): Promise<number> => {
    const read = ++reads
    if (read === 1) await held.promise
    return read
  }
  const early = [one.shared('0', slow), two.shared('0', slow)]
  expect(await elsewhere.shared('0', async () => 'another topic')).toBe('another topic')
  await notify(db, 'desk:test')
  await Promise.all([one.next(10_000), two.next(10_000)])
  expect(await Promise.all([one.shared('0', slow), two.shared('0', slow)])).toEqual([2, 2])
  held.resolve()
  expect(await Promise.all(early)).toEqual([1, 1])
  expect(await one.shared('0', slow), 'the late answer of the first did not take its place').toBe(2)
  await expect(one.shared('1', () => Promise.reject(new Error('away')))).rejects.toThrow('away')
  expect(await two.shared('1', async () => 'back'), 'a read that failed is not kept').toBe('back')
})
