import { addMs, DAY } from '../../../clock.ts'
import type { Ctx } from '../../../context.ts'
import { inTx } from '../../../tx.ts'
import { forgetClients, relateChunk } from '../queries/related.ts'
import { changedTrending, writeTrending } from '../queries/trending.ts'
import { dayOf } from './roll-up.ts'
import { refreshRanks } from './search/index-extension.ts'

const RECENT_DAYS = 7
const USUAL_DAYS = 28
const UPDATE_ROWS = 1_000
/** Extensions per job; the next chunk is a job of its own. */
const CHUNK = 100
/** A client that was not heard of for this long is forgotten. */
const CLIENT_DAYS = 400

/** Computes trending anew from whole days: the last 7 before today against the 28 before those. */
export async function refreshTrending(ctx: Ctx): Promise<void> {
  const now = ctx.deps.clock.now()
  const daysAgo = (days: number) => dayOf(addMs(now, -days * DAY))
  const scores = await changedTrending(ctx.db, {
    from: daysAgo(RECENT_DAYS + USUAL_DAYS),
    recentFrom: daysAgo(RECENT_DAYS),
    to: dayOf(now),
  })
  for (let start = 0; start < scores.length; start += UPDATE_ROWS) {
    const chunk = scores.slice(start, start + UPDATE_ROWS)
    await inTx(ctx, async (ctx) => {
      await writeTrending(ctx.db, chunk)
      await refreshRanks(
        ctx.db,
        chunk.map(({ id }) => id),
        now,
      )
    })
  }
}

/**
 * Computes "others also installed" for the next extensions after an id, forgets their clients of long ago, and leaves the rest to a
 * next job, which exists exactly if this chunk is written.
 */
export async function refreshRelated(ctx: Ctx, { after = '' }: { after?: string }): Promise<void> {
  const before = addMs(ctx.deps.clock.now(), -CLIENT_DAYS * DAY)
  await inTx(ctx, async (ctx) => {
    const last = await relateChunk(ctx.db, { after, limit: CHUNK })
    await forgetClients(ctx.db, { after, last, before })
    if (last !== null) await ctx.deps.jobs.enqueue(ctx.db, 'marketplace.related', { after: last })
  })
}
