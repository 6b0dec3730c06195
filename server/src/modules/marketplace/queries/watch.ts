import { type Db, publisherMembers, submissionEvents, submissions } from '@devforge/db'
import { and, asc, eq, exists, gt, or, sql } from 'drizzle-orm'

export type SubmissionState = Pick<
  typeof submissionEvents.$inferSelect,
  'sequence' | 'status' | 'reason' | 'at'
>

/** The status of a submission that the user sent, or that is of a publisher they are a member of. */
export async function findWatchedStatus(
  db: Db,
  { id, userId }: { id: string; userId: string },
): Promise<SubmissionState['status'] | undefined> {
  const membership = db
    .select({ one: sql`1` })
    .from(publisherMembers)
    .where(
      and(eq(publisherMembers.publisherId, submissions.publisherId), eq(publisherMembers.userId, userId)),
    )
  const [row] = await db
    .select({ status: submissions.status })
    .from(submissions)
    .where(and(eq(submissions.id, id), or(eq(submissions.userId, userId), exists(membership))))
  return row?.status
}

/** States after a sequence, oldest first. */
export async function listStates(
  db: Db,
  { id, after, limit }: { id: string; after: number; limit: number },
): Promise<SubmissionState[]> {
  return db
    .select({
      sequence: submissionEvents.sequence,
      status: submissionEvents.status,
      reason: submissionEvents.reason,
      at: submissionEvents.at,
    })
    .from(submissionEvents)
    .where(and(eq(submissionEvents.submissionId, id), gt(submissionEvents.sequence, after)))
    .orderBy(asc(submissionEvents.sequence))
    .limit(limit)
}
