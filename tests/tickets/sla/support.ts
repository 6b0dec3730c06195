import type { TestApp } from '../../support/app.ts'
import type { Desk } from '../../support/desk.ts'
import type { Person } from '../../support/people.ts'

export const MINUTE = 60_000
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR
/** Tests take time of their own; promises are counted to the millisecond, so their times are compared by the minute. */
export const near = (date: Date | null | undefined): string =>
  date ? new Date(Math.floor(date.getTime() / MINUTE) * MINUTE).toISOString().slice(0, 16) : 'none'

/** Goes on to the next Monday, ten o'clock UTC, and says when that is. Not nine: a promise must not end with a day by accident. */
export function nextMonday(t: TestApp): Date {
  const day = new Date(t.clock.now().getTime() + DAY)
  while (day.getUTCDay() !== 1) day.setTime(day.getTime() + DAY)
  day.setUTCHours(10, 0, 0, 0)
  t.clock.set(day)
  return day
}

/** The clocks of a ticket as agents see them, by metric. */
export async function clocksOf(agent: Person, id: string) {
  const { desk } = await agent.forge.tickets.get({ id })
  if (!desk) throw new Error('the desk side is hidden')
  const { clocks, ...columns } = desk.sla
  const by = (metric: (typeof clocks)[number]['metric']) => clocks.find((clock) => clock.metric === metric)
  return { ...columns, first: by('firstResponse'), next: by('nextResponse'), resolution: by('resolution') }
}

export async function versionOf(agent: Person, id: string): Promise<number> {
  return (await agent.forge.tickets.get({ id })).version
}

/** Runs the sweep, as the worker does every minute. */
export async function sweep(t: TestApp): Promise<unknown[]> {
  await t.deps.jobs.enqueue(t.deps.db, 'support.sla', {})
  return t.drain()
}

export interface Breach {
  metric: string
  cycle: number
  due_at: Date
}

export const breachesOf = async (t: TestApp, id: string): Promise<Breach[]> =>
  t.deps.sql<
    Breach[]
  >`select metric, cycle, due_at from sla_breaches where ticket_id = ${id} order by metric, cycle`

export const eventsOf = async (t: TestApp, id: string, type: string): Promise<{ after: unknown }[]> =>
  t.deps.sql<
    { after: unknown }[]
  >`select "after" from ticket_events where ticket_id = ${id} and type = ${type} order by sequence`

/** Somebody whose tickets are promised a resolution, too. */
export async function paid(t: TestApp, { admin, customer }: Desk, plan = 'pro'): Promise<Person> {
  await admin.forge.licenses.issue({ userId: customer.id, plan, reason: 'a gift' })
  await t.drain()
  return customer
}
