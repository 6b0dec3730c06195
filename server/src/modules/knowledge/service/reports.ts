import { addMs, DAY } from '../../../clock.ts'
import type { Ctx } from '../../../context.ts'
import { deflections, deleteSearchesBefore, nothingFound } from '../queries/searches.ts'

/** How long it is kept what was looked for. */
export const SEARCHES_KEPT_DAYS = 90

const since = (ctx: Ctx, days: number): Date => addMs(ctx.deps.clock.now(), -days * DAY)

/** Searches that found nothing: what is missing, or called by another name. */
export async function zeroResults(ctx: Ctx, { days, limit }: { days: number; limit: number }) {
  return { items: await nothingFound(ctx.db, { since: since(ctx, days), limit }) }
}

const ratio = (part: number, whole: number): number | null =>
  whole === 0 ? null : Math.round((1_000 * part) / whole) / 1_000

/** Which articles spare people a ticket. Shown, opened and solved are of the days asked for; helpful or not is of all time. */
export async function reportDeflections(ctx: Ctx, { days, limit }: { days: number; limit: number }) {
  const rows = await deflections(ctx.db, { since: since(ctx, days), limit })
  return {
    items: rows.map((row) => ({
      ...row,
      solvedRatio: ratio(Math.min(row.solved, row.shown), row.shown),
      helpfulRatio: ratio(row.helpful, row.helpful + row.notHelpful),
    })),
  }
}

/** Forgets old searches. */
export const purgeSearches = (ctx: Ctx): Promise<void> =>
  deleteSearchesBefore(ctx.db, since(ctx, SEARCHES_KEPT_DAYS))
