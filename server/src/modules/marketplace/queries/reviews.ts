import {
  type Db,
  extensions,
  newId,
  publisherMembers,
  publishers,
  ratings,
  reviewFlags,
  reviews,
  users,
} from '@devforge/db'
import { and, desc, eq, isNotNull, lt, or, type SQL, sql } from 'drizzle-orm'
import type { ReviewRow } from './ratings.ts'

export type ReviewSort = 'newest' | 'highest' | 'lowest'

/** `updated_at` of a review tells when its author changed it; nothing else moves it. */
const unedited = { updatedAt: sql`${reviews.updatedAt}` }

/** Where a page starts: after this review. */
export interface ReviewCursor {
  stars: number
  id: string
}

const shown = {
  review: reviews,
  version: ratings.version,
  author: users.name,
  publisher: publishers.displayName,
}

/** Fewest stars first, and the newest of those: both descend, so that one comparison of rows finds a page in the index. */
const fewest = sql`(5 - ${reviews.stars})`

const after = (sort: ReviewSort, { stars, id }: ReviewCursor): SQL => {
  if (sort === 'newest') return lt(reviews.id, id)
  return sort === 'highest'
    ? sql`(${reviews.stars}, ${reviews.id}) < (${stars}, ${id})`
    : sql`(${fewest}, ${reviews.id}) < (${5 - stars}, ${id})`
}

const ordered = {
  newest: [desc(reviews.id)],
  highest: [desc(reviews.stars), desc(reviews.id)],
  lowest: [desc(fewest), desc(reviews.id)],
} satisfies Record<ReviewSort, SQL[]>

/** Reviews of an extension that are not hidden, one more than `limit`. */
export async function pageReviews(
  db: Db,
  query: {
    extensionId: string
    sort: ReviewSort
    stars?: number | undefined
    cursor?: ReviewCursor | undefined
    limit: number
  },
) {
  const { extensionId, sort, stars, cursor, limit } = query
  return db
    .select(shown)
    .from(reviews)
    .innerJoin(ratings, eq(ratings.id, reviews.ratingId))
    .innerJoin(users, eq(users.id, ratings.userId))
    .innerJoin(extensions, eq(extensions.id, reviews.extensionId))
    .innerJoin(publishers, eq(publishers.id, extensions.publisherId))
    .where(
      and(
        eq(reviews.extensionId, extensionId),
        // As the partial indexes say it.
        sql`not ${reviews.hidden}`,
        stars === undefined ? undefined : eq(reviews.stars, stars),
        cursor === undefined ? undefined : after(sort, cursor),
      ),
    )
    .orderBy(...ordered[sort])
    .limit(limit + 1)
}
export type ShownReview = Awaited<ReturnType<typeof pageReviews>>[number]

/** One review as it is shown. */
export async function findShownReview(db: Db, id: string): Promise<ShownReview | undefined> {
  const [row] = await db
    .select(shown)
    .from(reviews)
    .innerJoin(ratings, eq(ratings.id, reviews.ratingId))
    .innerJoin(users, eq(users.id, ratings.userId))
    .innerJoin(extensions, eq(extensions.id, reviews.extensionId))
    .innerJoin(publishers, eq(publishers.id, extensions.publisherId))
    .where(eq(reviews.id, id))
  return row
}

export async function writeReview(
  db: Db,
  {
    now,
    ...values
  }: Pick<ReviewRow, 'ratingId' | 'extensionId' | 'stars' | 'title' | 'body' | 'verified'> & {
    now: Date
  },
): Promise<ReviewRow> {
  const { ratingId: _, extensionId: __, ...text } = values
  const [row] = await db
    .insert(reviews)
    .values({ id: newId('rev'), ...values, createdAt: now, updatedAt: now })
    .onConflictDoUpdate({ target: reviews.ratingId, set: { ...text, updatedAt: now } })
    .returning()
  if (!row) throw new Error('a review was not written')
  return row
}

/** Keeps the copy of a rating's stars on its review. */
export async function setReviewStars(
  db: Db,
  id: string,
  { stars, now }: { stars: number; now: Date },
): Promise<ReviewRow | undefined> {
  const [row] = await db.update(reviews).set({ stars, updatedAt: now }).where(eq(reviews.id, id)).returning()
  return row
}

export async function deleteReviewRow(db: Db, id: string): Promise<void> {
  await db.delete(reviews).where(eq(reviews.id, id))
}

/** Changes what others than its author decide about a review. */
export async function updateReview(
  db: Db,
  id: string,
  values: Partial<typeof reviews.$inferInsert>,
): Promise<void> {
  await db
    .update(reviews)
    .set({ ...values, ...unedited })
    .where(eq(reviews.id, id))
}

