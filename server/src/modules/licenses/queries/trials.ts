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

/** The trials that this person or this machine had: at most one of each. */
export async function findTrials(
  db: Db,
  { userId, fingerprintHash }: { userId: string; fingerprintHash: Buffer },
) {
  return db
    .select({ userId: trials.userId, fingerprintHash: trials.fingerprintHash, licenseId: trials.licenseId })
    .from(trials)
    .where(or(eq(trials.userId, userId), eq(trials.fingerprintHash, fingerprintHash)))
}

/** The trial that began on a machine. */
export async function findTrialOfMachine(db: Db, fingerprintHash: Buffer) {
  const [row] = await db
    .select({ licenseId: trials.licenseId })
    .from(trials)
    .where(eq(trials.fingerprintHash, fingerprintHash))
  return row
}
