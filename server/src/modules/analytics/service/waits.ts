import { addMs, MINUTE } from '../../../clock.ts'
import type { Ctx } from '../../../context.ts'
import { inTx } from '../../../tx.ts'
import { clockReader } from '../../support/service/sla/policies.ts'
import { addDays, type DayRange, dayOf, momentsOf } from '../days.ts'
import { tryBusinessLock } from '../queries/roll-up-business.ts'
import { lastRun, noteRun } from '../queries/runs.ts'
import {
  endedWaits,
  firstEndedWait,
  sumWaits,
  WAITING_TIMES,
  type WaitingTime,
  writeWaits,
} from '../queries/waits.ts'

/** By the clock on the wall, and by the clocks of what was promised. */
const CLOCKS = ['wall', 'business'] as const
type WaitClock = (typeof CLOCKS)[number]

const metricOf = (wait: WaitingTime, clock: WaitClock): string => `wait.${wait}.${clock}`

/** Reports go no further back: 400 days, and as many before. */
const MAX_DAYS = 800
/** Days at a time: a job takes no minute, and what it did not come to, the next one does. */
const BATCH_DAYS = 60

/** Minutes to three digits: nobody waits 1,234 minutes and not 1,230, and a day has some hundred of them and not one for each ticket. */
function rounded(minutes: number): number {
  const step = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, minutes))) - 2)
  return Math.round(minutes / step) * step
}

/** Counts the waits of a day anew. @returns whether it was free to do so */
function countWaits(ctx: Ctx, day: string): Promise<boolean> {
  return inTx(ctx, async (ctx) => {
    if (!(await tryBusinessLock(ctx.db))) return false
    const read = await clockReader(ctx)
    const counts = new Map<string, { metric: string; key: string; value: number }>()
    const count = (metric: string, minutes: number): void => {
      const key = String(rounded(minutes))
      const known = counts.get(`${metric} ${key}`)
      if (known) known.value++
      else counts.set(`${metric} ${key}`, { metric, key, value: 1 })
    }
    for (const wait of WAITING_TIMES) {
      for (const { minutes, ...ticket } of await endedWaits(
        ctx.db,
        wait,
        momentsOf({ from: day, to: day }),
      )) {
        count(metricOf(wait, 'wall'), minutes)
        const clock = read(ticket).find(({ metric, endedAt }) => metric === wait && endedAt !== null)
        if (clock) count(metricOf(wait, 'business'), clock.usedMs / MINUTE)
      }
    }
    await writeWaits(ctx.db, day, [...counts.values()])
    return true
  })
}

/**
 * Counts how long people waited in the last days anew; after a longer time, or the first time, in all days since, some at a time. Of several
 * that run at once, one does it.
 */
export async function rollUpWaits(ctx: Ctx, { days }: { days: number }): Promise<void> {
  const today = dayOf(ctx.deps.clock.now())
  const last = (await lastRun(ctx.db, 'waits')) ?? (await firstEndedWait(ctx.db))
  const since = last ? addDays(dayOf(last), -1) : today
  const earliest = [since, addDays(today, 1 - days)].toSorted()[0] ?? today
  let day = [earliest, addDays(today, 1 - MAX_DAYS)].toSorted().at(-1) ?? today
  for (let counted = 0; counted < BATCH_DAYS && day <= today; counted++) {
    if (!(await countWaits(ctx, day))) return
    // Up to its end, or to now.
    const end = addMs(momentsOf({ from: day, to: day }).end, -1)
    await noteRun(
      ctx.db,
      'waits',
      day < today ? end : new Date(Math.min(end.getTime(), ctx.deps.clock.now().getTime())),
    )
    day = addDays(day, 1)
  }
}

interface Counted {
  minutes: number
  count: number
}

/** The value below which a share lies; between two of them in proportion, as `percentile_cont` does. */
function percentile(sorted: readonly Counted[], total: number, share: number): number | null {
  if (total === 0) return null
  const place = (total - 1) * share
  const at = (index: number): number => {
    let left = index
    for (const { minutes, count } of sorted) {
      if (left < count) return minutes
      left -= count
    }
    return sorted.at(-1)?.minutes ?? 0
  }
  const [below, above] = [at(Math.floor(place)), at(Math.ceil(place))]
  return below + (above - below) * (place % 1)
}

/** How long people waited, over some days. */
export async function waitsOf(ctx: Ctx, range: DayRange) {
  const metrics = WAITING_TIMES.flatMap((wait) => CLOCKS.map((clock) => metricOf(wait, clock)))
  const rows = await sumWaits(ctx.db, range, metrics)
  const spreadOf = (wait: WaitingTime, clock: WaitClock) => {
    const metric = metricOf(wait, clock)
    const sorted = rows.filter((row) => row.metric === metric)
    const count = sorted.reduce((sum, row) => sum + row.count, 0)
    return { count, median: percentile(sorted, count, 0.5), p90: percentile(sorted, count, 0.9) }
  }
  const waitOf = (wait: WaitingTime) => {
    const wall = spreadOf(wait, 'wall')
    const business = spreadOf(wait, 'business')
    return {
      count: wall.count,
      medianMinutes: wall.median,
      p90Minutes: wall.p90,
      businessMedianMinutes: business.median,
      businessP90Minutes: business.p90,
    }
  }
  return { firstResponse: waitOf('firstResponse'), resolution: waitOf('resolution') }
}
