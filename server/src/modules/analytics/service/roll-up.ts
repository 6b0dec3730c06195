import { addMs, DAY, MINUTE } from '../../../clock.ts'
import type { Ctx } from '../../../context.ts'
import { inTx } from '../../../tx.ts'
import { addDays, dayOf, momentsOf } from '../days.ts'
import { purgeEvents } from '../queries/events.ts'
import { countFlows, countStocks, tryBusinessLock } from '../queries/roll-up-business.ts'
import { countDay, touchedDays, tryEventsLock } from '../queries/roll-up-events.ts'
import { lastRun, noteRun } from '../queries/runs.ts'
import { MAX_AGE_DAYS } from './track.ts'
import { rollUpWaits } from './waits.ts'

/** A transaction that stores events may commit a little after the time that it wrote down; clocks of copies are a little apart. */
const OVERLAP_MS = 30 * MINUTE
/** An event is taken up to this old, by its own clock; a day's events are kept until none can come any more. */
const KEEP_DAYS = MAX_AGE_DAYS + 2
const PURGE_BATCH = 10_000
/** Days of the business that are counted anew each time, and each night: what is written late, is written into the last days. */
const RECENT_DAYS = 3
const NIGHTLY_DAYS = 40
/** Before everything. */
const BEGINNING = '2020-01-01'

/**
 * Counts the days anew of which events came since the last time, however old those days are. Of several that run at once, one does it;
 * one that dies over it has not noted the run, and the next begins where it began.
 */
async function rollUpEvents(ctx: Ctx): Promise<void> {
  const now = ctx.deps.clock.now()
  const last = await lastRun(ctx.db, 'events')
  for (const day of await touchedDays(ctx.db, last && addMs(last, -OVERLAP_MS))) {
    const counted = await inTx(ctx, async (ctx) => {
      if (!(await tryEventsLock(ctx.db))) return false
      await countDay(ctx.db, day)
      return true
    })
    if (!counted) return
  }
  await noteRun(ctx.db, 'events', now)
}

/** From the first day that is to be counted: further back if this has not run for a while, or never. */
async function firstDay(ctx: Ctx, days: number): Promise<string> {
  const last = await lastRun(ctx.db, 'business')
  if (last === null) return BEGINNING
  const now = dayOf(ctx.deps.clock.now())
  return [addDays(now, 1 - days), addDays(dayOf(last), 1 - RECENT_DAYS)].toSorted()[0] ?? now
}

/** Counts the last days of the business anew, and how things stand today. Of several that run at once, one does it. */
async function rollUpBusiness(ctx: Ctx, { days }: { days: number }): Promise<void> {
  const now = ctx.deps.clock.now()
  const today = dayOf(now)
  await inTx(ctx, async (ctx) => {
    if (!(await tryBusinessLock(ctx.db))) return
    await countFlows(ctx.db, momentsOf({ from: await firstDay(ctx, days), to: addDays(today, 1) }))
    await countStocks(ctx.db, { day: today, now })
    await noteRun(ctx.db, 'business', now)
  })
}

/** What reports read: a few minutes behind. */
export async function rollUp(ctx: Ctx): Promise<void> {
  await rollUpEvents(ctx)
  await rollUpBusiness(ctx, { days: RECENT_DAYS })
  await rollUpWaits(ctx, { days: RECENT_DAYS })
}

/** Once a day: what was written late is counted after all, and events that are too old go. */
export async function rollUpNightly(ctx: Ctx): Promise<void> {
  await rollUpBusiness(ctx, { days: NIGHTLY_DAYS })
  await rollUpWaits(ctx, { days: NIGHTLY_DAYS })
  const before = dayOf(addMs(ctx.deps.clock.now(), -KEEP_DAYS * DAY))
  while ((await purgeEvents(ctx.db, { before, limit: PURGE_BATCH })) === PURGE_BATCH);
}
