import type { Context } from '../context.ts'
import type { Invoice, PaymentIntent, PaymentMethod, Subscription } from '../types.ts'
import { attemptInvoice, concludeAttempt, finalizeInvoice } from './invoice.ts'
import { subscriptionIdOf } from './invoice-lines.ts'
import type { ConfirmOptions, Payment } from './payment-attempt.ts'
import { isOver, paymentMethodOf } from './subscription.ts'

const DAY = 86_400

/** Tries to collect an open invoice and lets its subscription follow. */
export function collectInvoice(
  ctx: Context,
  invoice: Invoice,
  method: PaymentMethod | undefined,
  options: ConfirmOptions,
): Payment {
  const payment = attemptInvoice(ctx, invoice, method, options)
  // Without any method there is no attempt at the bank, but billing still counts it as failed.
  if (payment.outcome === 'failed' && !method) concludeAttempt(ctx, invoice, payment)
  followInvoice(ctx, invoice, payment)
  return payment
}

/** What an invoice's fate means for its subscription. */
export function followInvoice(ctx: Context, invoice: Invoice, payment: Payment): void {
  const subscription = ctx.find('subscription', subscriptionIdOf(invoice))
  if (!subscription || isOver(subscription)) return
  if (invoice.status === 'paid') {
    settleSubscription(ctx, subscription)
    return
  }
  if (payment.outcome === 'processing') {
    // A bank debit on its way counts as paid until the bank says otherwise.
    if (subscription.status === 'incomplete') activate(ctx, subscription)
    return
  }
  if (subscription.status === 'incomplete') return
  if (subscription.latest_invoice === invoice.id && ['active', 'trialing'].includes(subscription.status)) {
    ctx.changeAndEmit('customer.subscription.updated', subscription, { status: 'past_due' })
  }
  if (payment.outcome === 'failed') planRetry(ctx, invoice, subscription)
}

export function settleSubscription(ctx: Context, subscription: Subscription): void {
  ctx.unschedule('subscription_incomplete', subscription.id)
  if (['incomplete', 'past_due', 'unpaid'].includes(subscription.status)) activate(ctx, subscription)
}

function activate(ctx: Context, subscription: Subscription): void {
  ctx.unschedule('subscription_incomplete', subscription.id)
  ctx.changeAndEmit('customer.subscription.updated', subscription, { status: 'active' })
}

/** Dunning: the account's schedule of retries, then its end. */
function planRetry(ctx: Context, invoice: Invoice, subscription: Subscription): void {
  const used = invoice._sandbox?.retriesUsed ?? 0
  const days = ctx.settings.dunningRetryDays[used]
  if (days !== undefined) {
    const at = ctx.now + days * DAY
    ctx.change(invoice, {
      next_payment_attempt: at,
      _sandbox: { token: '', ...invoice._sandbox, retriesUsed: used + 1 },
    })
    ctx.schedule('invoice_retries', invoice.id, at)
    return
  }
  ctx.changeAndEmit('invoice.updated', invoice, { next_payment_attempt: null, auto_advance: false })
  switch (ctx.settings.dunningEnd) {
    case 'canceled':
      endSubscription(ctx, subscription, 'payment_failed')
      return
    case 'unpaid':
      ctx.changeAndEmit('customer.subscription.updated', subscription, { status: 'unpaid' })
      return
    case 'past_due':
  }
}

export function retryInvoice(ctx: Context, invoice: Invoice): void {
  const subscription = ctx.find('subscription', subscriptionIdOf(invoice))
  if (invoice.status !== 'open' || !subscription || isOver(subscription)) return
  collectInvoice(ctx, invoice, paymentMethodOf(ctx, subscription), { offSession: true })
}

/** A renewal draft's hour has passed. */
export function autoFinalize(ctx: Context, invoice: Invoice): void {
  if (invoice.status !== 'draft') return
  finalizeInvoice(ctx, invoice)
  const subscription = ctx.find('subscription', subscriptionIdOf(invoice))
  if (invoice.status !== 'open') {
    followInvoice(ctx, invoice, { outcome: 'succeeded' })
    return
  }
  if (invoice.collection_method === 'send_invoice') {
    ctx.emit('invoice.sent', invoice)
    return
  }
  if (subscription && !isOver(subscription)) {
    collectInvoice(ctx, invoice, paymentMethodOf(ctx, subscription), { offSession: true })
  }
}

/** Ends a subscription now; open invoices of it are no longer collected. */
export function endSubscription(
  ctx: Context,
  subscription: Subscription,
  reason: 'cancellation_requested' | 'payment_failed' | 'payment_disputed',
): void {
  ctx.unschedule('subscription_period', subscription.id)
  ctx.unschedule('subscription_trial_warning', subscription.id)
  ctx.unschedule('subscription_incomplete', subscription.id)
  ctx.change(subscription, {
    status: 'canceled',
    canceled_at: subscription.canceled_at ?? ctx.now,
    ended_at: ctx.now,
    cancellation_details: {
      comment: null,
      feedback: null,
      feedback_option: null,
      ...subscription.cancellation_details,
      reason,
    },
  })
  const open = ctx.all('invoice', { 'parent.subscription_details.subscription': subscription.id })
  for (const invoice of open.filter(({ status }) => status === 'open' || status === 'draft')) {
    ctx.unschedule('invoice_retries', invoice.id)
    ctx.unschedule('invoice_finalizes', invoice.id)
    ctx.change(invoice, { auto_advance: false, next_payment_attempt: null, automatically_finalizes_at: null })
  }
  ctx.emit('customer.subscription.deleted', subscription)
}

/** Lets an invoice and its subscription follow an intent that was settled outside an attempt (3-D Secure, bank debit). */
export function followIntent(ctx: Context, intent: PaymentIntent, payment: Payment): void {
  const invoice = ctx.find('invoice', intent._sandbox?.invoice)
  if (invoice?.status !== 'open') return
  concludeAttempt(ctx, invoice, payment)
  followInvoice(ctx, invoice, payment)
}
