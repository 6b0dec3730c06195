import type { supportPlan, ticketPriority } from '@devforge/db'
import { addMs, MINUTE } from '../clock.ts'
import type { Ctx } from '../context.ts'

/** A sweep takes up rows that have been waiting for a while; `all` at a start, when their jobs may have died with a process. */
export interface SweepData {
  all?: boolean
}

/** Rows younger than this have a job, or a request, on its way. */
const SWEEP_AGE_MS = MINUTE

/**
 * Rows from before this time are swept. Sweeping one that somebody is working on is harmless, since handlers are idempotent:
 * the age only spares the work.
 */
export const sweptBefore = (ctx: Ctx, { all = false }: SweepData): Date =>
  addMs(ctx.deps.clock.now(), all ? 0 : -SWEEP_AGE_MS)

/** Every kind of job with the data it takes. Data are ids: the row is the truth, the job only a nudge to look at it. */
export interface JobData {
  'outbox.deliver': { outboxId: string }
  'stripe.event': { eventId: string }
  'stripe.refund': { refundId: string }
  'stripe.checkout': { checkoutId: string }
  'stripe.cancel': { subscriptionId: string }
  'stripe.expire': { checkoutId: string }
  'payments.purge': Record<string, never>
  'payments.sync': Record<string, never>
  'payments.reconcile': Record<string, never>
  'payments.sweep': SweepData
  'sales.price': { priceId: string }
  'sales.move': { saleId: string }
  'sales.release': { publisherId: string }
  'licenses.expire': Record<string, never>
  'licenses.remind': Record<string, never>
  'marketplace.process': { submissionId: string }
  'marketplace.sweep': SweepData
  'marketplace.sweepFiles': Record<string, never>
  'auth.mail': { kind: 'verify-email' | 'reset-password'; sealedEmail: string; requestId: string }
  'auth.purge': Record<string, never>
  'analytics.rollUp': Record<string, never>
  'analytics.nightly': Record<string, never>
  'marketplace.rollUp': Record<string, never>
  'marketplace.trending': Record<string, never>
  'marketplace.related': { after?: string }
  'marketplace.domains': Record<string, never>
  'marketplace.rank': Record<string, never>
  'marketplace.words': Record<string, never>
  'marketplace.publisherChanged': { publisherId: string }
  /** `after`: where a run stopped whose time was over. */
  'support.timers': { after?: { timer: 'hold' | 'inactivity' | 'close'; id: string } }
  'support.assign': { queueId: string }
  'support.sweep': Record<string, never>
  'support.forget': Record<string, never>
  'support.sweepFiles': Record<string, never>
  'support.sla': { after?: { id: string; slaCheckAt: string } }
  'support.slaChanged': {
    plan: (typeof supportPlan.enumValues)[number]
    priority: (typeof ticketPriority.enumValues)[number]
    after?: string
    /** Some tickets that were left over. */
    only?: string[]
  }
  'support.planChanged': { userId: string }
  'support.mail': { mailId: string }
  'support.mails': SweepData
  'knowledge.purge': Record<string, never>
  'knowledge.reindex': { after?: string }
  'maintenance.sweep': SweepData
}
export type JobName = keyof JobData

export interface JobDefinition<N extends JobName = JobName> {
  name: N
  /** Must be idempotent: a job runs at least once, sometimes twice. */
  handler(ctx: Ctx, data: JobData[N]): Promise<void>
  /** Runs by itself, five-field cron in UTC. */
  cron?: string
  /** Also runs when a worker starts, with these data, to take up at once what a stop or a crash left behind. */
  onStart?: JobData[N]
  /** Retries after the first failure, with exponential backoff; default 8 (about an hour). */
  retryLimit?: number
  /** Jobs of this kind that run at once in one process; default 1 for what runs by the clock, else 2. */
  concurrency?: number
}

/** A job of whatever name, its data typed by it. */
export type AnyJob = { [N in JobName]: JobDefinition<N> }[JobName]

/** Keeps the link between a job's name and the type of its data. */
export const defineJob = <N extends JobName>(definition: JobDefinition<N>): JobDefinition<N> => definition

export interface EnqueueOptions {
  startAfterSeconds?: number
  /** At most one waiting job per key: a second one joins the first. */
  singletonKey?: string
}
