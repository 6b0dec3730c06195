import { adminProcedure, publicProcedure } from '../../../trpc.ts'
import * as r from '../schemas/reviews.ts'
import * as s from '../schemas/statistics.ts'
import { killList } from '../service/kill-list.ts'
import { setFeatured } from '../service/moderation/feature.ts'
import { dismissFlags, flaggedReviews, hideReview, unhideReview } from '../service/moderation/reviews.ts'
import { restore, takedown, takedownImpact } from '../service/moderation/takedown.ts'
import { declineAppeal, listTakedownAppeals } from '../service/moderation/takedown-appeal.ts'
import { decideReport, listReports } from '../service/reports.ts'

/** Procedures of `marketplace.*`, merged by the router. */
export const moderationProcedures = {
  killList: publicProcedure
    .meta({
      openapi: {
        method: 'GET',
        path: '/marketplace/kill-list',
        summary: 'List the extensions that editors must remove, and deprecated ones',
      },
    })
    .output(s.killListOutput)
    .query(({ ctx }) => killList(ctx)),
  takedownImpact: adminProcedure
    .meta({
      openapi: {
        method: 'GET',
        path: '/admin/marketplace/extensions/{id}/impact',
        summary: 'Say whom a takedown would concern',
      },
    })
    .input(s.impactInput)
    .output(s.impactOutput)
    .query(({ ctx, input }) => takedownImpact(ctx, input)),
  takedown: adminProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/admin/marketplace/extensions/{id}/takedown',
        summary: 'Take an extension down',
      },
    })
    .input(s.takedownInput)
    .output(s.takedownOutput)
    .mutation(({ ctx, input }) => takedown(ctx, input)),
  restore: adminProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/admin/marketplace/extensions/{id}/restore',
        summary: 'Undo a takedown',
      },
    })
    .input(s.restoreInput)
    .output(s.impactOutput)
    .mutation(({ ctx, input }) => restore(ctx, input)),
  takedownAppeals: adminProcedure
    .meta({
      openapi: {
        method: 'GET',
        path: '/admin/marketplace/takedown-appeals',
        summary: 'List appeals of takedowns',
      },
    })
    .input(s.takedownAppealsInput)
    .output(s.takedownAppealsOutput)
    .query(({ ctx, input }) => listTakedownAppeals(ctx, input)),
  declineAppeal: adminProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/admin/marketplace/extensions/{id}/decline-appeal',
        summary: 'Leave a takedown as it is',
      },
    })
    .input(s.declineAppealInput)
    .output(s.declineAppealOutput)
    .mutation(({ ctx, input }) => declineAppeal(ctx, input)),
  feature: adminProcedure
    .meta({
      openapi: {
        method: 'PUT',
        path: '/admin/marketplace/extensions/{id}/featured',
        summary: 'Feature an extension',
      },
    })
    .input(s.featureInput)
    .output(s.featureOutput)
    .mutation(({ ctx, input }) => setFeatured(ctx, { ...input, featured: true })),
  unfeature: adminProcedure
    .meta({
      openapi: {
        method: 'DELETE',
        path: '/admin/marketplace/extensions/{id}/featured',
        summary: 'Feature an extension no longer',
      },
    })
    .input(s.featureInput)
    .output(s.featureOutput)
    .mutation(({ ctx, input }) => setFeatured(ctx, { ...input, featured: false })),

  flaggedReviews: adminProcedure
    .meta({
      openapi: { method: 'GET', path: '/admin/marketplace/reviews/flagged', summary: 'List flagged reviews' },
    })
    .input(r.flaggedInput)
    .output(r.flaggedOutput)
    .query(({ ctx, input }) => flaggedReviews(ctx, input)),
  hideReview: adminProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/admin/marketplace/reviews/{reviewId}/hide',
        summary: 'Hide a review',
      },
    })
    .input(r.decideReviewInput)
    .output(r.hideOutput)
    .mutation(({ ctx, input }) => hideReview(ctx, input)),
  unhideReview: adminProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/admin/marketplace/reviews/{reviewId}/unhide',
        summary: 'Show a hidden review again',
      },
    })
    .input(r.decideReviewInput)
    .output(r.hideOutput)
    .mutation(({ ctx, input }) => unhideReview(ctx, input)),
  dismissFlags: adminProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/admin/marketplace/reviews/{reviewId}/dismiss-flags',
        summary: 'Leave a flagged review as it is',
      },
    })
    .input(r.decideReviewInput)
    .output(r.dismissFlagsOutput)
    .mutation(({ ctx, input }) => dismissFlags(ctx, input)),

  abuseReports: adminProcedure
    .meta({
      openapi: { method: 'GET', path: '/admin/marketplace/reports', summary: 'List reports of abuse' },
    })
    .input(r.reportsInput)
    .output(r.reportsOutput)
    .query(({ ctx, input }) => listReports(ctx, input)),
  decideReport: adminProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/admin/marketplace/reports/{reportId}/decide',
        summary: 'Decide a report of abuse',
      },
    })
    .input(r.decideReportInput)
    .output(r.decideReportOutput)
    .mutation(({ ctx, input }) => decideReport(ctx, input)),
}
