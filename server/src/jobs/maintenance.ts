import { deliverOutbox, unsentOutbox } from '../mail/outbox.ts'
import { defineJob } from './types.ts'

/** Rows younger than this have a job of their own on its way. */
const SWEEP_AGE_SECONDS = 60

export const maintenanceJobs = [
  defineJob({
    name: 'outbox.deliver',
    handler: (ctx, { outboxId }) => deliverOutbox(ctx, outboxId),
    concurrency: 4,
  }),
  defineJob({
    // The rows are the truth: whatever a crash or a lost job left behind is nudged again.
    name: 'maintenance.sweep',
    cron: '* * * * *',
    async handler(ctx) {
      for (const outboxId of await unsentOutbox(ctx, SWEEP_AGE_SECONDS)) {
        await ctx.deps.jobs.enqueue(ctx.db, 'outbox.deliver', { outboxId }, { singletonKey: outboxId })
      }
    },
  }),
]
