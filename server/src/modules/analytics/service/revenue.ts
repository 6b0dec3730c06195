import type { AdminActor, Ctx } from '../../../context.ts'
import { type Amount, type DayRange, momentsOf, previousOf, seriesOf, totalsOf } from '../days.ts'
import { listDays } from '../queries/days.ts'
import * as queries from '../queries/revenue.ts'
import { MONEY } from '../schemas/reports.ts'

type Line = (typeof MONEY)[number]
type Booked = Amount<Line> & { currency: string }

const LINE_OF_KIND: Record<string, Line> = {
  new: 'newMinor',
  renewal: 'renewalMinor',
  extension: 'extensionMinor',
}

/** Everything that moved money within some days, as amounts on lines of the report. */
async function bookings(ctx: Ctx, range: DayRange): Promise<Booked[]> {
  const moments = momentsOf(range)
  const [payments, refunds, disputes, shares] = await Promise.all([
    queries.sumPayments(ctx.db, moments),
    queries.sumRefunds(ctx.db, moments),
    queries.sumDisputes(ctx.db, moments),
    queries.sumShares(ctx.db, moments),
  ])
  const booked: Booked[] = []
  const book = (row: { day: string; currency: string }, name: Line, value: number) =>
    booked.push({ day: row.day, currency: row.currency, name, value })
  for (const row of payments) {
    book(row, 'payments', row.count)
    book(row, 'grossMinor', row.amountMinor)
    book(row, 'netMinor', row.amountMinor)
    book(row, LINE_OF_KIND[row.kind] ?? 'newMinor', row.amountMinor)
  }
  for (const row of refunds) {
    book(row, 'refundedMinor', row.amountMinor)
    book(row, 'netMinor', -row.amountMinor)
  }
  for (const row of disputes) {
    book(row, 'disputedMinor', row.amountMinor)
    book(row, 'netMinor', -row.amountMinor)
  }
  for (const row of shares) {
    book(row, 'feeMinor', row.feeMinor)
    book(row, 'publishersMinor', row.shareMinor)
  }
  return booked
}

const byCurrency = (booked: readonly Booked[]): Map<string, Booked[]> =>
  Map.groupBy(booked, ({ currency }) => currency)

/** Net revenue by currency, beside that of the range before. */
export async function netRevenue(ctx: Ctx, range: DayRange) {
  const before = previousOf(range)
  const booked = byCurrency(await bookings(ctx, { from: before.from, to: range.to }))
  return [...booked].toSorted().map(([currency, amounts]) => ({
    currency,
    netMinor: totalsOf(range, MONEY, amounts).netMinor,
    previousNetMinor: totalsOf(before, MONEY, amounts).netMinor,
  }))
}

interface Flow {
  day: string
  name: 'started' | 'ended'
  value: number
}

function subscriptionTotals(range: DayRange, flows: readonly Flow[], activeAtStart: number) {
  const { started, ended } = totalsOf(range, ['started', 'ended'], flows)
  return {
    started,
    ended,
    activeAtStart,
    activeAtEnd: activeAtStart + started - ended,
    churnRate: activeAtStart === 0 ? null : ended / activeAtStart,
  }
}

/** How many run at the end of each day follows from those that began and ended. */
export function subscriptionSeries(range: DayRange, flows: readonly Flow[], activeAtStart: number) {
  let active = activeAtStart
  return seriesOf(range, ['started', 'ended'], flows).map((line) => {
    active += line.started - line.ended
    return { ...line, active }
  })
}

/** Subscriptions of a range and of the one before. */
async function subscriptions(ctx: Ctx, range: DayRange) {
  const before = previousOf(range)
  const [flows, activeBefore, byPlan] = await Promise.all([
    queries.subscriptionFlows(ctx.db, momentsOf({ from: before.from, to: range.to })),
    queries.subscriptionsAt(ctx.db, momentsOf(before).start),
    queries.subscriptionsByPlan(ctx.db),
  ])
  const previous = subscriptionTotals(before, flows, activeBefore)
  return {
    byPlan: [...byPlan],
    series: subscriptionSeries(range, flows, previous.activeAtEnd),
    totals: subscriptionTotals(range, flows, previous.activeAtEnd),
    previous: { ...before, totals: previous },
  }
}

/** Money by currency and day, and subscriptions. Read from the books as they are at this moment. */
export async function revenue(ctx: Ctx<AdminActor>, range: DayRange) {
  const asOf = ctx.deps.clock.now()
  const before = previousOf(range)
  const [booked, mrr, mrrDays, subscribed] = await Promise.all([
    bookings(ctx, { from: before.from, to: range.to }),
    queries.currentMrr(ctx.db),
    listDays(ctx.db, range, ['stock.mrr']),
    subscriptions(ctx, range),
  ])
  const amounts = byCurrency(booked)
  const names = new Set([...amounts.keys(), ...mrr.map(({ currency }) => currency)])
  return {
    ...range,
    asOf,
    currencies: [...names].toSorted().map((currency) => {
      const own = amounts.get(currency) ?? []
      return {
        currency,
        series: seriesOf(range, MONEY, own),
        totals: totalsOf(range, MONEY, own),
        previous: { ...before, totals: totalsOf(before, MONEY, own) },
        mrrMinor: mrr.find((row) => row.currency === currency)?.amountMinor ?? 0,
        mrrSeries: mrrDays
          .filter(({ key }) => key === currency)
          .map(({ day, value }) => ({ day, mrrMinor: value })),
      }
    }),
    subscriptions: subscribed,
  }
}
