import { adminProcedure } from '../../trpc.ts'
import { listJobs, retryJob } from '../payments/service/admin-jobs.ts'
import { archivePlan, createPlan, listAllPlans, updatePlan } from '../payments/service/admin-plans.ts'
import { listEvents, replayEvent } from '../payments/service/admin-webhooks.ts'
import * as s from './payments-schemas.ts'

/** What admins do about payments; spread into the admin router. */
export const adminPaymentsProcedures = {
  webhookEvents: adminProcedure
    .meta({
      openapi: { method: 'GET', path: '/admin/webhook-events', summary: 'List what Stripe delivered' },
    })
    .input(s.webhookEventsInput)
    .output(s.webhookEventsOutput)
    .query(({ ctx, input }) => listEvents(ctx, input)),
  replayWebhook: adminProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/admin/webhook-events/{id}/replay',
        summary: 'Process an event again',
      },
    })
    .input(s.replayWebhookInput)
    .output(s.webhookEventSchema)
    .mutation(({ ctx, input }) => replayEvent(ctx, input)),

  jobs: adminProcedure
    .meta({ openapi: { method: 'GET', path: '/admin/jobs', summary: 'List the job queue' } })
    .input(s.jobsInput)
    .output(s.jobsOutput)
    .query(({ ctx, input }) => listJobs(ctx, input)),
  retryJob: adminProcedure
    .meta({
      openapi: { method: 'POST', path: '/admin/jobs/{name}/{id}/retry', summary: 'Try a failed job again' },
    })
    .input(s.retryJobInput)
    .output(s.retryJobOutput)
    .mutation(({ ctx, input }) => retryJob(ctx, input)),

  plans: adminProcedure
    .meta({ openapi: { method: 'GET', path: '/admin/plans', summary: 'List all plans' } })
    .output(s.plansOutput)
    .query(({ ctx }) => listAllPlans(ctx)),
  createPlan: adminProcedure
    .meta({ openapi: { method: 'POST', path: '/admin/plans', summary: 'Put a new plan on sale' } })
    .input(s.createPlanInput)
    .output(s.adminPlanSchema)
    .mutation(({ ctx, input }) => createPlan(ctx, input)),
  updatePlan: adminProcedure
    .meta({ openapi: { method: 'PATCH', path: '/admin/plans/{slug}', summary: 'Change a plan' } })
    .input(s.updatePlanInput)
    .output(s.adminPlanSchema)
    .mutation(({ ctx, input }) => updatePlan(ctx, input)),
  archivePlan: adminProcedure
    .meta({ openapi: { method: 'DELETE', path: '/admin/plans/{slug}', summary: 'Take a plan off sale' } })
    .input(s.archivePlanInput)
    .output(s.adminPlanSchema)
    .mutation(({ ctx, input }) => archivePlan(ctx, input)),
}
