import type { AdminActor, Ctx } from '../../../context.ts'
import { type Amount, type DayRange, isWithin, momentsOf, previousOf, seriesOf, totalsOf } from '../days.ts'
import { listEventDays, newUsers, sumNames, sumValues } from '../queries/days.ts'
import { lastRun } from '../queries/runs.ts'
import { type OVERVIEW, USAGE } from '../schemas/reports.ts'
import { netRevenue } from './revenue.ts'
import { type Metrics, rolledUp } from './rolled-up.ts'

/** Of a dashboard's lists. */
const MAX_ITEMS = 20

const METRICS: Metrics<Exclude<(typeof OVERVIEW)[number], 'newUsers'>> = {
  licensesIssued: 'licenses.issued',
  trials: 'licenses.trials',
  activations: 'devices.activated',
  installs: 'usage.installs',
  downloads: 'usage.downloads',
  published: 'submissions.published',
  ticketsCreated: 'support.created',
  ticketsSolved: 'support.solved',
}

/** What editors told. Clients of several days cannot be added up, so there is no total of them. */
async function usage(ctx: Ctx, range: DayRange) {
  const before = previousOf(range)
  const [asOf, days, names, platforms, appVersions, locales] = await Promise.all([
    lastRun(ctx.db, 'events'),
    listEventDays(ctx.db, { from: before.from, to: range.to }),
    sumNames(ctx.db, range, MAX_ITEMS),
    sumValues(ctx.db, range, 'platform', MAX_ITEMS),
    sumValues(ctx.db, range, 'appVersion', MAX_ITEMS),
    sumValues(ctx.db, range, 'locale', MAX_ITEMS),
  ])
  const amounts = days.flatMap(({ day, ...line }) => USAGE.map((name) => ({ day, name, value: line[name] })))
  return {
    asOf,
    series: seriesOf(range, USAGE, amounts),
    events: totalsOf(range, USAGE, amounts).events,
    previousEvents: totalsOf(before, USAGE, amounts).events,
    names,
    platforms,
    appVersions,
    locales,
  }
}

async function users(ctx: Ctx, range: DayRange): Promise<Amount<'newUsers'>[]> {
  const rows = await newUsers(ctx.db, momentsOf({ from: previousOf(range).from, to: range.to }))
  return rows.map((row) => ({ ...row, name: 'newUsers' }))
}

/** One page of everything: people, licenses, extensions, money, and what editors told. */
export async function overview(ctx: Ctx<AdminActor>, range: DayRange) {
  const [lines, people, revenue, told] = await Promise.all([
    rolledUp(ctx, range, METRICS),
    users(ctx, range),
    netRevenue(ctx, range),
    usage(ctx, range),
  ])
  const { previous } = lines
  const newIn = (of: DayRange) => totalsOf(of, ['newUsers'], people)
  const made = new Map(people.filter(({ day }) => isWithin(day, range)).map(({ day, value }) => [day, value]))
  return {
    ...lines,
    series: lines.series.map((line) => ({ ...line, newUsers: made.get(line.day) ?? 0 })),
    totals: { ...lines.totals, ...newIn(range) },
    previous: { ...previous, totals: { ...previous.totals, ...newIn(previous) } },
    revenue,
    usage: told,
  }
}
