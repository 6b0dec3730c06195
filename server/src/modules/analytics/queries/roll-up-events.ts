import type { Db } from '@devforge/db'
import { sql } from 'drizzle-orm'

/** Any fixed number: one roll-up of events at a time. */
const ROLL_UP_LOCK = 4_711_031
/** Names per day that get lines of their own, the most frequent ones; anybody can make up names. */
const MAX_NAMES = 500
/** Values of a property, likewise. */
const MAX_VALUES = 20
const OTHER = '(other)'
/** Properties that are counted by value. */
const BREAK_DOWNS = ['platform', 'appVersion', 'locale']

/** Lets one transaction in; the others leave the work to it. */
export async function tryEventsLock(db: Db): Promise<boolean> {
  const [row] = await db.execute<{ locked: boolean }>(
    sql`select pg_try_advisory_xact_lock(${ROLL_UP_LOCK}) as locked`,
  )
  return row?.locked ?? false
}

/** Days of events that came since a time; of all events without one. */
export async function touchedDays(db: Db, since: Date | null): Promise<string[]> {
  const rows = await db.execute<{ day: string }>(sql`
    select distinct to_char(day, 'YYYY-MM-DD') as day from analytics_events
    where ${since === null ? sql`true` : sql`received_at >= ${since.toISOString()}::timestamptz`}
    order by 1`)
  return rows.map((row) => row.day)
}

/** Counts a day anew, whatever was counted of it before: doing it again changes nothing. */
export async function countDay(db: Db, day: string): Promise<void> {
  await db.execute(sql`delete from analytics_event_days where day = ${day}::date`)
  await db.execute(sql`
    with ranked as (
      select name, row_number() over (order by count(*) desc, name) as position
      from analytics_events where day = ${day}::date group by name
    ),
    named as (
      select case when r.position <= ${MAX_NAMES} then e.name else ${OTHER} end as name, e.client
      from analytics_events e join ranked r using (name)
      where e.day = ${day}::date
    )
    insert into analytics_event_days (day, name, property, value, events, clients)
    select ${day}::date, coalesce(name, ''), '', '', count(*), count(distinct client)
    from named group by grouping sets ((name), ())
    having count(*) > 0`)
  await db.execute(sql`
    with named as (
      select e.name, e.client, p.property, left(e.properties ->> p.property, 100) as value
      from analytics_events e
      join analytics_event_days d on d.day = e.day and d.name = e.name and d.property = ''
      cross join unnest(string_to_array(${BREAK_DOWNS.join(',')}, ',')) as p(property)
      where e.day = ${day}::date and e.properties ? p.property
    ),
    ranked as (
      select property, value, row_number() over (partition by property order by count(*) desc, value) as position
      from named group by property, value
    ),
    valued as (
      select n.name, n.client, property, case when r.position <= ${MAX_VALUES} then value else ${OTHER} end as value
      from named n join ranked r using (property, value)
    )
    insert into analytics_event_days (day, name, property, value, events, clients)
    select ${day}::date, coalesce(name, ''), property, value, count(*), count(distinct client)
    from valued group by grouping sets ((name, property, value), (property, value))`)
}
