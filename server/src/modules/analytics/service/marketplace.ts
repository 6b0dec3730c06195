import type { AdminActor, Ctx } from '../../../context.ts'
import { type DayRange, momentsOf, previousOf } from '../days.ts'
import { reviewLatency } from '../queries/reports.ts'
import { type SharesOfDay, sumShares } from '../queries/revenue.ts'
import type { MARKETPLACE } from '../schemas/reports.ts'
import { type Metrics, rolledUp } from './rolled-up.ts'

const METRICS: Metrics<(typeof MARKETPLACE)[number]> = {
  downloads: 'usage.downloads',
  installs: 'usage.installs',
  updates: 'usage.updates',
  uninstalls: 'usage.uninstalls',
  uniqueInstalls: 'usage.uniqueInstalls',
  submitted: 'submissions.received',
  held: 'submissions.needs_review',
  published: 'submissions.published',
  rejected: 'submissions.rejected',
}

/** Days added up, one entry per currency. */
function salesOf(days: readonly SharesOfDay[]) {
  const totals = new Map<string, Omit<SharesOfDay, 'day'>>()
  for (const { currency, sales, grossMinor, taxMinor, feeMinor, shareMinor } of days) {
    const total = totals.get(currency)
    totals.set(currency, {
      currency,
      sales: (total?.sales ?? 0) + sales,
      grossMinor: (total?.grossMinor ?? 0) + grossMinor,
      taxMinor: (total?.taxMinor ?? 0) + taxMinor,
      feeMinor: (total?.feeMinor ?? 0) + feeMinor,
      shareMinor: (total?.shareMinor ?? 0) + shareMinor,
    })
  }
  return [...totals.values()].toSorted((a, b) => a.currency.localeCompare(b.currency))
}

/** Usage of extensions, submissions by outcome, how long authors waited for a moderator, and what was sold. */
export async function marketplace(ctx: Ctx<AdminActor>, range: DayRange) {
  const [now, before] = [momentsOf(range), momentsOf(previousOf(range))]
  const [lines, current, previous, shares, previousShares] = await Promise.all([
    rolledUp(ctx, range, METRICS),
    reviewLatency(ctx.db, now),
    reviewLatency(ctx.db, before),
    sumShares(ctx.db, now),
    sumShares(ctx.db, before),
  ])
  return {
    ...lines,
    reviewLatency: { current, previous },
    sales: salesOf(shares),
    previousSales: salesOf(previousShares),
  }
}
