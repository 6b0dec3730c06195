import { analyticsDays, type Db, type tickets } from '@devforge/db'
import { and, between, inArray, sql } from 'drizzle-orm'

/** Which time of a ticket a promise ends at. */
const ENDS = { firstResponse: sql`first_response_at`, resolution: sql`last_solved_at` }
export type WaitingTime = keyof typeof ENDS
export const WAITING_TIMES = Object.keys(ENDS) as WaitingTime[]

interface Moments {
  start: Date
  end: Date
}

/** What is read of each ticket that was first answered, or solved and is so still, within some time. */
export async function endedWaits(db: Db, wait: WaitingTime, { start, end }: Moments) {
  const ended = ENDS[wait]
  return db.execute<Pick<typeof tickets.$inferSelect, 'plan' | 'priority' | 'sla'> & { minutes: number }>(sql`
    select plan, priority, sla, extract(epoch from ${ended} - created_at)::float8 / 60 as minutes from tickets
    where ${ended} >= ${start.toISOString()}::timestamptz and ${ended} < ${end.toISOString()}::timestamptz
      ${wait === 'resolution' ? sql`and status in ('solved', 'closed')` : sql``}`)
}

/** The first day that anything ended on; null: nothing has. */
export async function firstEndedWait(db: Db): Promise<Date | null> {
  const [row] = await db.execute<{ at: string | Date | null }>(sql`
    select least((select min(first_response_at) from tickets), (select min(last_solved_at) from tickets)) as at`)
  return row?.at ? new Date(row.at) : null
}

/** How many waited how many minutes on a day, in place of what was noted of it before. */
export async function writeWaits(
  db: Db,
  day: string,
  rows: { metric: string; key: string; value: number }[],
): Promise<void> {
  await db.execute(sql`delete from analytics_days where day = ${day}::date and metric like 'wait.%'`)
  await db.execute(sql`
    insert into analytics_days (day, metric, key, value)
    select ${day}::date, q.metric, q.key, q.value
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as q(metric text, key text, value bigint)`)
}

/** How many waited how many minutes, over some days: fewest minutes first. */
export async function sumWaits(
  db: Db,
  { from, to }: { from: string; to: string },
  metrics: string[],
): Promise<{ metric: string; minutes: number; count: number }[]> {
  const minutes = sql<number>`${analyticsDays.key}::float8`.mapWith(Number)
  return db
    .select({
      metric: analyticsDays.metric,
      minutes,
      count: sql<number>`sum(${analyticsDays.value})`.mapWith(Number),
    })
    .from(analyticsDays)
    .where(and(inArray(analyticsDays.metric, metrics), between(analyticsDays.day, from, to)))
    .groupBy(analyticsDays.metric, analyticsDays.key)
    .orderBy(minutes)
}
