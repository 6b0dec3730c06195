import { writeAudit } from '../../../../audit.ts'
import type { AdminActor, Ctx } from '../../../../context.ts'
import { notFound } from '../../../../errors.ts'
import { queueMail } from '../../../../mail/outbox.ts'
import { inTx } from '../../../../tx.ts'
import { findContact } from '../../../users/contact.ts'
import { lockRatedById, type RatedExtension, type ReviewRow } from '../../queries/ratings.ts'
import { clearFlags, findReviewPlace, lockReview, pageFlagged, updateReview } from '../../queries/reviews.ts'
import { recordExtensionEvent } from '../history.ts'
import { presentReview, ratingOf } from '../reviews/present.ts'
import { moveSums } from '../reviews/rate.ts'

type AdminCtx = Ctx<AdminActor>

interface Decision {
  reviewId: string
  reason: string
}

/** Locks a review behind its extension, like those who write one. @throws NOT_FOUND */
async function lockBoth(
  ctx: Ctx,
  reviewId: string,
): Promise<{ extension: RatedExtension; review: ReviewRow; author: string }> {
  const place = await findReviewPlace(ctx.db, reviewId)
  const extension = place && (await lockRatedById(ctx.db, place.extensionId))
  const review = extension && (await lockReview(ctx.db, reviewId))
  if (!place || !extension || !review) throw notFound('review', reviewId)
  return { extension, review, author: place.author }
}

async function record(
  ctx: AdminCtx,
  extension: RatedExtension,
  { reviewId, reason }: Decision,
  what: 'hidden' | 'unhidden' | 'flags_dismissed',
): Promise<void> {
  await recordExtensionEvent(ctx, {
    publisherId: extension.publisherId,
    extensionId: extension.id,
    type: `review.${what}`,
    reason,
    cause: reviewId,
  })
  await writeAudit(ctx, { action: `marketplace.review_${what}`, subject: reviewId, reason })
}

/**
 * Hides a review: nobody but its author sees it, who is told why, and its stars do not count. Hiding it twice changes nothing.
 * @throws NOT_FOUND
 */
export async function hideReview(ctx: AdminCtx, input: Decision) {
  return inTx(ctx, async (ctx) => {
    const { extension, review, author } = await lockBoth(ctx, input.reviewId)
    if (review.hidden) return { reviewId: review.id, hidden: true, rating: ratingOf(extension) }
    const now = ctx.deps.clock.now()
    await updateReview(ctx.db, review.id, {
      hidden: true,
      hiddenReason: input.reason,
      hiddenBy: ctx.actor.userId,
      hiddenAt: now,
    })
    const sums = await moveSums(ctx, extension, { count: -1, stars: -review.stars })
    await record(ctx, extension, input, 'hidden')
    const { name, email } = await findContact(ctx.db, author)
    await queueMail(ctx, {
      dedupeKey: `review-hidden:${review.id}:${now.toISOString()}`,
      to: email,
      template: 'review-hidden',
      data: { name, extension: extension.identifier, reason: input.reason },
    })
    return { reviewId: review.id, hidden: true, rating: ratingOf(sums) }
  })
}

/** Shows a hidden review again; its stars count again, and its flags are gone. @throws NOT_FOUND */
export async function unhideReview(ctx: AdminCtx, input: Decision) {
  return inTx(ctx, async (ctx) => {
    const { extension, review } = await lockBoth(ctx, input.reviewId)
    if (!review.hidden) return { reviewId: review.id, hidden: false, rating: ratingOf(extension) }
    await updateReview(ctx.db, review.id, {
      hidden: false,
      hiddenReason: null,
      hiddenBy: null,
      hiddenAt: null,
    })
    await clearFlags(ctx.db, review.id)
    const sums = await moveSums(ctx, extension, { count: 1, stars: review.stars })
    await record(ctx, extension, input, 'unhidden')
    return { reviewId: review.id, hidden: false, rating: ratingOf(sums) }
  })
}

/** Takes a review off the list of flagged ones: it stays. @throws NOT_FOUND */
export async function dismissFlags(ctx: AdminCtx, input: Decision) {
  return inTx(ctx, async (ctx) => {
    const { extension, review } = await lockBoth(ctx, input.reviewId)
    await clearFlags(ctx.db, review.id)
    if (review.flags > 0) await record(ctx, extension, input, 'flags_dismissed')
    return { reviewId: review.id, dismissed: review.flags }
  })
}

function parseCursor(cursor: string | undefined): { flags: number; id: string } | undefined {
  const [, flags, id] = /^(\d{1,9})\.(rev_[a-z0-9]+)$/.exec(cursor ?? '') ?? []
  return flags === undefined || id === undefined ? undefined : { flags: Number(flags), id }
}

/** Reviews that people flagged, most flags first, with up to five of the reasons given. */
export async function flaggedReviews(ctx: AdminCtx, input: { cursor?: string | undefined; limit: number }) {
  const rows = await pageFlagged(ctx.db, { cursor: parseCursor(input.cursor), limit: input.limit })
  const items = rows.slice(0, input.limit).map((row) => ({
    ...presentReview(row),
    author: { id: row.authorId, name: row.author },
    extension: row.extension,
    flags: row.review.flags,
    reasons: row.reasons,
  }))
  const last = items.at(-1)
  return { items, nextCursor: last && rows.length > input.limit ? `${last.flags}.${last.id}` : null }
}
