import { SECOND } from '../../../clock.ts'
import type { Ctx } from '../../../context.ts'
import { inTx } from '../../../tx.ts'
import { pagePublished } from '../queries/articles.ts'
import { lockIndex } from '../queries/index-words.ts'
import { indexTexts } from './index-article.ts'

/** So many are held against whoever publishes at a time: a tenth of a second, if all of them change. */
const BATCH = 50
/** A job works so long, and leaves the rest to the next one. */
const WORKS_MS = 20 * SECOND

/**
 * Writes the index anew as the present code cuts words. Batch by batch, each a transaction of its own that leaves the index right, so that
 * a stop in between loses nothing: the next job goes on after the last batch. What is as it was is not written.
 * @param after id of the last article that was done
 */
export async function reindexArticles(
  ctx: Ctx,
  { after = '' }: { after?: string },
  worksMs = WORKS_MS,
): Promise<void> {
  const until = performance.now() + worksMs
  for (let last: string | null = after; last !== null; ) {
    const done: string = last
    last = await inTx(ctx, (ctx) => reindexBatch(ctx, done))
    if (last !== null && performance.now() >= until)
      return ctx.deps.jobs.enqueue(ctx.db, 'knowledge.reindex', { after: last })
  }
}

/** @returns the last one that was done, null when there are no more */
async function reindexBatch(ctx: Ctx, after: string): Promise<string | null> {
  await lockIndex(ctx.db)
  const rows = await pagePublished(ctx.db, { after, limit: BATCH })
  if (rows.length > 0) await indexTexts(ctx, rows)
  return rows.length < BATCH ? null : (rows.at(-1)?.article.id ?? null)
}
