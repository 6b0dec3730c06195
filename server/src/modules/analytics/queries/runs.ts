import { analyticsRuns, type Db } from '@devforge/db'
import { eq, sql } from 'drizzle-orm'

type RunName = (typeof analyticsRuns.$inferSelect)['name']

/** Up to when everything is counted. */
export async function lastRun(db: Db, name: RunName): Promise<Date | null> {
  const [row] = await db
    .select({ at: analyticsRuns.at })
    .from(analyticsRuns)
    .where(eq(analyticsRuns.name, name))
  return row?.at ?? null
}

export async function noteRun(db: Db, name: RunName, at: Date): Promise<void> {
  await db
    .insert(analyticsRuns)
    .values({ name, at })
    .onConflictDoUpdate({
      target: analyticsRuns.name,
      set: { at: sql`greatest(${analyticsRuns.at}, excluded.at)` },
    })
}
