import { accountProcedure } from '../../../trpc.ts'
import * as s from '../schemas/statistics.ts'
import { stats, statsCsv } from '../service/stats.ts'

/** Procedures of `marketplace.*`, merged by the router. */
export const statisticsProcedures = {
  stats: accountProcedure('read')
    .meta({
      openapi: {
        method: 'GET',
        path: '/marketplace/extensions/{id}/stats',
        summary: 'Read the usage of your extension',
      },
    })
    .input(s.statsInput)
    .output(s.statsOutput)
    .query(({ ctx, input }) => stats(ctx, input)),
  statsCsv: accountProcedure('read')
    .meta({
      openapi: {
        method: 'GET',
        path: '/marketplace/extensions/{id}/stats/csv',
        summary: 'Get the usage of your extension for a spreadsheet',
      },
    })
    .input(s.statsCsvInput)
    .output(s.statsCsvOutput)
    .query(({ ctx, input }) => statsCsv(ctx, input)),
}
