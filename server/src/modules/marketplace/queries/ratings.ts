import {
  type Db,
  extensions,
  extensionUsers,
  newId,
  publisherMembers,
  ratings,
  reviews,
  users,
} from '@devforge/db'
import { and, eq, isNotNull, isNull, sql } from 'drizzle-orm'

/** The part of an extension that ratings are about. */
const rated = {
  id: extensions.id,
  identifier: extensions.identifier,
  publisherId: extensions.publisherId,
  status: extensions.status,
  latestVersion: extensions.latestVersion,
  paid: extensions.paid,
  ratingCount: extensions.ratingCount,
  ratingSum: extensions.ratingSum,
}

/** An extension, whatever its state, locked: everybody who changes its ratings waits for each other here. */
export async function lockRated(db: Db, identifier: string) {
  const [row] = await db
    .select(rated)
    .from(extensions)
    .where(eq(extensions.identifier, identifier.toLowerCase()))
    .for('no key update')
  return row
}
export type RatedExtension = NonNullable<Awaited<ReturnType<typeof lockRated>>>

/** A published extension. */
export async function findRated(db: Db, identifier: string): Promise<RatedExtension | undefined> {
  const [row] = await db
    .select(rated)
    .from(extensions)
    .where(and(eq(extensions.identifier, identifier.toLowerCase()), eq(extensions.status, 'published')))
  return row
}

/** The same by the row's id. */
export async function lockRatedById(db: Db, id: string): Promise<RatedExtension | undefined> {
  const [row] = await db.select(rated).from(extensions).where(eq(extensions.id, id)).for('no key update')
  return row
}

/**
 * Holds an account that is there until the end of the transaction: whoever erases it waits, and finds what this transaction wrote.
 * Taken before extensions are. @returns false when it was erased
 */
export async function holdAccount(db: Db, userId: string): Promise<boolean> {
  const rows = await db
    .select({ id: users.id })
    .from(users)
    .where(and(eq(users.id, userId), isNull(users.erasedAt)))
    .for('share')
  return rows.length > 0
}

/** Whether somebody publishes under a name. Invited does not count: else one could silence a critic by an invitation. */
export async function isMember(
  db: Db,
  { publisherId, userId }: { publisherId: string; userId: string },
): Promise<boolean> {
  const rows = await db
    .select({ userId: publisherMembers.userId })
    .from(publisherMembers)
    .where(
      and(
        eq(publisherMembers.publisherId, publisherId),
        eq(publisherMembers.userId, userId),
        isNotNull(publisherMembers.acceptedAt),
      ),
    )
  return rows.length > 0
}

/** Whether somebody downloaded an extension while signed in. */
export async function hasDownloaded(
  db: Db,
  { extensionId, userId }: { extensionId: string; userId: string },
): Promise<boolean> {
  const rows = await db
    .select({ userId: extensionUsers.userId })
    .from(extensionUsers)
    .where(and(eq(extensionUsers.extensionId, extensionId), eq(extensionUsers.userId, userId)))
  return rows.length > 0
}

/** Somebody's rating of an extension, with the review that hangs on it. */
export async function findRating(db: Db, { extensionId, userId }: { extensionId: string; userId: string }) {
  const [row] = await db
    .select({ rating: ratings, review: reviews })
    .from(ratings)
    .leftJoin(reviews, eq(reviews.ratingId, ratings.id))
    .where(and(eq(ratings.extensionId, extensionId), eq(ratings.userId, userId)))
  return row
}
export type RatingRow = typeof ratings.$inferSelect
export type ReviewRow = typeof reviews.$inferSelect

/** Somebody's rating of an extension by what everybody calls it. */
export async function findOwnRating(db: Db, { identifier, userId }: { identifier: string; userId: string }) {
  const [row] = await db
    .select({ extension: rated, rating: ratings, review: reviews })
    .from(extensions)
    .leftJoin(ratings, and(eq(ratings.extensionId, extensions.id), eq(ratings.userId, userId)))
    .leftJoin(reviews, eq(reviews.ratingId, ratings.id))
    .where(eq(extensions.identifier, identifier.toLowerCase()))
  return row
}

interface NewRating {
  extensionId: string
  userId: string
  stars: number
  version: string | null
  now: Date
}

export async function writeRating(db: Db, { now, ...values }: NewRating): Promise<RatingRow> {
  const [row] = await db
    .insert(ratings)
    .values({ id: newId('rat'), ...values, createdAt: now, updatedAt: now })
    .onConflictDoUpdate({
      target: [ratings.extensionId, ratings.userId],
      set: { stars: values.stars, version: values.version, updatedAt: now },
    })
    .returning()
  if (!row) throw new Error('a rating was not written')
  return row
}

/** Deletes a rating; its review and that one's flags go with it. */
export async function deleteRating(db: Db, id: string): Promise<void> {
  await db.delete(ratings).where(eq(ratings.id, id))
}

/** Ids of the extensions somebody has rated. */
export async function ratedBy(db: Db, userId: string): Promise<string[]> {
  const rows = await db
    .select({ id: ratings.extensionId })
    .from(ratings)
    .where(eq(ratings.userId, userId))
    .orderBy(ratings.extensionId)
  return rows.map((row) => row.id)
}

export async function giveRating(
  db: Db,
  { ratingId, userId, now }: { ratingId: string; userId: string; now: Date },
): Promise<void> {
  await db.update(ratings).set({ userId, updatedAt: now }).where(eq(ratings.id, ratingId))
}

/** Moves the sums of a locked extension. @returns the new ones */
export async function addToSums(
  db: Db,
  extensionId: string,
  { count, stars }: { count: number; stars: number },
): Promise<{ ratingCount: number; ratingSum: number }> {
  const [row] = await db
    .update(extensions)
    .set({
      ratingCount: sql`${extensions.ratingCount} + ${count}`,
      ratingSum: sql`${extensions.ratingSum} + ${stars}`,
      // What the extension itself says has not changed.
      updatedAt: sql`${extensions.updatedAt}`,
    })
    .where(eq(extensions.id, extensionId))
    .returning({ ratingCount: extensions.ratingCount, ratingSum: extensions.ratingSum })
  if (!row) throw new Error(`extension ${extensionId} vanished while locked`)
  return row
}

/** Moves downloads on record to another account. */
export async function moveDownloads(db: Db, { from, to }: { from: string; to: string }): Promise<void> {
  await db.execute(sql`
    insert into extension_users (extension_id, user_id, first_at)
    select extension_id, ${to}, first_at from extension_users where user_id = ${from}
    on conflict (extension_id, user_id) do update set first_at = least(extension_users.first_at, excluded.first_at)`)
  await forgetDownloads(db, from)
}

export async function forgetDownloads(db: Db, userId: string): Promise<void> {
  await db.delete(extensionUsers).where(eq(extensionUsers.userId, userId))
}
