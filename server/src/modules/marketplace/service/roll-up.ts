import { addMs, DAY, SECOND } from '../../../clock.ts'
import type { Ctx } from '../../../context.ts'
import { inTx } from '../../../tx.ts'
import {
  countedOfNetworks,
  factsOf,
  forgetSeen,
  takeEvents,
  tryRollUpLock,
  writeTally,
} from '../queries/roll-up.ts'
import { knownEvents, tallyUsage, unseenEvents } from '../usage-tally.ts'
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
  const events = await takeEvents(ctx.db, BATCH)
  if (events.length === 0) return 0
  const facts = await factsOf(ctx.db, events)
  const known = knownEvents(events, facts)
  const unseen = unseenEvents(known, facts)
  const already = await countedOfNetworks(ctx.db, unseen, NETWORK_DAILY_LIMIT)
  const tally = tallyUsage(known, unseen, facts, { already, limit: NETWORK_DAILY_LIMIT })
  await writeTally(ctx.db, tally)
  const moved = tally.totals.map(({ extensionId }) => extensionId)
  await refreshRanks(ctx.db, moved, ctx.deps.clock.now())
  return events.length
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
