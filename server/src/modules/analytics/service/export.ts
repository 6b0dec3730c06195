import type { z } from 'zod'
import type { AdminActor, Ctx } from '../../../context.ts'
import { toCsv } from '../../../csv.ts'
import { AppError } from '../../../errors.ts'
import { type DayRange, momentsOf } from '../days.ts'
import { listNameDays } from '../queries/days.ts'
import { listPaid } from '../queries/revenue.ts'
import { LICENSES, MARKETPLACE, MONEY, type reportName, SUBSCRIPTIONS, SUPPORT } from '../schemas/reports.ts'
import { licenses } from './licenses.ts'
import { marketplace } from './marketplace.ts'
import { revenue } from './revenue.ts'
import { support } from './support.ts'

type Report = z.infer<typeof reportName>

/** Some 10 MB of text; a spreadsheet ends at a million lines. */
const MAX_ROWS = 100_000

function bounded<T>(rows: T[]): T[] {
  if (rows.length > MAX_ROWS) throw new AppError('EXPORT_TOO_LARGE', { limitRows: MAX_ROWS })
  return rows
}

async function csvOf(ctx: Ctx<AdminActor>, report: Report, range: DayRange): Promise<string> {
  switch (report) {
    case 'usage':
      return toCsv(
        ['day', 'name', 'events', 'clients'],
        bounded(await listNameDays(ctx.db, range, MAX_ROWS + 1)),
      )
    case 'revenue': {
      const { currencies } = await revenue(ctx, range)
      const rows = currencies.flatMap(({ currency, series }) => series.map((line) => ({ ...line, currency })))
      return toCsv(['day', 'currency', ...MONEY], rows)
    }
    case 'payments':
      return toCsv(
        ['paidAt', 'id', 'kind', 'status', 'currency', 'amountMinor', 'refundedMinor', 'description'],
        bounded(await listPaid(ctx.db, momentsOf(range), MAX_ROWS + 1)),
      )
    case 'subscriptions':
      return toCsv(['day', ...SUBSCRIPTIONS], (await revenue(ctx, range)).subscriptions.series)
    case 'licenses':
      return toCsv(['day', ...LICENSES], (await licenses(ctx, range)).series)
    case 'marketplace':
      return toCsv(['day', ...MARKETPLACE], (await marketplace(ctx, range)).series)
    case 'support':
      return toCsv(['day', ...SUPPORT], (await support(ctx, range)).series)
  }
}

/** A report for a spreadsheet. @throws EXPORT_TOO_LARGE */
export async function exportCsv(ctx: Ctx<AdminActor>, { report, from, to }: DayRange & { report: Report }) {
  return {
    fileName: `${report}-${from}-${to}.csv`,
    contentType: 'text/csv; charset=utf-8',
    csv: await csvOf(ctx, report, { from, to }),
  }
}
