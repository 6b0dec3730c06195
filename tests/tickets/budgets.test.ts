import { systemContext } from '@devforge/server/context'
import type { JobData } from '@devforge/server/jobs/types'
import { sweepSla } from '@devforge/server/modules/support/service/sla/sweep'
import { runTimers } from '@devforge/server/modules/support/service/timers'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { type Desk, openDesk } from '../support/desk.ts'
import { DAY, HOUR, nextMonday } from './sla/support.ts'

let t: TestApp
let desk: Desk
beforeAll(async () => {
  t = await createTestApp()
  desk = await openDesk(t)
})
beforeEach(async () => {
  await t.drain()
})
afterAll(() => t[Symbol.asyncDispose]())

const system = (app = t) => systemContext(app.deps, { type: 'system', job: 'test' })
/** The time of a run, in tickets. */
const budget = (tickets: number) => () => --tickets <= 0

/** Takes what a run left to the next one out of the queue, as a worker does. */
async function takeRest<N extends 'support.sla' | 'support.timers'>(
  name: N,
): Promise<JobData[N] | undefined> {
  const rows = await t.deps.sql<{ data: JobData[N] }[]>`
    delete from pgboss.job where name = ${name} and state = 'created' and data ? 'after' returning data`
  expect(rows.length, 'one rest at the most').toBeLessThan(2)
  return rows[0]?.data
}

async function lateTickets(count: number, prefix: string): Promise<void> {
  const at = nextMonday(t).toISOString()
  await t.deps.sql`
    insert into tickets (id, requester_id, subject, category, source, queue_id, status_changed_at, created_at, sla_check_at)
    select ${prefix} || lpad(n::text, 4, '0'), ${desk.customer.id}, 'Late', 'bug', 'api', 'que_general', ${at}::timestamptz, ${at}::timestamptz, ${at}::timestamptz
    from generate_series(1, ${count}) n`
  t.clock.advance(3 * DAY + HOUR)
}
const breachesOf = async (prefix: string) =>
  (
    await t.deps.sql<{ events: number; tickets: number; breaches: number }[]>`
    select count(*)::int as events, count(distinct ticket_id)::int as tickets,
      (select count(*)::int from sla_breaches b where b.ticket_id like ${`${prefix}%`}) as breaches
    from ticket_events where ticket_id like ${`${prefix}%`} and type = 'sla.breached'`
  )[0]

test('a sweep of promises stops when its time is over, and the next one goes on at once after it', async () => {
  await lateTickets(60, 'tkt_late_')
  await sweepSla(system(), {}, budget(25))
  expect(await breachesOf('tkt_late_')).toEqual({ events: 25, tickets: 25, breaches: 25 })
  expect(await t.drain(), 'no minute later: the rest is in the queue').toEqual([])
  expect(await breachesOf('tkt_late_')).toEqual({ events: 60, tickets: 60, breaches: 60 })
  await sweepSla(system())
  expect(await takeRest('support.sla')).toBeUndefined()
  expect(await breachesOf('tkt_late_')).toEqual({ events: 60, tickets: 60, breaches: 60 })
})

test('tickets that cannot be swept keep no others from it, however little time a run has', async () => {
  await lateTickets(20, 'tkt_broken_')
  await t.deps
    .sql`update tickets set sla = '{"firstResponse": 7}' where id like 'tkt_broken_%' and id <= 'tkt_broken_0005'`
  let rest: JobData['support.sla'] | undefined = {}
  let runs = 0
  while (rest) {
    // The first of them fail; what is left over is told all the same.
    await sweepSla(system(), rest, budget(4)).catch((error: unknown) =>
      expect(String(error)).toContain('could not be worked on'),
    )
    rest = await takeRest('support.sla')
    runs++
  }
  expect(runs).toBe(6)
  expect(await breachesOf('tkt_broken_')).toEqual({ events: 15, tickets: 15, breaches: 15 })
  await t.deps.sql`update tickets set sla = null, sla_check_at = null where id like 'tkt_broken_%'`
})

test('timers stop, too, and go on where they were; a run from the start meanwhile, at another copy, doubles nothing', {
  timeout: 60_000,
}, async () => {
  await using other = await createTestApp({ databaseUrl: t.databaseUrl, clock: t.clock })
  const now = t.clock.now().toISOString()
  await t.deps.sql`
    insert into tickets (id, requester_id, subject, category, source, queue_id, status, hold_until, last_solved_at, status_changed_at, created_at)
    select 'tkt_timed_' || s || lpad(n::text, 4, '0'), ${desk.customer.id}, 'Due', 'bug', 'api', 'que_general', s::ticket_status,
      case s when 'on_hold' then ${now}::timestamptz end,
      case s when 'solved' then ${now}::timestamptz end, ${now}::timestamptz, ${now}::timestamptz
    from generate_series(1, 20) n, unnest(array['on_hold', 'pending', 'solved']) s`
  t.clock.advance(15 * DAY)
  let rest: JobData['support.timers'] | undefined = {}
  let runs = 0
  while (rest) {
    await Promise.all([
      runTimers(system(), rest, budget(7)),
      ...(runs === 3 ? [runTimers(system(other), {}, budget(30))] : []),
    ])
    rest = await takeRest('support.timers')
    runs++
  }
  expect(runs).toBeGreaterThan(5)
  const moved = await t.deps.sql`
    select t.status, count(distinct t.id)::int as tickets, count(*)::int as events
    from tickets t join ticket_events e on e.ticket_id = t.id and e.type = 'status.changed'
    where t.id like 'tkt_timed_%' group by t.status order by t.status::text`
  expect(moved.map((row) => ({ ...row }))).toEqual([
    { status: 'closed', tickets: 20, events: 20 },
    { status: 'open', tickets: 20, events: 20 },
    { status: 'solved', tickets: 20, events: 20 },
  ])
})
