import { addMs, DAY } from '../../../clock.ts'
import type { AdminActor, Ctx } from '../../../context.ts'
import { readFigures } from '../queries/overview.ts'

const MONTH_DAYS = 30

/** Counts under each of the names, also where there is nothing to count. */
function byKey<K extends string>(
  keys: readonly K[],
  rows: readonly { key: string; count: number }[],
): Record<K, number> {
  const counts = keys.map((key) => [key, rows.find((row) => row.key === key)?.count ?? 0])
  return Object.fromEntries(counts) as Record<K, number>
}

/** What waits for somebody, what has failed, and how today goes. */
export async function overview(ctx: Ctx<AdminActor>) {
  const now = ctx.deps.clock.now()
  const today = new Date(Math.floor(now.getTime() / DAY) * DAY)
  const read = await readFigures(ctx.db, { now, today, month: addMs(today, (1 - MONTH_DAYS) * DAY) })
  const nothing = { today: 0, month: 0 }
  return {
    asOf: now,
    tickets: {
      ...byKey(['new', 'open', 'pending', 'on_hold'], read.tickets),
      unassigned: read.unassigned[0]?.count ?? 0,
      overdue: read.overdue[0]?.count ?? 0,
      breaches: read.breaches[0] ?? nothing,
    },
    webhooks: byKey(['received', 'failed', 'quarantined'], read.webhooks),
    failedJobs: read.jobs[0]?.count ?? 0,
    mails: read.mails[0] ?? { waiting: 0, givenUp: 0 },
    submissions: byKey(['received', 'scanning', 'scan_failed', 'needs_review', 'approved'], read.submissions),
    openAppeals: read.appeals[0]?.count ?? 0,
    openReports: read.reports[0]?.count ?? 0,
    newUsers: read.users[0] ?? nothing,
    revenue: read.revenue.map(({ currency, today, month }) => ({
      currency,
      todayMinor: today,
      monthMinor: month,
    })),
  }
}
