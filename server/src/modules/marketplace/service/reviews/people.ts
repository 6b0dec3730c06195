import type { Ctx } from '../../../../context.ts'
import {
  deleteRating,
  findRating,
  forgetDownloads,
  giveRating,
  isMember,
  lockRatedById,
  moveDownloads,
  type RatedExtension,
  ratedBy,
} from '../../queries/ratings.ts'
import { forgetReports, moveReports } from '../../queries/reports.ts'
import { dropFlagsOf, moveFlags } from '../../queries/reviews.ts'
import { moveSums } from './rate.ts'

type Own = NonNullable<Awaited<ReturnType<typeof findRating>>>

/** Deletes a rating of a locked extension with its review; the sums follow. */
async function remove(ctx: Ctx, extension: RatedExtension, own: Own): Promise<void> {
  await deleteRating(ctx.db, own.rating.id)
  if (!own.review?.hidden) await moveSums(ctx, extension, { count: -1, stars: -own.rating.stars })
}

/** Runs `work` for each extension somebody has rated, locked in the order of ids. */
async function forEachRated(
  ctx: Ctx,
  userId: string,
  work: (extension: RatedExtension, own: Own) => Promise<void>,
): Promise<void> {
  for (const extensionId of await ratedBy(ctx.db, userId)) {
    const extension = await lockRatedById(ctx.db, extensionId)
    const own = extension && (await findRating(ctx.db, { extensionId, userId }))
    if (extension && own) await work(extension, own)
  }
}

/**
 * Removes what an account that is being erased thought of extensions: ratings (else a new account would give a second one), reviews,
 * flags, what it downloaded. Reports of abuse stay until they are decided. In the caller's transaction, after the account's row was
 * written, so that a rating on its way is either seen here or refused.
 */
export async function eraseOpinions(ctx: Ctx, userId: string): Promise<void> {
  await forEachRated(ctx, userId, (extension, own) => remove(ctx, extension, own))
  await dropFlagsOf(ctx.db, userId)
  await forgetDownloads(ctx.db, userId)
  await forgetReports(ctx.db, userId)
}

/**
 * Gives ratings, reviews, flags, downloads and reports of one account to another, in the caller's transaction. Where both rated an
 * extension, or the other publishes it, the first one's rating goes.
 */
export async function moveOpinions(ctx: Ctx, { from, to }: { from: string; to: string }): Promise<void> {
  const now = ctx.deps.clock.now()
  await forEachRated(ctx, from, async (extension, own) => {
    const { id: extensionId, publisherId } = extension
    const keep =
      !(await findRating(ctx.db, { extensionId, userId: to })) &&
      !(await isMember(ctx.db, { publisherId, userId: to }))
    if (keep) await giveRating(ctx.db, { ratingId: own.rating.id, userId: to, now })
    else await remove(ctx, extension, own)
  })
  await moveFlags(ctx.db, { from, to })
  await moveDownloads(ctx.db, { from, to })
  await moveReports(ctx.db, { from, to })
}
