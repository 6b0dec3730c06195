import type { Db } from '@devforge/db'
import { moveTiers, rankBatch, recountTiers } from '../../queries/search-index.ts'

/** Lines looked at by one statement: short enough to keep nobody waiting who publishes one of them. */
const BATCH = 5_000

/**
 * Brings what ranks up to date for the whole catalog: what grew older, what was installed. Then draws the tiers anew. Each step stands
 * for itself, and what a run leaves undone the next one does.
 */
export async function recountRanks(db: Db, now: Date): Promise<void> {
  for (let after: number | null = 0; after !== null; ) {
    after = await rankBatch(db, { after, limit: BATCH, now })
  }
  // Apart from each other: a search meanwhile finds the same, whatever tier it finds it in.
  await db.transaction(recountTiers)
  await moveTiers(db)
}
