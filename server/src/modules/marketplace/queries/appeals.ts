import { appeals, type Db, newId } from '@devforge/db'
import { and, eq } from 'drizzle-orm'

export type AppealRow = typeof appeals.$inferSelect

/** @returns undefined when one is open already */
export async function insertSubmissionAppeal(
  db: Db,
  values: { submissionId: string; userId: string; text: string; ticketId: string; now: Date },
): Promise<AppealRow | undefined> {
  const { now, ...appeal } = values
  const [row] = await db
    .insert(appeals)
    .values({ id: newId('apl'), ...appeal, createdAt: now, updatedAt: now })
    .onConflictDoNothing()
    .returning()
  return row
}

export async function findOpenAppeal(db: Db, submissionId: string): Promise<AppealRow | undefined> {
  const [row] = await db
    .select()
    .from(appeals)
    .where(and(eq(appeals.submissionId, submissionId), eq(appeals.status, 'open')))
  return row
}

/** Answers the open appeal of a submission, if there is one. */
export async function answerSubmissionAppeal(
  db: Db,
  {
    submissionId,
    now,
    ...values
  }: {
    submissionId: string
    status: 'granted' | 'declined'
    answer: string
    decidedBy: string | null
    now: Date
  },
): Promise<AppealRow | undefined> {
  const [row] = await db
    .update(appeals)
    .set({ ...values, decidedAt: now, updatedAt: now })
    .where(and(eq(appeals.submissionId, submissionId), eq(appeals.status, 'open')))
    .returning()
  return row
}