/** A review, if the user is a member of the publisher of what it is about; locked. */
export async function lockReviewForReply(db: Db, { id, userId }: { id: string; userId: string }) {
  const [row] = await db
    .select({ review: reviews, publisherId: extensions.publisherId })
    .from(reviews)
    .innerJoin(extensions, and(eq(extensions.id, reviews.extensionId), eq(extensions.status, 'published')))
    .innerJoin(
      publisherMembers,
      and(
        eq(publisherMembers.publisherId, extensions.publisherId),
        eq(publisherMembers.userId, userId),
        isNotNull(publisherMembers.acceptedAt),
      ),
    )
    .where(and(eq(reviews.id, id), eq(reviews.hidden, false)))
    .for('no key update', { of: reviews })
  return row
}

/** Whose review it is and what it is about; null when there is none. */
export async function findReviewPlace(db: Db, id: string) {
  const [row] = await db
    .select({ extensionId: reviews.extensionId, hidden: reviews.hidden, author: ratings.userId })
    .from(reviews)
    .innerJoin(ratings, eq(ratings.id, reviews.ratingId))
    .where(eq(reviews.id, id))
  return row
}

/** A review, to be read again once its extension is locked. */
export async function lockReview(db: Db, id: string): Promise<ReviewRow | undefined> {
  const [row] = await db.select().from(reviews).where(eq(reviews.id, id)).for('no key update')
  return row
}

/** Flags a review that is shown and not one's own, once per person. @returns whether there is such a review */
export async function flagReviewRow(
  db: Db,
  { id, userId, reason, now }: { id: string; userId: string; reason: string; now: Date },
): Promise<boolean> {
  const [target] = await db
    .select({ id: reviews.id })
    .from(reviews)
    .innerJoin(ratings, eq(ratings.id, reviews.ratingId))
    .where(and(eq(reviews.id, id), eq(reviews.hidden, false), sql`${ratings.userId} <> ${userId}`))
    .for('no key update', { of: reviews })
  if (!target) return false
  const inserted = await db
    .insert(reviewFlags)
    .values({ reviewId: id, userId, reason, at: now })
    .onConflictDoNothing()
    .returning({ id: reviewFlags.reviewId })
  if (inserted.length > 0) {
    await db
      .update(reviews)
      .set({ flags: sql`${reviews.flags} + 1`, ...unedited })
      .where(eq(reviews.id, id))
  }
  return true
}

/** Takes all flags of a review away. */
export async function clearFlags(db: Db, id: string): Promise<void> {
  await db.delete(reviewFlags).where(eq(reviewFlags.reviewId, id))
  await db
    .update(reviews)
    .set({ flags: 0, ...unedited })
    .where(eq(reviews.id, id))
}

/** The reviews most flagged, with the reasons that were given. */
export async function pageFlagged(
  db: Db,
  { cursor, limit }: { cursor?: { flags: number; id: string } | undefined; limit: number },
) {
  return db
    .select({
      ...shown,
      extension: extensions.identifier,
      authorId: ratings.userId,
      reasons: sql<string[]>`array(
        select f.reason from review_flags f where f.review_id = "reviews"."id" order by f.at desc limit 5)`,
    })
    .from(reviews)
    .innerJoin(ratings, eq(ratings.id, reviews.ratingId))
    .innerJoin(users, eq(users.id, ratings.userId))
    .innerJoin(extensions, eq(extensions.id, reviews.extensionId))
    .innerJoin(publishers, eq(publishers.id, extensions.publisherId))
    .where(
      and(
        sql`${reviews.flags} > 0 and not ${reviews.hidden}`,
        cursor === undefined
          ? undefined
          : or(
              lt(reviews.flags, cursor.flags),
              and(eq(reviews.flags, cursor.flags), lt(reviews.id, cursor.id)),
            ),
      ),
    )
    .orderBy(desc(reviews.flags), desc(reviews.id))
    .limit(limit + 1)
}

/** Takes back the flags somebody set; the counts follow. */
export async function dropFlagsOf(db: Db, userId: string): Promise<void> {
  await db.execute(sql`
    with gone as (delete from review_flags where user_id = ${userId} returning review_id)
    update reviews r set flags = r.flags - 1 from gone where r.id = gone.review_id`)
}

/** Gives flags to another account; where both flagged, one goes. */
export async function moveFlags(db: Db, { from, to }: { from: string; to: string }): Promise<void> {
  await db.execute(sql`
    update review_flags f set user_id = ${to}
    where f.user_id = ${from} and not exists (
      select from review_flags own where own.review_id = f.review_id and own.user_id = ${to}
    )`)
  await dropFlagsOf(db, from)
}
