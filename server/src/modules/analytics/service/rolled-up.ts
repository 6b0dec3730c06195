import type { Ctx } from '../../../context.ts'
import { type Amount, type DayRange, previousOf, seriesOf, totalsOf } from '../days.ts'
import { listDays } from '../queries/days.ts'
import { lastRun } from '../queries/runs.ts'

/** Which metric of the roll-up a line of a report is. */
export type Metrics<K extends string> = Readonly<Record<K, string>>

/** Lines of a report out of the roll-up: per day, in all, and in all of the range before. */
export async function rolledUp<K extends string>(ctx: Ctx, range: DayRange, metrics: Metrics<K>) {
  const before = previousOf(range)
  const names = Object.keys(metrics) as K[]
  const named = new Map<string, K>(names.map((name) => [metrics[name], name]))
  const [asOf, rows] = await Promise.all([
    lastRun(ctx.db, 'business'),
    listDays(ctx.db, { from: before.from, to: range.to }, [...named.keys()]),
  ])
  const amounts = rows.flatMap(({ day, metric, value }): Amount<K>[] => {
    const name = named.get(metric)
    return name === undefined ? [] : [{ day, name, value }]
  })
  return {
    ...range,
    asOf,
    series: seriesOf(range, names, amounts),
    totals: totalsOf(range, names, amounts),
    previous: { ...before, totals: totalsOf(before, names, amounts) },
  }
}
