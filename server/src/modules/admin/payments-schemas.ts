import { z } from 'zod'
import { pageInput } from '../../wire.ts'
import { planSchema } from '../payments/schemas.ts'

const webhookStatus = z.enum(['received', 'processed', 'ignored', 'failed', 'quarantined'])
export const webhookEventSchema = z.object({
  id: z.string(),
  type: z.string(),
  apiVersion: z.string().nullable(),
  status: webhookStatus,
  attempts: z.number(),
  lastError: z.string().nullable(),
  occurredAt: z.date(),
  receivedAt: z.date(),
  processedAt: z.date().nullable(),
})
export const webhookEventsInput = z.strictObject({
  status: webhookStatus.optional(),
  type: z.string().min(1).max(200).optional(),
  ...pageInput(50),
})
export const webhookEventsOutput = z.object({
  items: z.array(webhookEventSchema),
  nextCursor: z.string().nullable(),
})
export const replayWebhookInput = z.strictObject({ id: z.string().min(1).max(200) })

const jobState = z.enum(['created', 'retry', 'active', 'completed', 'cancelled', 'failed'])
export const jobsInput = z.strictObject({
  name: z.string().min(1).max(100).optional(),
  state: jobState.optional(),
  ...pageInput(50),
})
export const jobsOutput = z.object({
  items: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      state: jobState,
      subjects: z.array(z.string()).describe('Ids the job is about'),
      error: z.string().nullable(),
      retryCount: z.number(),
      retryLimit: z.number(),
      createdAt: z.date(),
      startAfter: z.date(),
      completedAt: z.date().nullable(),
    }),
  ),
  nextCursor: z.string().nullable(),
})
export const retryJobInput = z.strictObject({
  name: z.string().min(1).max(100),
  id: z.string().min(1).max(64),
})
export const retryJobOutput = z.object({ id: z.string(), name: z.string() })

const slug = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/)
const amountMinor = z.number().int().min(0).max(99_999_999)
const fields = {
  name: z.string().trim().min(1).max(100),
  amountMinor,
  maxDevices: z.number().int().min(0).max(10_000),
  seats: z.boolean(),
  updatesMonths: z.number().int().min(1).max(600).nullable(),
  renewalAmountMinor: amountMinor.nullable(),
  trialDays: z.number().int().min(0).max(730),
  entitlements: z.array(z.string().trim().min(1).max(200)).max(100),
  active: z.boolean(),
  position: z.number().int().min(-10_000).max(10_000),
}
export const adminPlanSchema = planSchema.extend({ active: z.boolean(), position: z.number() })
export const plansOutput = z.object({ items: z.array(adminPlanSchema) })
export const createPlanInput = z
  .strictObject({
    ...fields,
    slug,
    kind: z.enum(['perpetual', 'subscription']),
    currency: z.string().regex(/^[a-z]{3}$/),
    interval: z.enum(['month', 'year']).optional(),
    seats: fields.seats.default(false),
    updatesMonths: fields.updatesMonths.default(null),
    renewalAmountMinor: fields.renewalAmountMinor.default(null),
    trialDays: fields.trialDays.default(0),
    active: fields.active.default(true),
    position: fields.position.default(0),
  })
  .refine((plan) => (plan.kind === 'subscription') === (plan.interval !== undefined), {
    path: ['interval'],
    message: 'Subscriptions have an interval, perpetual plans have none.',
  })
export const updatePlanInput = z.strictObject({ slug, ...z.strictObject(fields).partial().shape })
export const archivePlanInput = z.strictObject({ slug })
