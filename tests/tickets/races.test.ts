import { systemContext } from '@devforge/server/context'
import { runTimers } from '@devforge/server/modules/support/service/timers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { aTicket, type Desk, openDesk } from '../support/desk.ts'

const DAY = 24 * 60 * 60_000

let t: TestApp
let desk: Desk
beforeAll(async () => {
  t = await createTestApp()
  desk = await openDesk(t)
})
afterAll(() => t[Symbol.asyncDispose]())
async function open(body = 'opened'): Promise<string> {
  for (const limit of ['ticket:account', 'ticket-reply:account'] as const)
    await t.deps.limits.reset(limit, desk.customer.id)
  return (await desk.customer.forge.tickets.create({ ...aTicket(), body })).id
}
const timers = () => runTimers(systemContext(t.deps, { type: 'system', job: 'support.timers' }))
const daysAgo = (days: number, ms = 0) => new Date(t.clock.now().getTime() - days * DAY + ms).toISOString()
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Where a text stands: the ids of the tickets, one for each time that it is there. */
const placesOf = async (body: string): Promise<string[]> =>
  (await t.deps.sql<{ id: string }[]>`select ticket_id as id from ticket_messages where body = ${body}`).map(
    ({ id }) => id,
  )
const rowOf = async (id: string) => {
  const [row] = await t.deps.sql<{ status: string; into: string | null; waits: boolean }[]>`
    select status, merged_into_id as into, waiting_since is not null as waits from tickets where id = ${id}`
  return row
}
/** What each of several at once came to: `ok`, or the code of its error. */
const outcomes = async (...all: Promise<unknown>[]): Promise<string[]> =>
  (await Promise.allSettled(all)).map((one) =>
    one.status === 'fulfilled' ? 'ok' : String(one.reason.code ?? one.reason),
  )

describe('merges and splits in the same moment as', () => {
  test('answers: each stands in the other ticket, once', { timeout: 120_000 }, async () => {
    const { agent, customer } = desk
    for (let round = 0; round < 15; round++) {
      const [from, into] = round % 2 ? [await open(), await open()] : [await open(), await open()].reverse()
      if (!from || !into) throw new Error('both were opened')
      const bodies = [`customer ${round}`, `agent ${round}`, `to the other ${round}`]
      const done = await outcomes(
        customer.forge.tickets.reply({ id: from, body: bodies[0] ?? '' }),
        agent.forge.tickets.merge({ from, into }),
        agent.forge.tickets.reply({ id: from, body: bodies[1] ?? '' }),
        customer.forge.tickets.reply({ id: into, body: bodies[2] ?? '' }),
      )
      expect(done).toEqual(['ok', 'ok', 'ok', 'ok'])
      for (const body of bodies) expect(await placesOf(body)).toEqual([into])
      expect((await customer.forge.tickets.get({ id: from })).messages).toEqual([])
    }
  })

  test('their undo and answers: each stands in one of the two', { timeout: 120_000 }, async () => {
    const { agent, customer } = desk
    for (let round = 0; round < 12; round++) {
      const [from, into] = [await open(), await open()]
      await agent.forge.tickets.merge({ from, into })
      const body = `undone ${round}`
      const done = await outcomes(
        agent.forge.tickets.unmerge({ id: from }),
        customer.forge.tickets.reply({ id: from, body }),
      )
      expect(done).toEqual(['ok', 'ok'])
      expect([[from], [into]]).toContainEqual(await placesOf(body))
    }
  })

  test('the merge the other way round: one wins, the other is told, and there is no circle', {
    timeout: 120_000,
  }, async () => {
    const { agent, admin } = desk
    for (let round = 0; round < 15; round++) {
      const [a, b] = [await open(), await open()]
      const done = await outcomes(
        agent.forge.tickets.merge({ from: a, into: b }),
        admin.forge.tickets.merge({ from: b, into: a }),
      )
      expect(done.sort()).toEqual(['TICKET_CLOSED', 'ok'])
      expect([(await rowOf(a))?.into, (await rowOf(b))?.into].filter((into) => into === null)).toHaveLength(1)
    }
  })

  test('others in a ring: one ticket is left, and has it all', async () => {
    const { agent, admin } = desk
    for (let round = 0; round < 8; round++) {
      const ids = [
        await open(`ring ${round} a`),
        await open(`ring ${round} b`),
        await open(`ring ${round} c`),
      ]
      const ring = ids.map((from, i) =>
        (i % 2 ? agent : admin).forge.tickets.merge({ from, into: ids[(i + 1) % 3] ?? '' }),
      )
      const done = await outcomes(...ring)
      expect(done.filter((one) => one !== 'ok' && one !== 'TICKET_CLOSED')).toEqual([])
      const rows = await Promise.all(ids.map(rowOf))
      const left = ids.filter((_, i) => rows[i]?.into === null)
      expect(left.length).toBe(3 - done.filter((one) => one === 'ok').length)
      const places = await Promise.all(['a', 'b', 'c'].map((name) => placesOf(`ring ${round} ${name}`)))
      for (const place of places) expect(place).toHaveLength(1)
      expect(places.flat().filter((id) => !left.includes(id))).toEqual([])
    }
  })

  test('timers: a question that is merged into a ticket whose time is over is not closed away', async () => {
    const { agent } = desk
    for (let round = 0; round < 12; round++) {
      const [from, into] = [await open(`asked ${round}`), await open()]
      await agent.forge.tickets.reply({ id: into, body: 'Which?', status: 'pending' })
      await t.deps
        .sql`update tickets set status_changed_at = ${daysAgo(8)}, last_agent_message_at = ${daysAgo(8)} where id = ${into}`
      const done = await outcomes(timers(), agent.forge.tickets.merge({ from, into }), timers())
      expect(done).toEqual(['ok', 'ok', 'ok'])
      expect(await rowOf(into)).toMatchObject({ status: 'open', waits: true })
      expect(await placesOf(`asked ${round}`)).toEqual([into])
    }
  })

  test('each other: what is split off is merged or not, and is there once', {
    timeout: 120_000,
  }, async () => {
    const { agent, admin, customer } = desk
    for (let round = 0; round < 12; round++) {
      const [from, into] = [await open(), await open()]
      const body = `split ${round}`
      const { message } = await customer.forge.tickets.reply({ id: from, body })
      const split = { id: from, messageIds: [message.id], subject: 'Another matter' }
      const done = await outcomes(
        agent.forge.tickets.split(split),
        admin.forge.tickets.merge({ from, into }),
        admin.forge.tickets.split(split),
      )
      expect(done[1]).toBe('ok')
      const refused = [done[0], done[2]].filter((one) => one !== 'ok')
      expect(refused.length).toBeGreaterThan(0)
      for (const code of refused) expect(['TICKET_CLOSED', 'NOT_FOUND']).toContain(code)
      const places = await placesOf(body)
      expect(places).toHaveLength(1)
      expect(places[0] === into).toBe(refused.length === 2)
    }
  })
})

