import type { Db } from '@devforge/db'
import { type SQL, sql } from 'drizzle-orm'

interface Moments {
  start: Date
  end: Date
}

const within = (column: SQL, { start, end }: Moments): SQL =>
  sql`${column} >= ${start.toISOString()}::timestamptz and ${column} < ${end.toISOString()}::timestamptz`

/** Trials that began within some days, and how many of their owners have bought a license of the editor since. */
export async function trialCohort(db: Db, moments: Moments): Promise<{ started: number; converted: number }> {
  const [row] = await db.execute<{ started: number; converted: number }>(sql`
    select count(*)::int as started, (count(*) filter (where exists (
      select from licenses l
      where l.user_id = t.user_id and l.product = 'editor' and l.id <> t.license_id and l.created_at >= t.started_at
        and (l.checkout_id is not null or l.subscription_id is not null)
    )))::int as converted
    from trials t where ${within(sql`t.started_at`, moments)}`)
  return row ?? { started: 0, converted: 0 }
}

export type Spread = {
  count: number
  medianMinutes: number | null
  p90Minutes: number | null
}

const spreadOf = (minutes: SQL): SQL => sql`count(${minutes})::int as count,
  percentile_cont(0.5) within group (order by ${minutes}) as "medianMinutes",
  percentile_cont(0.9) within group (order by ${minutes}) as "p90Minutes"`

const NOTHING: Spread = { count: 0, medianMinutes: null, p90Minutes: null }

/** How long submissions that a moderator decided within some days had waited for one. */
export async function reviewLatency(db: Db, moments: Moments): Promise<Spread> {
  const [row] = await db.execute<Spread>(sql`
    select ${spreadOf(sql`w.minutes`)} from (
      select extract(epoch from s.decided_at - (
        select max(e.at) from submission_events e
        where e.submission_id = s.id and e.status = 'needs_review' and e.at <= s.decided_at
      ))::float8 / 60 as minutes
      from submissions s where ${within(sql`s.decided_at`, moments)} and s.decided_by is not null
    ) w`)
  return row ?? NOTHING
}
