import { forgetOldKeys } from '../idempotency.ts'
import { deliverOutbox, unsentOutbox } from '../mail/outbox.ts'
import { defineJob, sweptBefore } from './types.ts'

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
    onStart: { all: true },
    async handler(ctx, sweep) {
      await forgetOldKeys(ctx)
      for (const { outboxId, waitSeconds } of await unsentOutbox(ctx, sweptBefore(ctx, sweep))) {
        await ctx.deps.jobs.enqueue(
          ctx.db,
          'outbox.deliver',
          { outboxId },
          // One that failed keeps the wait before its next try.
          { singletonKey: outboxId, ...(waitSeconds > 0 ? { startAfterSeconds: waitSeconds } : {}) },
        )
      }
    },
  }),
]
