import { type Db, newId, trials } from '@devforge/db'
import { eq, or } from 'drizzle-orm'

/** Records a trial. @returns false when this user or this machine had one before */
export async function insertTrial(db: Db, values: Omit<typeof trials.$inferInsert, 'id'>): Promise<boolean> {
  const rows = await db
    .insert(trials)
    .values({ id: newId('tri'), ...values })
    .onConflictDoNothing()
    .returning({ id: trials.id })
  return rows.length > 0
}

export async function hasTrial(
  db: Db,
  { userId, fingerprintHash }: { userId: string; fingerprintHash: Buffer },
): Promise<boolean> {
  const rows = await db
    .select({ id: trials.id })
    .from(trials)
    .where(or(eq(trials.userId, userId), eq(trials.fingerprintHash, fingerprintHash)))
    .limit(1)
  return rows.length > 0
}
