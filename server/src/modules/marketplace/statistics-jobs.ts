import { type AnyJob, defineJob } from '../../jobs/types.ts'
import { rollUpUsage } from './service/roll-up.ts'
import { refreshRelated, refreshTrending } from './service/trends.ts'

/** What turns usage into numbers. */
export const statisticsJobs: AnyJob[] = [
  defineJob({
    name: 'marketplace.rollUp',
    cron: '* * * * *',
    onStart: {},
    async handler(ctx) {
      await rollUpUsage(ctx)
    },
  }),
  // A day ends at midnight UTC; its last events are rolled up within minutes.
  defineJob({ name: 'marketplace.trending', cron: '20 0 * * *', onStart: {}, handler: refreshTrending }),
  defineJob({
    name: 'marketplace.related',
    cron: '40 1 * * *',
    concurrency: 1,
    handler: (ctx, data) => refreshRelated(ctx, data ?? {}),
  }),
]
