import { accountProcedure, publicProcedure, sessionProcedure } from '../../../trpc.ts'
import * as s from '../schemas/reviews.ts'
import { reportAbuse } from '../service/reports.ts'
import { flagReview, listReviews, replyToReview } from '../service/reviews/list.ts'
import { deleteReview, ownRating, rate, review, unrate } from '../service/reviews/rate.ts'

/** Procedures of `marketplace.*`, merged by the router. */
export const reviewsProcedures = {
  reviews: publicProcedure
    .meta({
      openapi: { method: 'GET', path: '/marketplace/extensions/{id}/reviews', summary: 'Read reviews' },
    })
    .input(s.reviewsInput)
    .output(s.reviewsOutput)
    .query(({ ctx, input }) => listReviews(ctx, input)),
  ownRating: sessionProcedure
    .meta({
      openapi: {
        method: 'GET',
        path: '/marketplace/extensions/{id}/rating',
        summary: 'Get your rating and review of an extension',
      },
    })
    .input(s.ownRatingInput)
    .output(s.ownRatingOutput)
    .query(({ ctx, input }) => ownRating(ctx, input)),
  rate: sessionProcedure
    .meta({
      openapi: { method: 'PUT', path: '/marketplace/extensions/{id}/rating', summary: 'Rate an extension' },
    })
    .input(s.rateInput)
    .output(s.ownRatingOutput)
    .mutation(({ ctx, input }) => rate(ctx, input)),
  unrate: sessionProcedure
    .meta({
      openapi: {
        method: 'DELETE',
        path: '/marketplace/extensions/{id}/rating',
        summary: 'Take your rating and review back',
      },
    })
    .input(s.unrateInput)
    .output(s.unrateOutput)
    .mutation(({ ctx, input }) => unrate(ctx, input)),
  review: sessionProcedure
    .meta({
      openapi: { method: 'PUT', path: '/marketplace/extensions/{id}/review', summary: 'Review an extension' },
    })
    .input(s.reviewInput)
    .output(s.ownRatingOutput)
    .mutation(({ ctx, input }) => review(ctx, input)),
  deleteReview: sessionProcedure
    .meta({
      openapi: {
        method: 'DELETE',
        path: '/marketplace/extensions/{id}/review',
        summary: 'Take your review back and leave the stars',
      },
    })
    .input(s.deleteReviewInput)
    .output(s.deleteReviewOutput)
    .mutation(({ ctx, input }) => deleteReview(ctx, input)),
  replyToReview: accountProcedure('publish')
    .meta({
      openapi: {
        method: 'PUT',
        path: '/marketplace/reviews/{reviewId}/reply',
        summary: 'Answer a review of your extension',
      },
    })
    .input(s.replyInput)
    .output(s.reviewSchema)
    .mutation(({ ctx, input }) => replyToReview(ctx, input)),
  flagReview: sessionProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/marketplace/reviews/{reviewId}/flag',
        summary: 'Tell the moderators of a review',
      },
    })
    .input(s.flagInput)
    .output(s.flagOutput)
    .mutation(({ ctx, input }) => flagReview(ctx, input)),
  reportAbuse: sessionProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/marketplace/extensions/{id}/reports',
        summary: 'Report an extension to the moderators',
      },
    })
    .input(s.reportInput)
    .output(s.reportOutput)
    .mutation(({ ctx, input }) => reportAbuse(ctx, input)),
}
