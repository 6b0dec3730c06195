import type { Ctx, SessionActor } from '../../../../context.ts'
import { AppError } from '../../../../errors.ts'
import { inTx } from '../../../../tx.ts'
import { refuseImpersonation } from '../../../auth/actor.ts'
import {
  addToSums,
  deleteRating,
  findOwnRating,
  findRating,
  hasDownloaded,
  holdAccount,
  isMember,
  lockRated,
  type RatedExtension,
  type ReviewRow,
  writeRating,
} from '../../queries/ratings.ts'
import { deleteReviewRow, setReviewStars, writeReview } from '../../queries/reviews.ts'
import { isEntitled } from '../entitlement.ts'
import { refreshRanks } from '../search/index-extension.ts'
import { presentOwn, ratingOf } from './present.ts'

type OwnCtx = Ctx<SessionActor>

/** Ratings count unless their review is hidden. Call it with the extension locked; the ranking follows. */
export async function moveSums(
  ctx: Ctx,
  extension: { id: string },
  change: { count: number; stars: number },
): Promise<{ ratingCount: number; ratingSum: number }> {
  const sums = await addToSums(ctx.db, extension.id, change)
  await refreshRanks(ctx.db, [extension.id], ctx.deps.clock.now())
  return sums
}

/** What we know of somebody having an extension. */
async function verifiedBy(ctx: OwnCtx, extension: RatedExtension): Promise<'install' | 'purchase' | null> {
  const { userId } = ctx.actor
  if (extension.paid && (await isEntitled(ctx, extension.id, userId))) return 'purchase'
  return (await hasDownloaded(ctx.db, { extensionId: extension.id, userId })) ? 'install' : null
}

/** A hidden review stays as the moderator saw it; its author can only take all of it back. */
function refuseHidden(review: ReviewRow | null | undefined): void {
  if (review?.hidden) throw new AppError('REVIEW_HIDDEN', { reason: review.hiddenReason ?? '' })
}

interface Opinion {
  id: string
  stars: number
  /** Left out: the review, if there is one, stays as it is. */
  text?: { title: string; body: string }
}

/**
 * Locks what a rating touches, in the order account, extension: people who rate one extension wait for each other, so that its sums
 * add up to the last star.
 * @throws EXTENSION_NOT_FOUND, RATING_OWN_EXTENSION
 */
async function lockForRating(ctx: OwnCtx, id: string): Promise<RatedExtension> {
  const { userId } = ctx.actor
  if (!(await holdAccount(ctx.db, userId))) throw new AppError('AUTH_SESSION_ENDED')
  const extension = await lockRated(ctx.db, id)
  if (extension?.status !== 'published') throw new AppError('EXTENSION_NOT_FOUND', { id })
  if (await isMember(ctx.db, { publisherId: extension.publisherId, userId })) {
    throw new AppError('RATING_OWN_EXTENSION', { id: extension.identifier })
  }
  return extension
}

async function writeOpinion(ctx: OwnCtx, { id, stars, text }: Opinion) {
  refuseImpersonation(ctx.actor)
  await ctx.deps.limits.consume([['rating:account', ctx.actor.userId]])
  return inTx(ctx, async (ctx) => {
    const { userId } = ctx.actor
    const extension = await lockForRating(ctx, id)
    const extensionId = extension.id
    const before = await findRating(ctx.db, { extensionId, userId })
    refuseHidden(before?.review)
    const now = ctx.deps.clock.now()
    const version = extension.latestVersion
    const rating = await writeRating(ctx.db, { extensionId, userId, stars, version, now })
    const review = text
      ? await writeReview(ctx.db, {
          ratingId: rating.id,
          extensionId,
          stars,
          ...text,
          verified: await verifiedBy(ctx, extension),
          now,
        })
      : before?.review && (await setReviewStars(ctx.db, before.review.id, { stars, now }))
    const sums = await moveSums(ctx, extension, {
      count: before ? 0 : 1,
      stars: stars - (before?.rating.stars ?? 0),
    })
    return presentOwn({ ...extension, ...sums }, rating, review ?? null)
  })
}

/**
 * Gives an extension one to five stars, or changes those one gave. A review stays with its rating.
 * @throws EXTENSION_NOT_FOUND, RATING_OWN_EXTENSION, REVIEW_HIDDEN, AUTH_RATE_LIMITED
 */
export const rate = (ctx: OwnCtx, { id, stars }: { id: string; stars: number }) =>
  writeOpinion(ctx, { id, stars })

/** Writes, or rewrites, one's review, with its stars. Throws like `rate`. */
export const review = (
  ctx: OwnCtx,
  { id, stars, title, body }: { id: string; stars: number; title: string; body: string },
) => writeOpinion(ctx, { id, stars, text: { title, body } })

/** Takes one's rating back, and the review with it; also one of an extension that is gone. */
export async function unrate(ctx: OwnCtx, { id }: { id: string }) {
  refuseImpersonation(ctx.actor)
  return inTx(ctx, async (ctx) => {
    const extension = await lockRated(ctx.db, id)
    const own =
      extension && (await findRating(ctx.db, { extensionId: extension.id, userId: ctx.actor.userId }))
    // Of what is not to be seen, only those who rated it know.
    if (!extension || (!own && extension.status !== 'published'))
      throw new AppError('EXTENSION_NOT_FOUND', { id })
    if (!own) return { removed: false, rating: ratingOf(extension) }
    await deleteRating(ctx.db, own.rating.id)
    const sums = own.review?.hidden
      ? extension
      : await moveSums(ctx, extension, { count: -1, stars: -own.rating.stars })
    return { removed: true, rating: ratingOf(sums) }
  })
}

/** Takes one's review back; its stars stay. @throws REVIEW_HIDDEN */
export async function deleteReview(ctx: OwnCtx, { id }: { id: string }): Promise<{ deleted: boolean }> {
  refuseImpersonation(ctx.actor)
  return inTx(ctx, async (ctx) => {
    const extension = await lockRated(ctx.db, id)
    const own =
      extension && (await findRating(ctx.db, { extensionId: extension.id, userId: ctx.actor.userId }))
    if (!extension || (!own && extension.status !== 'published'))
      throw new AppError('EXTENSION_NOT_FOUND', { id })
    if (!own?.review) return { deleted: false }
    refuseHidden(own.review)
    await deleteReviewRow(ctx.db, own.review.id)
    return { deleted: true }
  })
}

/** One's own rating and review of an extension, hidden or not. */
export async function ownRating(ctx: OwnCtx, { id }: { id: string }) {
  const row = await findOwnRating(ctx.db, { identifier: id, userId: ctx.actor.userId })
  if (!row || (!row.rating && row.extension.status !== 'published'))
    throw new AppError('EXTENSION_NOT_FOUND', { id })
  return presentOwn(row.extension, row.rating, row.review)
}
