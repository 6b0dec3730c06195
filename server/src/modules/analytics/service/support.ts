import { MINUTE } from '../../../clock.ts'
import type { AdminActor, Ctx } from '../../../context.ts'
import { clockReader } from '../../support/service/sla/policies.ts'
import { type DayRange, isWithin, momentsOf, previousOf, seriesOf, zeros } from '../days.ts'
import { latestStock, listDays } from '../queries/days.ts'
import { clocksOf, type WaitingTime, waits } from '../queries/reports.ts'
import { BACKLOG, type SUPPORT } from '../schemas/reports.ts'
import { type Metrics, rolledUp } from './rolled-up.ts'

const METRICS: Metrics<(typeof SUPPORT)[number]> = {
  created: 'support.created',
  solved: 'support.solved',
  reopened: 'support.reopened',
  closed: 'support.closed',
  breached: 'support.breached',
  ratings: 'support.ratings',
  deflected: 'support.deflected',
}
/** Clocks are read one by one: of the newest tickets, which are enough for a median. */
const MAX_CLOCKS = 20_000
const SCORES = ['1', '2', '3', '4', '5']

/** The value below which a share of sorted ones lies; between two of them in proportion, as `percentile_cont` does. */
function percentile(sorted: readonly number[], share: number): number | null {
  const place = (sorted.length - 1) * share
  const [below, above] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]]
  return below === undefined || above === undefined ? null : below + (above - below) * (place % 1)
}

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

/** How long people waited: by the clock on the wall, and by the clocks of what was promised. */
async function waitOf(
  ctx: Ctx,
  wait: WaitingTime,
  range: DayRange,
  read: Awaited<ReturnType<typeof clockReader>>,
) {
  const moments = momentsOf(range)
  const [spread, tickets] = await Promise.all([
    waits(ctx.db, wait, moments),
    clocksOf(ctx.db, wait, moments, MAX_CLOCKS),
  ])
  const used = tickets
    .flatMap((ticket) => read(ticket).filter(({ metric, endedAt }) => metric === wait && endedAt !== null))
    .map(({ usedMs }) => usedMs / MINUTE)
    .toSorted((a, b) => a - b)
  return {
    ...spread,
    businessMedianMinutes: percentile(used, 0.5),
    businessP90Minutes: percentile(used, 0.9),
  }
}

/** Tickets: what came and was solved, what waits, how long people waited, broken promises, ratings. */
export async function support(ctx: Ctx<AdminActor>, range: DayRange) {
  const before = previousOf(range)
  const read = await clockReader(ctx)
  const bothWaits = async (wait: WaitingTime) => ({
    current: await waitOf(ctx, wait, range, read),
    previous: await waitOf(ctx, wait, before, read),
  })
  const [lines, stock, stockDays, breaches, ratings, firstResponse, resolution] = await Promise.all([
    rolledUp(ctx, range, METRICS),
    latestStock(ctx.db, 'stock.tickets', range.to),
    listDays(ctx.db, range, ['stock.tickets']),
    listDays(ctx.db, range, ['support.breached']),
    listDays(ctx.db, { from: before.from, to: range.to }, ['support.ratings']),
    bothWaits('firstResponse'),
    bothWaits('resolution'),
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
    firstResponse,
    resolution,
    satisfaction: { current: satisfactionOf(ratings, range), previous: satisfactionOf(ratings, before) },
  }
}
