import { defineJob, sweptBefore } from '../../jobs/types.ts'
import { assignWaiting, sweepWaiting } from './service/assignment/assign.ts'
import { sweepAttachments } from './service/attachments/sweep.ts'
import { expireDiagnostics } from './service/diagnostics.ts'
import { receiveMail, sweepMails } from './service/mail/receive.ts'
import { followPlan } from './service/sla/plan.ts'
import { followPolicy } from './service/sla/settings.ts'
import { sweepSla } from './service/sla/sweep.ts'
import { runTimers } from './service/timers.ts'

export const supportJobs = [
  defineJob({
    name: 'support.mail',
    handler: (ctx, data) => receiveMail(ctx, data),
  }),
  defineJob({
    name: 'support.mails',
    cron: '* * * * *',
    onStart: { all: true },
    handler: (ctx, sweep) => sweepMails(ctx, sweptBefore(ctx, sweep)),
    concurrency: 1,
  }),
  defineJob({
    // Tickets on hold whose time is over, pending ones that nobody answers, solved ones that are over.
    name: 'support.timers',
    cron: '* * * * *',
    onStart: {},
    handler: (ctx, data) => runTimers(ctx, data),
    concurrency: 1,
  }),
  defineJob({
    name: 'support.assign',
    handler: (ctx, { queueId }) => assignWaiting(ctx, queueId),
  }),
  defineJob({
    // Whatever waits although somebody has room: a ticket that was locked when its turn came, a ban that is over.
    name: 'support.sweep',
    cron: '* * * * *',
    onStart: {},
    handler: (ctx) => sweepWaiting(ctx),
    concurrency: 1,
  }),
  defineJob({ name: 'support.forget', cron: '17 3 * * *', onStart: {}, handler: expireDiagnostics }),
  defineJob({ name: 'support.sweepFiles', cron: '41 * * * *', handler: sweepAttachments }),
  defineJob({
    // Warnings, and promises that were broken.
    name: 'support.sla',
    cron: '* * * * *',
    onStart: {},
    handler: (ctx, data) => sweepSla(ctx, data),
    concurrency: 1,
  }),
  defineJob({ name: 'support.slaChanged', handler: followPolicy, concurrency: 1 }),
  defineJob({ name: 'support.planChanged', handler: (ctx, { userId }) => followPlan(ctx, userId) }),
]
