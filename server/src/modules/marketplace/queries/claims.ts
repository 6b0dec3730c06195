import { type Db, submissions } from '@devforge/db'
import { and, asc, eq, inArray, isNotNull, isNull, lt, or, type SQL, sql } from 'drizzle-orm'
import type { SubmissionRow, SubmissionStatus } from './submissions.ts'

/** Whoever works on a submission and dies leaves a claim that is over by then. */
const claimable = (before: Date): SQL | undefined =>
  or(isNull(submissions.claimedAt), lt(submissions.claimedAt, before))

/**
 * Takes a submission for working on it: one in a state that waits, or one whose worker died. The new number of attempts is what
 * the worker shows from then on; somebody who takes over raises it.
 */
export async function claimSubmission(
  db: Db,
  {
    id,
    from,
    to,
    now,
    staleBefore,
    values = {},
  }: {
    id: string
    from: SubmissionStatus[]
    to: SubmissionStatus
    now: Date
    staleBefore: Date
    values?: Partial<typeof submissions.$inferInsert>
  },
): Promise<SubmissionRow | undefined> {
  const [row] = await db
    .update(submissions)
    .set({
      ...values,
      status: to,
      claimedAt: now,
      attempts: sql`${submissions.attempts} + 1`,
      updatedAt: now,
    })
    .where(and(eq(submissions.id, id), inArray(submissions.status, from), claimable(staleBefore)))
    .returning()
  return row
}

/** @returns whether the claim still was the worker's */
export async function renewClaim(
  db: Db,
  { id, attempt, now }: { id: string; attempt: number; now: Date },
): Promise<boolean> {
  const rows = await db
    .update(submissions)
    .set({ claimedAt: now })
    .where(and(eq(submissions.id, id), eq(submissions.attempts, attempt), isNotNull(submissions.claimedAt)))
    .returning({ id: submissions.id })
  return rows.length > 0
}

/** A claimed submission, held until the end of the transaction, if the claim still is the worker's. */
export async function lockClaimed(
  db: Db,
  { id, attempt, status }: { id: string; attempt: number; status: SubmissionStatus },
): Promise<SubmissionRow | undefined> {
  const [row] = await db
    .select()
    .from(submissions)
    .where(
      and(
        eq(submissions.id, id),
        eq(submissions.attempts, attempt),
        eq(submissions.status, status),
        isNotNull(submissions.claimedAt),
      ),
    )
    .for('update')
  return row
}

/** Lets go of a submission without moving it: it is tried again. */
export async function releaseClaim(db: Db, { id, attempt }: { id: string; attempt: number }): Promise<void> {
  await db
    .update(submissions)
    .set({ claimedAt: null })
    .where(and(eq(submissions.id, id), eq(submissions.attempts, attempt)))
}

/** Waits of scans begin with a minute or two and double with each attempt, up to an hour. */
const MAX_BACKOFF_DOUBLINGS = 6
const waitAfter = (attempts: SQL): SQL =>
  sql`least(60, power(2, least(${attempts}, ${MAX_BACKOFF_DOUBLINGS}))) * interval '1 minute'`

/** Submissions that nobody works on although somebody should: their job was lost, their worker died, or their scan failed a while ago. */
export async function listWaiting(
  db: Db,
  { before, now, staleBefore, all }: { before: Date; now: Date; staleBefore: Date; all: boolean },
): Promise<string[]> {
  const isDue = (wait: SQL): SQL =>
    sql`${submissions.updatedAt} + ${wait} <= ${now.toISOString()}::timestamptz`
  const scanDue = all
    ? eq(submissions.status, 'scan_failed')
    : and(eq(submissions.status, 'scan_failed'), isDue(waitAfter(sql`${submissions.attempts}`)))
  const rows = await db
    .select({ id: submissions.id })
    .from(submissions)
    .where(
      or(
        and(eq(submissions.status, 'received'), lt(submissions.updatedAt, before)),
        // Whoever scanned it died. If it is the package that kills, it must not do so every minute, nor at every start.
        and(
          eq(submissions.status, 'scanning'),
          claimable(staleBefore),
          isDue(waitAfter(sql`${submissions.attempts} - 1`)),
        ),
        and(eq(submissions.status, 'approved'), lt(submissions.updatedAt, before), claimable(staleBefore)),
        scanDue,
      ),
    )
    .orderBy(asc(submissions.createdAt))
    .limit(500)
  return rows.map((row) => row.id)
}

/** Refused submissions whose files may lie under a publishing prefix. */
export async function listLeftovers(db: Db): Promise<{ id: string; publishPrefix: string | null }[]> {
  return db
    .select({ id: submissions.id, publishPrefix: submissions.publishPrefix })
    .from(submissions)
    .where(and(eq(submissions.status, 'rejected'), isNotNull(submissions.publishPrefix)))
    .orderBy(asc(submissions.id))
    .limit(500)
}

/** What is on its way of an extension or a publisher, held until the end of the transaction. */
export async function lockPending(
  db: Db,
  which: { identifier: string } | { publisherId: string },
): Promise<{ id: string }[]> {
  return db
    .select({ id: submissions.id })
    .from(submissions)
    .where(
      and(
        'identifier' in which
          ? eq(submissions.identifier, which.identifier)
          : eq(submissions.publisherId, which.publisherId),
        inArray(submissions.status, ['received', 'scanning', 'scan_failed', 'needs_review', 'approved']),
      ),
    )
    .orderBy(asc(submissions.id))
    .for('update')
}
