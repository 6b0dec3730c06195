import { defineJob } from '../../jobs/types.ts'
import { runTimers } from './service/timers.ts'

export const supportJobs = [
  defineJob({
    // Tickets on hold whose time is over, pending ones that nobody answers, solved ones that are over.
    name: 'support.timers',
    cron: '* * * * *',
    onStart: {},
    handler: (ctx) => runTimers(ctx),
    concurrency: 1,
  }),
]
