import type { Db } from '@devforge/db'
import { sql } from 'drizzle-orm'

/** Any fixed number: one roll-up of events at a time. */
const ROLL_UP_LOCK = 4_711_031
/** Names per day that get lines of their own, the most frequent ones; anybody can make up names. */
const MAX_NAMES = 500
/** Values of a property (`platform`, `appVersion`, `locale`), likewise. */
const MAX_VALUES = 20
const OTHER = '(other)'

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

/**
 * Counts a day anew, whatever was counted of it before: doing it again changes nothing. Events that say the same of the same client are
 * put together first, by hashing: different clients are then counted among far fewer rows.
 */
export async function countDay(db: Db, day: string): Promise<void> {
  await db.execute(sql`delete from analytics_event_days where day = ${day}::date`)
  await db.execute(sql`
    with grouped as materialized (
      select name, client, left(properties ->> 'platform', 100) as platform, left(properties ->> 'appVersion', 100) as app_version,
        left(properties ->> 'locale', 100) as locale, count(*) as events
      from analytics_events where day = ${day}::date group by 1, 2, 3, 4, 5
    ),
    ranked_names as (
      select name, row_number() over (order by sum(events) desc, name) as position from grouped group by name
    ),
    named as materialized (
      select case when r.position <= ${MAX_NAMES} then g.name else ${OTHER} end as name, g.client, g.platform, g.app_version, g.locale, g.events
      from grouped g join ranked_names r using (name)
    ),
    valued as materialized (
      select n.name, n.client, p.property, p.value, sum(n.events) as events
      from named n cross join lateral (
        values ('platform', n.platform), ('appVersion', n.app_version), ('locale', n.locale)
      ) p(property, value)
      where p.value is not null group by 1, 2, 3, 4
    ),
    ranked_values as (
      select property, value, row_number() over (partition by property order by sum(events) desc, value) as position
      from valued group by property, value
    )
    insert into analytics_event_days (day, name, property, value, events, clients)
    select ${day}::date, coalesce(name, ''), '', '', sum(events), count(distinct client)
    from named group by grouping sets ((name), ()) having count(*) > 0
    union all
    select ${day}::date, coalesce(name, ''), property, value, sum(events), count(distinct client) from (
      select v.name, v.client, v.property, case when r.position <= ${MAX_VALUES} then v.value else ${OTHER} end as value, v.events
      from valued v join ranked_values r using (property, value)
    ) v group by grouping sets ((name, property, value), (property, value))`)
}
