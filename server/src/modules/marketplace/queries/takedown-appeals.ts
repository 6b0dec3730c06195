import { appeals, type Db, extensions, newId, publisherMembers } from '@devforge/db'
import { and, desc, eq, inArray, isNotNull, lt } from 'drizzle-orm'
import type { AppealRow } from './appeals.ts'

/** An extension of which the user is a member of the publisher, locked. */
export async function lockOwnExtension(
  db: Db,
  { identifier, userId }: { identifier: string; userId: string },
) {
  const own = db
    .select({ id: publisherMembers.publisherId })
    .from(publisherMembers)
    .where(and(eq(publisherMembers.userId, userId), isNotNull(publisherMembers.acceptedAt)))
  const [row] = await db
    .select({ id: extensions.id, status: extensions.status, takenDownAt: extensions.takenDownAt })
    .from(extensions)
    .where(and(eq(extensions.identifier, identifier.toLowerCase()), inArray(extensions.publisherId, own)))
    .for('no key update')
  return row
}

/** @returns undefined when one is open already */
export async function insertTakedownAppeal(
  db: Db,
  values: { extensionId: string; userId: string; text: string; ticketId: string; now: Date },
): Promise<AppealRow | undefined> {
  const { now, ...appeal } = values
  const [row] = await db
    .insert(appeals)
    .values({ id: newId('apl'), ...appeal, createdAt: now, updatedAt: now })
    .onConflictDoNothing()
    .returning()
  return row
}

/** Answers the open appeal of a takedown, if there is one. */
export async function answerTakedownAppeal(
  db: Db,
  values: {
    extensionId: string
    status: 'granted' | 'declined'
    answer: string
    decidedBy: string
    now: Date
  },
): Promise<AppealRow | undefined> {
  const { extensionId, now, ...answer } = values
  const [row] = await db
    .update(appeals)
    .set({ ...answer, decidedAt: now, updatedAt: now })
    .where(and(eq(appeals.extensionId, extensionId), eq(appeals.status, 'open')))
    .returning()
  return row
}

/** Appeals of takedowns, newest first. */
export async function pageTakedownAppeals(
  db: Db,
  query: { status?: AppealRow['status'] | undefined; cursor?: string | undefined; limit: number },
) {
  return db
    .select({
      appeal: appeals,
      extension: extensions.identifier,
      takenDownAt: extensions.takenDownAt,
      reason: extensions.removedReason,
    })
    .from(appeals)
    .innerJoin(extensions, eq(extensions.id, appeals.extensionId))
    .where(
      and(
        query.status === undefined ? undefined : eq(appeals.status, query.status),
        query.cursor === undefined ? undefined : lt(appeals.id, query.cursor),
      ),
    )
    .orderBy(desc(appeals.id))
    .limit(query.limit + 1)
}
