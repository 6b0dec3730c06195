import type { Db } from '@devforge/db'
import { type SQL, sql } from 'drizzle-orm'

/** Any fixed number: one roll-up of the business at a time. */
const ROLL_UP_LOCK = 4_711_032

/** Lets one transaction in; the others leave the work to it. */
export async function tryBusinessLock(db: Db): Promise<boolean> {
  const [row] = await db.execute<{ locked: boolean }>(
    sql`select pg_try_advisory_xact_lock(${ROLL_UP_LOCK}) as locked`,
  )
  return row?.locked ?? false
}

interface Moments {
  start: Date
  end: Date
}

const dayOf = (column: SQL): SQL => sql`(${column} at time zone 'UTC')::date`
const within = (column: SQL, { start, end }: Moments): SQL =>
  sql`${column} >= ${start.toISOString()}::timestamptz and ${column} < ${end.toISOString()}::timestamptz`

/** What happened per day, as (day, metric, key, value). Each reads the days it is asked for by an index. */
const flows = (moments: Moments): SQL[] => {
  const { start, end } = moments
  return [
    sql`select ${dayOf(sql`at`)}, case
        when type = 'license.issued' and after ->> 'status' = 'trial' then 'licenses.trials'
        when type = 'license.issued' then 'licenses.issued'
        when type = 'license.expired' then 'licenses.expired'
        when type = 'license.revoked' then 'licenses.revoked'
        when type = 'license.renewed' then 'licenses.renewed'
        when type = 'device.activated' then 'devices.activated'
        else 'devices.deactivated' end, '', count(*)
      from license_events
      where ${within(sql`at`, moments)} and type in ('license.issued', 'license.expired', 'license.revoked', 'license.renewed',
        'device.activated', 'device.deactivated', 'device.surplus_freed')
      group by 1, 2`,
    sql`select d.day, 'usage.' || u.name, '', sum(u.value)
      from extension_daily d cross join lateral (values ('downloads', d.downloads), ('installs', d.installs),
        ('updates', d.updates), ('uninstalls', d.uninstalls), ('uniqueInstalls', d.unique_installs)) u(name, value)
      where d.day >= ${dayOf(sql`${start.toISOString()}::timestamptz`)} and d.day < ${dayOf(sql`${end.toISOString()}::timestamptz`)}
      group by 1, 2`,
    sql`select ${dayOf(sql`at`)}, 'submissions.' || status, '', count(*)
      from submission_events where ${within(sql`at`, moments)} group by 1, 2`,
    // The undo of a merge, and nothing else, leads out of closed: it takes that back, and is no solving of what had been solved.
    sql`select ${dayOf(sql`at`)}, case
        when type = 'ticket.created' then 'support.created'
        when 'closed' in (before ->> 'status', after ->> 'status') then 'support.closed'
        when after ->> 'status' = 'solved' then 'support.solved'
        else 'support.reopened' end, '', sum(case when before ->> 'status' = 'closed' then -1 else 1 end)
      from ticket_events
      where ${within(sql`at`, moments)} and (type = 'ticket.created' or type = 'status.changed'
        and ('closed' in (before ->> 'status', after ->> 'status') or after ->> 'status' = 'solved'
          or before ->> 'status' = 'solved' and after ->> 'status' = 'open'))
      group by 1, 2`,
    sql`select ${dayOf(sql`at`)}, 'support.breached', metric::text, count(*)
      from sla_breaches where ${within(sql`at`, moments)} group by 1, 3`,
    sql`select ${dayOf(sql`at`)}, 'support.deflected', '', count(*)
      from article_deflections where ${within(sql`at`, moments)} group by 1`,
    // Who rates again takes the first rating back.
    sql`select day, 'support.ratings', score, sum(n) from (
        select ${dayOf(sql`at`)} as day, after ->> 'score' as score, 1 as n from ticket_events
        where ${within(sql`at`, moments)} and type = 'satisfaction.rated'
        union all
        select ${dayOf(sql`at`)}, before ->> 'score', -1 from ticket_events
        where ${within(sql`at`, moments)} and type = 'satisfaction.rated'
      ) r where score is not null group by 1, 3`,
  ]
}

/** How things stand now, as (metric, key, value). */
const stocks = (now: Date): SQL[] => [
  // The clock ends a license before the job notes it.
  sql`select 'stock.licenses', plan_slug || '/' || case
      when expires_at <= ${now.toISOString()}::timestamptz and status in ('trial', 'active', 'past_due') then 'expired'
      else status::text end, count(*)
    from licenses where product = 'editor' group by 2`,
  sql`select 'stock.devices', '', count(*) from license_devices`,
  sql`select 'stock.tickets', status::text, count(*) from tickets
    where status in ('new', 'open', 'pending', 'on_hold') group by 2`,
  sql`select 'stock.mrr', currency, round(sum(monthly)) from (${monthlyRevenue}) m group by 2`,
]

/** What each subscription that is paid brings in a month: by its newest payment; by the plan's price until there is one. */
export const monthlyRevenue: SQL = sql`
  select coalesce(paid.currency, p.currency) as currency,
    coalesce(paid.amount_minor, p.amount_minor * s.quantity)::numeric / case p.interval when 'year' then 12 else 1 end as monthly
  from subscriptions s
  join plans p on p.slug = s.plan_slug
  left join lateral (
    select amount_minor, currency from payments
    where subscription_id = s.id and paid_at is not null
    order by paid_at desc, id desc limit 1
  ) paid on true
  where s.status in ('active', 'past_due')`

/** Counts what happened in some days anew: doing it again changes nothing. */
export async function countFlows(db: Db, moments: Moments): Promise<void> {
  const { start, end } = moments
  await db.execute(sql`
    delete from analytics_days
    where metric not like 'stock.%' and metric not like 'wait.%' and day >= ${dayOf(sql`${start.toISOString()}::timestamptz`)}
      and day < ${dayOf(sql`${end.toISOString()}::timestamptz`)}`)
  for (const flow of flows(moments)) {
    await db.execute(sql`insert into analytics_days (day, metric, key, value) ${flow}`)
  }
}

/** Notes how things stand, in place of what was noted of this day before. */
export async function countStocks(db: Db, { day, now }: { day: string; now: Date }): Promise<void> {
  await db.execute(sql`delete from analytics_days where metric like 'stock.%' and day = ${day}::date`)
  for (const stock of stocks(now)) {
    await db.execute(sql`
      insert into analytics_days (day, metric, key, value)
      select ${day}::date, s.* from (${stock}) s(metric, key, value)`)
  }
}
