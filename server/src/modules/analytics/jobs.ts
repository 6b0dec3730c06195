import { type AnyJob, defineJob } from '../../jobs/types.ts'
import { rollUp, rollUpNightly } from './service/roll-up.ts'

export const analyticsJobs: AnyJob[] = [
  defineJob({ name: 'analytics.rollUp', cron: '*/5 * * * *', onStart: {}, concurrency: 1, handler: rollUp }),
  defineJob({ name: 'analytics.nightly', cron: '50 0 * * *', concurrency: 1, handler: rollUpNightly }),
]