describe('timers', () => {
  test('closing, in the moment of an answer: it is opened again or goes on in another, 30 times', {
    timeout: 120_000,
  }, async () => {
    const { agent, customer } = desk
    const seen = { reopened: 0, followedUp: 0 }
    for (let round = 0; round < 30; round++) {
      const id = await open()
      await agent.forge.tickets.solve({ id })
      // It is over in a few milliseconds.
      const solvedAt = daysAgo(14, 12)
      await t.deps.sql`update tickets set last_solved_at = ${solvedAt} where id = ${id}`
      const body = `not solved ${round}`
      const done = await outcomes(
        pause(round % 10).then(timers),
        pause((round * 7) % 20).then(() => customer.forge.tickets.reply({ id, body })),
        pause(14).then(timers),
        pause(round % 15).then(timers),
      )
      expect(done).toEqual(['ok', 'ok', 'ok', 'ok'])
      await timers()
      const [place, ...others] = await placesOf(body)
      expect(others).toEqual([])
      const where = await customer.forge.tickets.get({ id: place ?? '' })
      if (place === id) {
        seen.reopened++
        expect(where).toMatchObject({ status: 'open' })
      } else {
        seen.followedUp++
        expect(where).toMatchObject({ followUpOfId: id, status: 'new' })
        expect((await rowOf(id))?.status).toBe('closed')
      }
    }
    expect(seen.reopened + seen.followedUp).toBe(30)
  })

  test('run several times at once, they change each ticket once', async () => {
    const { agent } = desk
    const ids: string[] = []
    for (let n = 0; n < 15; n++) ids.push(await open())
    const longAgo = daysAgo(30)
    for (const [i, id] of ids.entries()) {
      if (i % 3 === 0) await agent.forge.tickets.reply({ id, body: 'Which?', status: 'pending' })
      if (i % 3 === 1) await agent.forge.tickets.solve({ id })
      if (i % 3 === 2) {
        const { version } = await agent.forge.tickets.get({ id })
        const until = new Date(t.clock.now().getTime() + 60_000)
        await agent.forge.tickets.transition({ id, to: 'on_hold', reason: 'later', until, version })
      }
    }
    await t.deps.sql`
      update tickets set status_changed_at = ${longAgo}, last_agent_message_at = ${longAgo}, last_solved_at = case when last_solved_at is not null then ${longAgo}::timestamptz end,
        hold_until = case when hold_until is not null then ${longAgo}::timestamptz end where id = any(${ids})`
    expect(await outcomes(timers(), timers(), timers(), timers(), timers())).toEqual(Array(5).fill('ok'))
    const rows = await t.deps.sql<{ to: string; tickets: number; events: number }[]>`
      select after->>'status' as to, count(distinct ticket_id)::int as tickets, count(*)::int as events
      from ticket_events where actor like 'system:%' and type = 'status.changed' and ticket_id = any(${ids})
      group by 1 order by 1`
    expect([...rows]).toEqual([
      { to: 'closed', tickets: 5, events: 5 },
      { to: 'open', tickets: 5, events: 5 },
      { to: 'solved', tickets: 5, events: 5 },
    ])
  })
})

test('nothing of this made two wait for each other', async () => {
  const [row] = await t.deps.sql<{ deadlocks: number }[]>`
    select deadlocks::int from pg_stat_database where datname = current_database()`
  expect(row?.deadlocks).toBe(0)
})
