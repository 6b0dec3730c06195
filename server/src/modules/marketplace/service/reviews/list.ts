import type { AccountActor, Ctx, SessionActor } from '../../../../context.ts'
import { AppError, notFound } from '../../../../errors.ts'
import { inTx } from '../../../../tx.ts'
import { refuseImpersonation } from '../../../auth/actor.ts'
import { findRated, holdAccount } from '../../queries/ratings.ts'
import {
  findShownReview,
  flagReviewRow,
  lockReviewForReply,
  pageReviews,
  type ReviewCursor,
  type ReviewSort,
  updateReview,
} from '../../queries/reviews.ts'
import { recordExtensionEvent } from '../history.ts'
import { presentReview, ratingOf } from './present.ts'

/** Stars and id of the last review of a page. One that we did not make starts at the beginning. */
function parseCursor(cursor: string | undefined): ReviewCursor | undefined {
  const [, stars, id] = /^([1-5])\.(rev_[a-z0-9]+)$/.exec(cursor ?? '') ?? []
  return stars === undefined || id === undefined ? undefined : { stars: Number(stars), id }
}

export interface ReviewsInput {
  id: string
  sort: ReviewSort
  stars?: number | undefined
  cursor?: string | undefined
  limit: number
}

/** Reviews of an extension, page by page, beside its average. @throws EXTENSION_NOT_FOUND */
export async function listReviews(ctx: Ctx, { id, cursor, ...query }: ReviewsInput) {
  const extension = await findRated(ctx.db, id)
  if (!extension) throw new AppError('EXTENSION_NOT_FOUND', { id })
  const rows = await pageReviews(ctx.db, {
    ...query,
    extensionId: extension.id,
    cursor: parseCursor(cursor),
  })
  const items = rows.slice(0, query.limit).map(presentReview)
  const last = items.at(-1)
  return {
    items,
    nextCursor: last && rows.length > query.limit ? `${last.stars}.${last.id}` : null,
    rating: ratingOf(extension),
  }
}

/**
 * Answers a review in the name of the publisher, or changes that answer; null takes it back.
 * @throws NOT_FOUND for reviews of other publishers' extensions, too
 */
export async function replyToReview(
  ctx: Ctx<AccountActor>,
  { reviewId, body }: { reviewId: string; body: string | null },
) {
  refuseImpersonation(ctx.actor)
  return inTx(ctx, async (ctx) => {
    const { userId } = ctx.actor
    const found = await lockReviewForReply(ctx.db, { id: reviewId, userId })
    if (!found) throw notFound('review', reviewId)
    const now = ctx.deps.clock.now()
    await updateReview(ctx.db, reviewId, {
      reply: body,
      repliedBy: body === null ? null : userId,
      repliedAt: body === null ? null : now,
    })
    await recordExtensionEvent(ctx, {
      publisherId: found.publisherId,
      extensionId: found.review.extensionId,
      type: body === null ? 'review.reply_removed' : 'review.replied',
      cause: reviewId,
    })
    const shown = await findShownReview(ctx.db, reviewId)
    if (!shown) throw notFound('review', reviewId)
    return presentReview(shown)
  })
}

/** Tells the moderators of a review. A second flag of the same person changes nothing. @throws NOT_FOUND for one's own, too */
export async function flagReview(
  ctx: Ctx<SessionActor>,
  { reviewId, reason }: { reviewId: string; reason: string },
): Promise<{ flagged: true }> {
  refuseImpersonation(ctx.actor)
  const { userId } = ctx.actor
  await ctx.deps.limits.consume([['flag:account', userId]])
  return inTx(ctx, async (ctx) => {
    if (!(await holdAccount(ctx.db, userId))) throw new AppError('AUTH_SESSION_ENDED')
    const now = ctx.deps.clock.now()
    if (!(await flagReviewRow(ctx.db, { id: reviewId, userId, reason, now })))
      throw notFound('review', reviewId)
    return { flagged: true }
  })
}
