import type { RatingRow, ReviewRow } from '../../queries/ratings.ts'
import type { ShownReview } from '../../queries/reviews.ts'

/** Average of the stars with two digits, null before the first. */
export const averageOf = (sums: { ratingCount: number; ratingSum: number }): number | null =>
  sums.ratingCount === 0 ? null : Math.round((100 * sums.ratingSum) / sums.ratingCount) / 100

export const ratingOf = (sums: { ratingCount: number; ratingSum: number }) => ({
  average: averageOf(sums),
  count: sums.ratingCount,
})

/** A review as everybody sees it. */
export function presentReview({ review, version, author, publisher }: ShownReview) {
  const { reply, repliedAt } = review
  return {
    id: review.id,
    author: { name: author },
    stars: review.stars,
    title: review.title,
    body: review.body,
    version,
    verified: review.verified,
    reply: reply === null || repliedAt === null ? null : { publisher, body: reply, at: repliedAt },
    createdAt: review.createdAt,
    updatedAt: review.updatedAt,
  }
}

/** What somebody thinks of an extension, as they see it themselves. */
export function presentOwn(
  extension: { identifier: string; ratingCount: number; ratingSum: number },
  rating: RatingRow | null,
  review: ReviewRow | null,
) {
  return {
    id: extension.identifier,
    stars: rating?.stars ?? null,
    review: review && {
      id: review.id,
      title: review.title,
      body: review.body,
      verified: review.verified,
      hidden: review.hidden ? { reason: review.hiddenReason ?? '' } : null,
      createdAt: review.createdAt,
      updatedAt: review.updatedAt,
    },
    rating: ratingOf(extension),
  }
}
