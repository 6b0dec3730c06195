import type { Db } from '@devforge/db'
import { type SQL, sql } from 'drizzle-orm'
import { GIVEN_UP_ATTEMPTS } from '../../../mail/outbox.ts'

/** The moments that figures are counted from. */
export interface Moments {
  now: Date
  /** Midnight of UTC. */
  today: Date
  /** 30 days, today included. */
  month: Date
}

const moment = (date: Date): SQL => sql`${date.toISOString()}::timestamptz`
const since = (column: SQL, { today }: Moments): SQL => sql`
  (count(*) filter (where ${column} >= ${moment(today)}))::int as today, count(*)::int as month`
const amount = (column: SQL, { today }: Moments): SQL => sql`
  coalesce(sum(amount_minor) filter (where ${column} >= ${moment(today)}), 0)::float8 as today, sum(amount_minor)::float8 as month`

/** Money that came in, by currency; negative: what went back, or is held by banks. */
const money = (moments: Moments): SQL => sql`
  select currency, sum(today)::float8 as today, sum(month)::float8 as month from (
    select currency, ${amount(sql`paid_at`, moments)}
    from payments where paid_at >= ${moment(moments.month)} group by 1
    union all
    select currency, -today, -month from (
      select currency, ${amount(sql`created_at`, moments)}
      from refunds
      where created_at >= ${moment(moments.month)} and status in ('pending', 'requires_action', 'succeeded') group by 1
    ) r
    union all
    select currency, -today, -month from (
      select currency, ${amount(sql`created_at`, moments)}
      from disputes
      where created_at >= ${moment(moments.month)}
        and status in ('needs_response', 'under_review', 'appeal_needs_response', 'appeal_under_review', 'lost')
      group by 1
    ) d
  ) m group by 1 order by 1`

/**
 * Every figure of the overview as a statement of its own, each answered by an index (tests/admin/overview.test.ts looks at the plans): what
 * is open is little, whatever there is in all.
 */
export const figures = (moments: Moments) => ({
  tickets: sql`select status::text as key, count(*)::int as count from tickets
    where status in ('new', 'open', 'pending', 'on_hold') group by 1`,
  unassigned: sql`select count(*)::int as count from tickets where assignee_id is null and status in ('new', 'open')`,
  overdue: sql`select count(*)::int as count from tickets where next_due_at is not null and next_due_at < ${moment(moments.now)}`,
  breaches: sql`select ${since(sql`at`, moments)} from sla_breaches where at >= ${moment(moments.month)}`,
  webhooks: sql`select status::text as key, count(*)::int as count from webhook_events
    where status in ('received', 'failed', 'quarantined') group by 1`,
  jobs: sql`select count(*)::int as count from pgboss.job
    where state in ('created', 'retry', 'active', 'failed') and state = 'failed' and name not like '\\_\\_pgboss%'`,
  mails: sql`select (count(*) filter (where attempts < ${GIVEN_UP_ATTEMPTS}))::int as waiting,
      (count(*) filter (where attempts >= ${GIVEN_UP_ATTEMPTS}))::int as "givenUp"
    from outbox where sent_at is null`,
  submissions: sql`select status::text as key, count(*)::int as count from submissions
    where status in ('received', 'scanning', 'scan_failed', 'needs_review', 'approved') group by 1`,
  appeals: sql`select count(*)::int as count from appeals where status = 'open'`,
  reports: sql`select count(*)::int as count from abuse_reports where status = 'open'`,
  users: sql`select ${since(sql`created_at`, moments)} from users where created_at >= ${moment(moments.month)}`,
  revenue: money(moments),
})
type Figures = ReturnType<typeof figures>

interface Answers {
  tickets: { key: string; count: number }
  unassigned: { count: number }
  overdue: { count: number }
  breaches: { today: number; month: number }
  webhooks: { key: string; count: number }
  jobs: { count: number }
  mails: { waiting: number; givenUp: number }
  submissions: { key: string; count: number }
  appeals: { count: number }
  reports: { count: number }
  users: { today: number; month: number }
  revenue: { currency: string; today: number; month: number }
}

/** Reads all figures at once. */
export async function readFigures(db: Db, moments: Moments): Promise<{ [K in keyof Figures]: Answers[K][] }> {
  const read = await Promise.all(
    Object.entries(figures(moments)).map(async ([name, statement]) => [
      name,
      [...(await db.execute(statement))],
    ]),
  )
  // Each statement names its columns as `Answers` says.
  return Object.fromEntries(read)
}
