import type { AdminActor, Ctx } from '../../../context.ts'
import { type DayRange, isWithin, previousOf, seriesOf, zeros } from '../days.ts'
import { latestStock, listDays } from '../queries/days.ts'
import { BACKLOG, type SUPPORT } from '../schemas/reports.ts'
import { type Metrics, rolledUp } from './rolled-up.ts'
import { waitsOf } from './waits.ts'

const METRICS: Metrics<(typeof SUPPORT)[number]> = {
  created: 'support.created',
  solved: 'support.solved',
  reopened: 'support.reopened',
  closed: 'support.closed',
  breached: 'support.breached',
  ratings: 'support.ratings',
  deflected: 'support.deflected',
}
const SCORES = ['1', '2', '3', '4', '5']

type Rows = Awaited<ReturnType<typeof listDays>>

function satisfactionOf(rows: Rows, range: DayRange) {
  const scores = SCORES.map((score) =>
    rows.reduce((sum, { day, key, value }) => (key === score && isWithin(day, range) ? sum + value : sum), 0),
  )
  const ratings = scores.reduce((sum, count) => sum + count, 0)
  const total = scores.reduce((sum, count, index) => sum + count * (index + 1), 0)
  return { ratings, averageScore: ratings === 0 ? null : total / ratings, scores }
}

function breachesOf(rows: Rows) {
  const breaches = zeros(['first_response', 'next_response', 'resolution'])
  for (const { key, value } of rows) if (key in breaches) breaches[key as keyof typeof breaches] += value
  return breaches
}

const isBacklog = (key: string): key is (typeof BACKLOG)[number] => BACKLOG.some((status) => status === key)

/** Tickets: what came and was solved, what waits, how long people waited, broken promises, ratings. */
export async function support(ctx: Ctx<AdminActor>, range: DayRange) {
  const before = previousOf(range)
  const [lines, stock, stockDays, breaches, ratings, current, previous] = await Promise.all([
    rolledUp(ctx, range, METRICS),
    latestStock(ctx.db, 'stock.tickets', range.to),
    listDays(ctx.db, range, ['stock.tickets']),
    listDays(ctx.db, range, ['support.breached']),
    listDays(ctx.db, { from: before.from, to: range.to }, ['support.ratings']),
    waitsOf(ctx, range),
    waitsOf(ctx, before),
  ])
  const backlog = { ...zeros(BACKLOG) }
  for (const { key, value } of stock) if (isBacklog(key)) backlog[key] += value
  return {
    ...lines,
    backlog,
    backlogSeries: seriesOf(
      range,
      BACKLOG,
      stockDays.flatMap(({ day, key, value }) => (isBacklog(key) ? [{ day, name: key, value }] : [])),
    ),
    breaches: breachesOf(breaches),
    firstResponse: { current: current.firstResponse, previous: previous.firstResponse },
    resolution: { current: current.resolution, previous: previous.resolution },
    satisfaction: { current: satisfactionOf(ratings, range), previous: satisfactionOf(ratings, before) },
  }
}
