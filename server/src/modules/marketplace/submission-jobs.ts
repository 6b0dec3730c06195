import { defineJob } from '../../jobs/types.ts'
import { processSubmission } from './service/submissions/process.ts'
import { sweepFiles, sweepSubmissions } from './service/submissions/sweep.ts'

export const submissionJobs = [
  defineJob({
    name: 'marketplace.process',
    handler: (ctx, { submissionId }) => processSubmission(ctx, submissionId),
  }),
  defineJob({
    name: 'marketplace.sweep',
    cron: '* * * * *',
    onStart: { all: true },
    handler: sweepSubmissions,
  }),
  defineJob({ name: 'marketplace.sweepFiles', cron: '23 * * * *', handler: sweepFiles }),
]
