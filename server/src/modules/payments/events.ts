import type { Ctx } from '../../context.ts'
import { describe } from '../../errors/describe.ts'
import { settleAccount } from '../marketplace/service/sales/settle-account.ts'
import { findPaymentByIntent, findPaymentEvent } from './queries/payments.ts'
import { findWebhookEvent, finishAttempt, type WebhookEventRow } from './queries/webhooks.ts'
import { settleCheckout } from './settle/checkout.ts'
import { settleInvoice } from './settle/invoice.ts'
import { ignored, type Outcome } from './settle/outcome.ts'
import { recordPayment } from './settle/record.ts'
import { settleCharge, settlePayment } from './settle/route.ts'
import { settleSubscription } from './settle/subscription.ts'
import { isMissing } from './stripe/api.ts'

/** What an event is about. Only the id is believed; everything else is fetched. */
export type Subject =
  | 'checkout'
  | 'payment'
  | 'charge'
  | 'part'
  | 'warning'
  | 'subscription'
  | 'invoice'
  | 'account'

/** Every event type that moves something of ours. `part`: a refund or dispute, settled with the payment it belongs to. */
export const handledEvents: Readonly<Record<string, Subject>> = {
  'checkout.session.completed': 'checkout',
  'checkout.session.async_payment_succeeded': 'checkout',
  'checkout.session.async_payment_failed': 'checkout',
  'checkout.session.expired': 'checkout',
  'payment_intent.succeeded': 'payment',
  'payment_intent.payment_failed': 'payment',
  'payment_intent.processing': 'payment',
  'payment_intent.canceled': 'payment',
  'charge.succeeded': 'charge',
  'charge.failed': 'charge',
  'charge.refunded': 'charge',
  'charge.updated': 'charge',
  'charge.refund.updated': 'part',
  'refund.created': 'part',
  'refund.updated': 'part',
  'refund.failed': 'part',
  'charge.dispute.created': 'part',
  'charge.dispute.updated': 'part',
  'charge.dispute.closed': 'part',
  'charge.dispute.funds_withdrawn': 'part',
  'charge.dispute.funds_reinstated': 'part',
  'radar.early_fraud_warning.created': 'warning',
  'customer.subscription.created': 'subscription',
  'customer.subscription.updated': 'subscription',
  'customer.subscription.deleted': 'subscription',
  'customer.subscription.trial_will_end': 'subscription',
  'customer.subscription.paused': 'subscription',
  'customer.subscription.resumed': 'subscription',
  'invoice.created': 'invoice',
  'invoice.finalized': 'invoice',
  'invoice.updated': 'invoice',
  'invoice.paid': 'invoice',
  'invoice.payment_failed': 'invoice',
  'invoice.voided': 'invoice',
  'invoice.marked_uncollectible': 'invoice',
  'account.updated': 'account',
  'account.application.deauthorized': 'account',
}

interface Reference {
  id: string | null
  intentId: string | null
  chargeId: string | null
}

const textOf = (value: unknown): string | null => {
  if (typeof value === 'string') return value
  if (typeof value === 'object' && value !== null && 'id' in value && typeof value.id === 'string')
    return value.id
  return null
}

/** The ids in an event's payload; the same in every API version that Stripe has had. */
function referenceOf(event: WebhookEventRow): Reference {
  const data = event.payload.data
  const object: Record<string, unknown> =
    typeof data === 'object' && data !== null && 'object' in data && typeof data.object === 'object'
      ? { ...data.object }
      : {}
  return { id: textOf(object.id), intentId: textOf(object.payment_intent), chargeId: textOf(object.charge) }
}

async function settleEvent(ctx: Ctx, event: WebhookEventRow): Promise<Outcome> {
  const subject = Object.hasOwn(handledEvents, event.type) ? handledEvents[event.type] : undefined
  if (!subject) return ignored('not a type we follow')
  const { account } = event.payload
  if (subject === 'account') {
    return typeof account === 'string' ? settleAccount(ctx, account) : ignored('about our own account')
  }
  // Other events of connected accounts (publishers) are not about our own customers.
  if (typeof account === 'string') return ignored('of a connected account')
  const { id, intentId, chargeId } = referenceOf(event)
  if (!id) return ignored('names no object')
  switch (subject) {
    case 'checkout':
      return settleCheckout(ctx, id)
    case 'payment':
      return settlePayment(ctx, id)
    case 'charge':
      return intentId ? settlePayment(ctx, intentId) : settleCharge(ctx, id)
    case 'part':
      if (intentId) return settlePayment(ctx, intentId)
      return chargeId ? settleCharge(ctx, chargeId) : ignored('names no payment')
    case 'warning':
      return noteWarning(ctx, { warningId: id, intentId, chargeId })
    case 'subscription':
      return settleSubscription(ctx, id)
    case 'invoice':
      return settleInvoice(ctx, id)
  }
}

/** An early fraud warning is written into the timeline for people to see, and changes nothing by itself. */
async function noteWarning(
  ctx: Ctx,
  { warningId, intentId, chargeId }: { warningId: string; intentId: string | null; chargeId: string | null },
): Promise<Outcome> {
  const settled = intentId
    ? await settlePayment(ctx, intentId)
    : chargeId
      ? await settleCharge(ctx, chargeId)
      : ignored('names no payment')
  const payment = intentId ? await findPaymentByIntent(ctx.db, intentId) : undefined
  if (!payment) return settled
  const type = 'payment.early_fraud_warning'
  if (!(await findPaymentEvent(ctx.db, { paymentId: payment.id, type, cause: warningId }))) {
    await recordPayment(ctx, { paymentId: payment.id, type, cause: warningId })
  }
  return settled
}

/**
 * Processes one stored event. A failure is written to the event, where admins see it, and thrown, so that the queue tries
 * again with backoff; a later attempt or an admin's replay takes it up. Processing an event again changes nothing.
 */
export async function processEvent(ctx: Ctx, eventId: string): Promise<void> {
  const event = await findWebhookEvent(ctx.db, eventId)
  if (!event || event.status === 'processed' || event.status === 'ignored' || event.status === 'quarantined')
    return
  const stripeCtx: Ctx = { ...ctx, actor: { type: 'stripe', eventId } }
  try {
    const outcome = await settleOrIgnore(stripeCtx, event)
    await finishAttempt(ctx.db, eventId, {
      status: outcome.kind === 'settled' ? 'processed' : 'ignored',
      lastError: outcome.kind === 'ignored' ? outcome.why : null,
      processedAt: ctx.deps.clock.now(),
    })
  } catch (error) {
    await finishAttempt(ctx.db, eventId, { status: 'failed', lastError: describe(error), processedAt: null })
    throw error
  }
}

async function settleOrIgnore(ctx: Ctx, event: WebhookEventRow): Promise<Outcome> {
  try {
    return await settleEvent(ctx, event)
  } catch (error) {
    // A draft invoice may be deleted before we look.
    if (isMissing(error)) return ignored('there is no such object at Stripe (any more)')
    throw error
  }
}
