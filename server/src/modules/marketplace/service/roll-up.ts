import { addMs, DAY, SECOND } from '../../../clock.ts'
import type { Ctx } from '../../../context.ts'
import { inTx } from '../../../tx.ts'
import { forgetSeen, rollUpBatch, tryRollUpLock } from '../queries/roll-up.ts'
import { refreshRanks } from './search/index-extension.ts'

/** Events in one transaction: some tenths of a second. */
const BATCH = 5_000
/**
 * Counts that one network can add to an extension in a day. Room for a large office; whoever makes up ids of clients in a loop
 * gets no further.
 */
const NETWORK_DAILY_LIMIT = 200
/** A run ends well before the queue takes it for dead; the next minute goes on. */
const RUN_MS = 30 * SECOND
/** Events come within seconds; an outage of the database holds them back a little longer. */
const SEEN_DAYS = 3

/** The day of a moment, in UTC. */
export const dayOf = (date: Date): string => date.toISOString().slice(0, 10)

/** @returns events taken; none when another worker is at it */
async function rollUpOnce(ctx: Ctx): Promise<number> {
  if (!(await tryRollUpLock(ctx.db))) return 0
  const batch = await rollUpBatch(ctx.db, { limit: BATCH, networkLimit: NETWORK_DAILY_LIMIT })
  await refreshRanks(ctx.db, batch.extensionIds, ctx.deps.clock.now())
  return batch.taken
}

/**
 * Counts the events that are waiting, each exactly once whatever crashes: it is deleted in the transaction that counts it. Of
 * several workers one does it, the others leave at once.
 * @returns events taken
 */
export async function rollUpUsage(ctx: Ctx): Promise<number> {
  const until = performance.now() + RUN_MS
  let total = 0
  for (;;) {
    const taken = await inTx(ctx, rollUpOnce)
    total += taken
    if (taken < BATCH || performance.now() > until) break
  }
  await forgetSeen(ctx.db, dayOf(addMs(ctx.deps.clock.now(), -SEEN_DAYS * DAY)))
  return total
}
