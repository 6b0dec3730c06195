import type { Ctx } from '../context.ts'

/** Every kind of job with the data it takes. Data are ids: the row is the truth, the job only a nudge to look at it. */
export interface JobData {
  'outbox.deliver': { outboxId: string }
  'stripe.event': { eventId: string }
  'stripe.refund': { refundId: string }
  'stripe.checkout': { checkoutId: string }
  'stripe.cancel': { subscriptionId: string }
  'payments.sync': Record<string, never>
  'payments.reconcile': Record<string, never>
  'payments.sweep': Record<string, never>
  'licenses.expire': Record<string, never>
  'licenses.remind': Record<string, never>
  'auth.mail': { kind: 'verify-email' | 'reset-password'; sealedEmail: string; requestId: string }
  'auth.purge': Record<string, never>
  'maintenance.sweep': Record<string, never>
  'maintenance.purge': Record<string, never>
}
export type JobName = keyof JobData

export interface JobDefinition<N extends JobName = JobName> {
  name: N
  /** Must be idempotent: a job runs at least once, sometimes twice. */
  handler(ctx: Ctx, data: JobData[N]): Promise<void>
  /** Runs by itself, five-field cron in UTC. */
  cron?: string
  /** Also runs when a worker starts, to take up at once what a stop left behind. */
  onStart?: boolean
  /** Retries after the first failure, with exponential backoff; default 8 (about an hour). */
  retryLimit?: number
  /** Jobs of this kind that run at once in one process; default 2. */
  concurrency?: number
}

/** Keeps the link between a job's name and the type of its data. */
export const defineJob = <N extends JobName>(definition: JobDefinition<N>): JobDefinition<N> => definition

export interface EnqueueOptions {
  startAfterSeconds?: number
  /** At most one waiting job per key. */
  singletonKey?: string
}
