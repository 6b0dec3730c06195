import {
  appeals,
  type Db,
  extensions,
  extensionVersions,
  newId,
  publisherMembers,
  submissionEvents,
  submissions,
} from '@devforge/db'
import { and, desc, eq, exists, inArray, lt, ne, or, sql } from 'drizzle-orm'

export type SubmissionRow = typeof submissions.$inferSelect
export type SubmissionStatus = SubmissionRow['status']
/** What identifies a package. */
export interface PackageIdentity {
  /** `publisher.name` in lower case. */
  identifier: string
  version: string
  targetPlatform: string
}

/** Inserts unless the package is submitted already (and not rejected), or the idempotency key was used. */
export async function insertSubmission(
  db: Db,
  values: typeof submissions.$inferInsert & { id: string },
): Promise<SubmissionRow | undefined> {
  const [row] = await db.insert(submissions).values(values).onConflictDoNothing().returning()
  return row
}

export async function findByIdempotencyKey(
  db: Db,
  { userId, idempotencyKey }: { userId: string; idempotencyKey: string },
): Promise<SubmissionRow | undefined> {
  const [row] = await db
    .select()
    .from(submissions)
    .where(and(eq(submissions.userId, userId), eq(submissions.idempotencyKey, idempotencyKey)))
  return row
}

/** The submission of a package that is on its way or arrived; there is at most one. */
export async function findOpenSubmission(
  db: Db,
  { identifier, version, targetPlatform }: PackageIdentity,
): Promise<SubmissionRow | undefined> {
  const [row] = await db
    .select()
    .from(submissions)
    .where(
      and(
        eq(submissions.identifier, identifier),
        eq(submissions.version, version),
        eq(submissions.targetPlatform, targetPlatform),
        ne(submissions.status, 'rejected'),
      ),
    )
  return row
}

/** What the catalog knows of an extension, and of this very package. */
export async function findPublished(db: Db, { identifier, version, targetPlatform }: PackageIdentity) {
  const [row] = await db
    .select({
      extensionId: extensions.id,
      extensionStatus: extensions.status,
      versionStatus: extensionVersions.status,
      sha256: extensionVersions.sha256,
      submissionId: extensionVersions.submissionId,
    })
    .from(extensions)
    .leftJoin(
      extensionVersions,
      and(
        eq(extensionVersions.extensionId, extensions.id),
        eq(extensionVersions.version, version),
        eq(extensionVersions.targetPlatform, targetPlatform),
      ),
    )
    .where(eq(extensions.identifier, identifier))
  return row
}

export async function findSubmission(db: Db, id: string): Promise<SubmissionRow | undefined> {
  const [row] = await db.select().from(submissions).where(eq(submissions.id, id))
  return row
}

/** A submission, held until the end of the transaction. */
export async function lockSubmission(db: Db, id: string): Promise<SubmissionRow | undefined> {
  const [row] = await db.select().from(submissions).where(eq(submissions.id, id)).for('update')
  return row
}

/** Which of these storage keys belong to a submission that may still need its bytes. */
export async function findSubmissionIds(
  db: Db,
  ids: string[],
): Promise<(Pick<SubmissionRow, 'id' | 'status' | 'updatedAt'> & { isAppealed: boolean })[]> {
  if (ids.length === 0) return []
  return db
    .select({
      id: submissions.id,
      status: submissions.status,
      updatedAt: submissions.updatedAt,
      isAppealed: sql<boolean>`${appeals.id} is not null`,
    })
    .from(submissions)
    .leftJoin(appeals, and(eq(appeals.submissionId, submissions.id), eq(appeals.status, 'open')))
    .where(inArray(submissions.id, ids))
}

export async function updateSubmission(
  db: Db,
  id: string,
  values: Partial<typeof submissions.$inferInsert>,
): Promise<SubmissionRow | undefined> {
  const [row] = await db.update(submissions).set(values).where(eq(submissions.id, id)).returning()
  return row
}

export async function insertSubmissionEvent(
  db: Db,
  values: Omit<typeof submissionEvents.$inferInsert, 'sequence'>,
): Promise<void> {
  await db.insert(submissionEvents).values(values)
}

/** Sent by the user, or of a publisher they are a member of. */
const isOwn = (db: Db, userId: string) =>
  or(
    eq(submissions.userId, userId),
    exists(
      db
        .select({ one: sql`1` })
        .from(publisherMembers)
        .where(
          and(eq(publisherMembers.publisherId, submissions.publisherId), eq(publisherMembers.userId, userId)),
        ),
    ),
  )

/** What authors and moderators are shown; not the manifest, which is large. */
export const shown = {
  id: submissions.id,
  identifier: submissions.identifier,
  version: submissions.version,
  targetPlatform: submissions.targetPlatform,
  preRelease: submissions.preRelease,
  status: submissions.status,
  reason: submissions.reason,
  findings: submissions.findings,
  difference: submissions.difference,
  sha256: submissions.sha256,
  sizeBytes: submissions.sizeBytes,
  createdAt: submissions.createdAt,
  updatedAt: submissions.updatedAt,
}
export type ShownSubmission = Pick<SubmissionRow, keyof typeof shown>

export async function findOwnSubmission(
  db: Db,
  { id, userId }: { id: string; userId: string },
): Promise<ShownSubmission | undefined> {
  const [row] = await db
    .select(shown)
    .from(submissions)
    .where(and(eq(submissions.id, id), isOwn(db, userId)))
  return row
}

/** Newest first; one more than asked for if there are more. */
export async function listOwnSubmissions(
  db: Db,
  {
    userId,
    identifier,
    status,
    cursor,
    limit,
  }: {
    userId: string
    identifier?: string | undefined
    status?: SubmissionStatus | undefined
    cursor?: string | undefined
    limit: number
  },
): Promise<ShownSubmission[]> {
  // By publisher, so that an index on (publisher, id) or (user, id) serves each half.
  const own = db
    .select({ id: publisherMembers.publisherId })
    .from(publisherMembers)
    .where(eq(publisherMembers.userId, userId))
  return db
    .select(shown)
    .from(submissions)
    .where(
      and(
        or(eq(submissions.userId, userId), inArray(submissions.publisherId, own)),
        identifier === undefined ? undefined : eq(submissions.identifier, identifier),
        status === undefined ? undefined : eq(submissions.status, status),
        cursor === undefined ? undefined : lt(submissions.id, cursor),
      ),
    )
    .orderBy(desc(submissions.id))
    .limit(limit + 1)
}

/** Forgets where a publishing put its files, unless another one began meanwhile. */
export async function forgetPrefix(
  db: Db,
  { id, publishPrefix }: { id: string; publishPrefix: string },
): Promise<void> {
  await db
    .update(submissions)
    .set({ publishPrefix: null })
    .where(and(eq(submissions.id, id), eq(submissions.publishPrefix, publishPrefix)))
}

export const newSubmissionId = (): string => newId('smn')
