import { adminProcedure, publicProcedure, router } from '../../trpc.ts'
import { rangeInput } from './schemas/range.ts'
import * as s from './schemas/reports.ts'
import { trackInput, trackOutput } from './schemas/track.ts'
import { exportCsv } from './service/export.ts'
import { licenses } from './service/licenses.ts'
import { marketplace } from './service/marketplace.ts'
import { overview } from './service/overview.ts'
import { revenue } from './service/revenue.ts'
import { support } from './service/support.ts'
import { track } from './service/track.ts'

export const analyticsRouter = router({
  track: publicProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/analytics/events',
        summary: 'Tell what an editor did, with the consent of its user',
      },
    })
    .input(trackInput)
    .output(trackOutput)
    .mutation(({ ctx, input }) => track(ctx, input)),

  overview: adminProcedure
    .meta({ openapi: { method: 'GET', path: '/analytics/overview', summary: 'Everything on one page' } })
    .input(rangeInput)
    .output(s.overviewOutput)
    .query(({ ctx, input }) => overview(ctx, input)),
  revenue: adminProcedure
    .meta({
      openapi: { method: 'GET', path: '/analytics/revenue', summary: 'Money by currency, and subscriptions' },
    })
    .input(rangeInput)
    .output(s.revenueOutput)
    .query(({ ctx, input }) => revenue(ctx, input)),
  licenses: adminProcedure
    .meta({
      openapi: { method: 'GET', path: '/analytics/licenses', summary: 'Licenses, devices and trials' },
    })
    .input(rangeInput)
    .output(s.licensesOutput)
    .query(({ ctx, input }) => licenses(ctx, input)),
  marketplace: adminProcedure
    .meta({
      openapi: {
        method: 'GET',
        path: '/analytics/marketplace',
        summary: 'Extensions: usage, reviews, sales',
      },
    })
    .input(rangeInput)
    .output(s.marketplaceOutput)
    .query(({ ctx, input }) => marketplace(ctx, input)),
  support: adminProcedure
    .meta({
      openapi: {
        method: 'GET',
        path: '/analytics/support',
        summary: 'Tickets: backlog, times, promises, ratings',
      },
    })
    .input(rangeInput)
    .output(s.supportOutput)
    .query(({ ctx, input }) => support(ctx, input)),
  exportCsv: adminProcedure
    .meta({
      openapi: { method: 'GET', path: '/analytics/export/{report}', summary: 'A report for a spreadsheet' },
    })
    .input(s.exportInput)
    .output(s.exportOutput)
    .query(({ ctx, input }) => exportCsv(ctx, input)),
})
