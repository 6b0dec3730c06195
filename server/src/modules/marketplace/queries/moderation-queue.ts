import { appeals, type Db, extensions, publishers, submissions } from '@devforge/db'
import { and, asc, eq, gt, inArray, sql } from 'drizzle-orm'
import { shown } from './submissions.ts'

/** What waits for a moderator: submissions that are held, and rejected ones whose author appealed. Oldest first. */
export async function listQueue(
  db: Db,
  {
    which,
    cursor,
    limit,
  }: { which: 'held' | 'appealed' | 'scan_failed'; cursor?: string | undefined; limit: number },
) {
  const openAppeals = db
    .select({ id: appeals.submissionId })
    .from(appeals)
    .where(and(eq(appeals.status, 'open'), sql`${appeals.submissionId} is not null`))
  const wanted = {
    held: eq(submissions.status, 'needs_review'),
    scan_failed: eq(submissions.status, 'scan_failed'),
    appealed: and(eq(submissions.status, 'rejected'), inArray(submissions.id, openAppeals)),
  }[which]
  return db
    .select({
      ...shown,
      userId: submissions.userId,
      publisher: {
        id: publishers.id,
        name: publishers.name,
        displayName: publishers.displayName,
        verified: sql<boolean>`${publishers.domainVerifiedAt} is not null`,
        createdAt: publishers.createdAt,
      },
      installs: sql<number>`coalesce(${extensions.installs}, 0)`.mapWith(Number),
      appeal: { id: appeals.id, text: appeals.text, userId: appeals.userId, createdAt: appeals.createdAt },
    })
    .from(submissions)
    .innerJoin(publishers, eq(publishers.id, submissions.publisherId))
    .leftJoin(extensions, eq(extensions.id, submissions.extensionId))
    .leftJoin(appeals, and(eq(appeals.submissionId, submissions.id), eq(appeals.status, 'open')))
    .where(and(wanted, cursor === undefined ? undefined : gt(submissions.id, cursor)))
    .orderBy(asc(submissions.id))
    .limit(limit + 1)
}
