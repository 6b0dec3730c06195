import type { Db } from '@devforge/db'
import { type SQL, sql } from 'drizzle-orm'
import { monthlyRevenue } from './roll-up-business.ts'

// The books themselves are read, by indexes over time: what stands here is the truth of this moment, to the cent.

interface Moments {
  start: Date
  end: Date
}

export type MoneyOfDay = {
  day: string
  currency: string
  kind: string
  amountMinor: number
  count: number
}

const within = (column: SQL, { start, end }: Moments): SQL =>
  sql`${column} >= ${start.toISOString()}::timestamptz and ${column} < ${end.toISOString()}::timestamptz`
/** Grouped by as a date, which is cheap, and written out afterwards. */
const dayOf = (column: SQL): SQL => sql`(${column} at time zone 'UTC')::date`
const spelled = (column: SQL): SQL => sql`to_char(${dayOf(column)}, 'YYYY-MM-DD')`
const total = (column: SQL): SQL => sql`sum(${column})::float8 as "amountMinor", count(*)::int as count`

/** A subscription's first payment is new, all that follow renew it. */
const kindOfPayment = sql`case
  when c.kind = 'extension' then 'extension'
  when c.kind = 'renewal' then 'renewal'
  when p.subscription_id is not null and exists (
    select from payments e where e.subscription_id = p.subscription_id and (e.paid_at, e.id) < (p.paid_at, p.id)
  ) then 'renewal'
  else 'new' end`

/** Money that came in, on the day it was paid. */
export async function sumPayments(db: Db, moments: Moments): Promise<MoneyOfDay[]> {
  return db.execute<MoneyOfDay>(sql`
    select ${spelled(sql`p.paid_at`)} as day, p.currency, ${kindOfPayment} as kind, ${total(sql`p.amount_minor`)}
    from payments p left join checkouts c on c.id = p.checkout_id
    where ${within(sql`p.paid_at`, moments)}
    group by ${dayOf(sql`p.paid_at`)}, 2, 3`)
}

/** Money that went back or is on its way back, on the day the refund was made. One that failed never went. */
export async function sumRefunds(db: Db, moments: Moments): Promise<MoneyOfDay[]> {
  return db.execute<MoneyOfDay>(sql`
    select ${spelled(sql`created_at`)} as day, currency, 'refund' as kind, ${total(sql`amount_minor`)}
    from refunds
    where ${within(sql`created_at`, moments)} and status in ('pending', 'requires_action', 'succeeded')
    group by ${dayOf(sql`created_at`)}, 2`)
}

/** Money that banks hold (`open`) or have taken for good (`lost`), on the day the dispute came. Won ones took nothing. */
export async function sumDisputes(db: Db, moments: Moments): Promise<MoneyOfDay[]> {
  return db.execute<MoneyOfDay>(sql`
    select ${spelled(sql`created_at`)} as day, currency, case status when 'lost' then 'lost' else 'open' end as kind,
      ${total(sql`amount_minor`)}
    from disputes
    where ${within(sql`created_at`, moments)}
      and status in ('needs_response', 'under_review', 'appeal_needs_response', 'appeal_under_review', 'lost')
    group by ${dayOf(sql`created_at`)}, 2, 3`)
}

export type SharesOfDay = {
  day: string
  currency: string
  sales: number
  grossMinor: number
  taxMinor: number
  feeMinor: number
  shareMinor: number
}

/** What the ledger of extensions says: of what was paid less what went back, our fee and the publishers' share. */
export async function sumShares(db: Db, moments: Moments): Promise<SharesOfDay[]> {
  return db.execute<SharesOfDay>(sql`
    select ${spelled(sql`at`)} as day, currency, (count(*) filter (where kind = 'sale'))::int as sales,
      sum(gross_minor)::float8 as "grossMinor", sum(tax_minor)::float8 as "taxMinor", sum(fee_minor)::float8 as "feeMinor",
      sum(share_minor)::float8 as "shareMinor"
    from sale_entries
    where ${within(sql`at`, moments)} and kind not in ('transfer', 'transfer_reversed')
    group by ${dayOf(sql`at`)}, 2`)
}

/** Subscriptions that began or ended per day, and how many ran at a moment. Those that were never paid for began nothing. */
export async function subscriptionFlows(
  db: Db,
  moments: Moments,
): Promise<{ day: string; name: 'started' | 'ended'; value: number }[]> {
  return db.execute<{ day: string; name: 'started' | 'ended'; value: number }>(sql`
    select day, name, count(*)::int as value from (
      select ${spelled(sql`created_at`)} as day, 'started' as name from subscriptions
      where ${within(sql`created_at`, moments)} and status not in ('incomplete', 'incomplete_expired')
      union all
      select ${spelled(sql`ended_at`)}, 'ended' from subscriptions
      where ${within(sql`ended_at`, moments)} and status <> 'incomplete_expired'
    ) f group by 1, 2`)
}

export async function subscriptionsAt(db: Db, moment: Date): Promise<number> {
  const at = sql`${moment.toISOString()}::timestamptz`
  const [row] = await db.execute<{ count: number }>(sql`
    select count(*)::int as count from subscriptions
    where created_at < ${at} and (ended_at is null or ended_at >= ${at}) and status not in ('incomplete', 'incomplete_expired')`)
  return row?.count ?? 0
}

export async function subscriptionsByPlan(
  db: Db,
): Promise<{ plan: string; status: string; count: number; quantity: number }[]> {
  return db.execute<{ plan: string; status: string; count: number; quantity: number }>(sql`
    select plan_slug as plan, status::text as status, count(*)::int as count, sum(quantity)::int as quantity
    from subscriptions where ended_at is null and status not in ('canceled', 'incomplete', 'incomplete_expired')
    group by 1, 2 order by 1, 2`)
}

/** Recurring revenue per month, now, by currency. */
export async function currentMrr(db: Db): Promise<{ currency: string; amountMinor: number }[]> {
  return db.execute<{ currency: string; amountMinor: number }>(sql`
    select currency, round(sum(monthly))::float8 as "amountMinor" from (${monthlyRevenue}) m group by 1 order by 1`)
}

export type PaymentLine = {
  id: string
  paidAt: string
  kind: string
  status: string
  currency: string
  amountMinor: number
  refundedMinor: number
  description: string
}

/** The payments of some days one by one, for the bookkeeper; at most `limit`. */
export async function listPaid(db: Db, moments: Moments, limit: number): Promise<PaymentLine[]> {
  return db.execute<PaymentLine>(sql`
    select p.id, to_char(p.paid_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as "paidAt", ${kindOfPayment} as kind,
      p.status::text as status, p.currency, p.amount_minor::float8 as "amountMinor",
      p.refunded_minor::float8 as "refundedMinor", p.description
    from payments p left join checkouts c on c.id = p.checkout_id
    where ${within(sql`p.paid_at`, moments)}
    order by p.paid_at, p.id
    limit ${limit}`)
}
