import type { Context } from '../context.ts'
import type {
  Discount,
  Invoice,
  InvoiceLineItem,
  PaymentIntent,
  PaymentMethod,
  Subscription,
} from '../types.ts'
import { addIntervals, type Interval, nextPeriodEnd } from './calendar.ts'
import { amountIn } from './catalog.ts'
import { attemptInvoice, concludeAttempt, draftInvoice, finalizeInvoice, voidInvoice } from './invoice.ts'
import { newLine, subscriptionIdOf } from './invoice-lines.ts'
import type { ConfirmOptions, Payment } from './payment-intent.ts'
import { isOver, itemAmount, paymentMethodOf, periodOf, withPeriod } from './subscription.ts'

const DAY = 86_400
const TRIAL_WARNING_SECONDS = 3 * DAY
/** An unpaid first invoice expires the subscription after 23 hours. */
const INCOMPLETE_SECONDS = 23 * 3600

export interface StartOptions extends ConfirmOptions {
  method?: PaymentMethod
  /** `default_incomplete`: the first invoice waits for the customer. */
  wait?: boolean
  extraLines?: (invoice: string) => InvoiceLineItem[]
  session?: string
}

/** Announces a new subscription and collects its first invoice. */
export function startSubscription(ctx: Context, subscription: Subscription, options: StartOptions): Payment {
  ctx.emit('customer.subscription.created', subscription)
  const trialing = subscription.status === 'trialing'
  const invoice = draftSubscriptionInvoice(ctx, subscription, 'subscription_create', {
    free: trialing,
    extraLines: options.extraLines,
    session: options.session,
  })
  ctx.change(subscription, { latest_invoice: invoice.id })
  scheduleSubscription(ctx, subscription)
  finalizeInvoice(ctx, invoice)
  if (invoice.status === 'paid' || subscription.collection_method === 'send_invoice') {
    settleSubscription(ctx, subscription)
    return { outcome: 'succeeded' }
  }
  if (subscription.status === 'incomplete') {
    ctx.schedule('subscription_incomplete', subscription.id, ctx.now + INCOMPLETE_SECONDS)
  }
  if (options.wait) return { outcome: 'requires_action' }
  return collectInvoice(ctx, invoice, options.method ?? paymentMethodOf(ctx, subscription), options)
}

function scheduleSubscription(ctx: Context, subscription: Subscription): void {
  const end = subscription.cancel_at ?? Number.POSITIVE_INFINITY
  ctx.schedule('subscription_period', subscription.id, Math.min(end, periodOf(subscription).end))
  if (subscription.trial_end !== null && subscription.status === 'trialing') {
    ctx.schedule(
      'subscription_trial_warning',
      subscription.id,
      Math.max(ctx.now, subscription.trial_end - TRIAL_WARNING_SECONDS),
    )
  } else {
    ctx.unschedule('subscription_trial_warning', subscription.id)
  }
}

export const reschedule = scheduleSubscription

interface InvoiceOptions {
  free?: boolean
  extraLines?: (invoice: string) => InvoiceLineItem[]
  session?: string
  /** Only what is pending: prorations invoiced at once. */
  onlyPending?: boolean
}

/** The invoice of the present period, with whatever waits to be invoiced. */
export function draftSubscriptionInvoice(
  ctx: Context,
  subscription: Subscription,
  reason: NonNullable<Invoice['billing_reason']>,
  options: InvoiceOptions = {},
): Invoice {
  const customer = ctx.get('customer', subscription.customer)
  const period = periodOf(subscription)
  const items = (invoice: string): InvoiceLineItem[] =>
    subscription.items.data.map((item) => {
      const product = ctx.find('product', item.price.product)
      const unit = options.free ? 0 : (amountIn(item.price, subscription.currency) ?? 0)
      const name = product?.name ?? item.price.id
      return newLine(ctx, invoice, {
        amountMinor: options.free ? 0 : itemAmount(subscription, item),
        currency: subscription.currency,
        description: options.free
          ? `Trial period for ${name}`
          : `${item.quantity ?? 1} × ${name} (at ${(unit / 100).toFixed(2)} ${subscription.currency.toUpperCase()} / ${item.price.recurring?.interval})`,
        quantity: item.quantity ?? 1,
        period,
        price: item.price,
        unitMinor: unit,
        subscription: subscription.id,
        subscriptionItem: item.id,
        metadata: subscription.metadata,
      })
    })
  return draftInvoice(ctx, {
    customer,
    currency: subscription.currency,
    reason,
    subscription: { id: subscription.id, metadata: subscription.metadata },
    lines: (invoice) => [
      ...(options.onlyPending ? [] : items(invoice)),
      ...(options.extraLines?.(invoice) ?? []),
    ],
    includePending: true,
    discounts: activeDiscounts(ctx, subscription),
    collectionMethod: subscription.collection_method,
    daysUntilDue: subscription.days_until_due,
    autoAdvance: true,
    automaticTax: { enabled: subscription.automatic_tax.enabled, country: subscription._sandbox?.taxCountry },
    period: { start: period.start, end: period.end },
    hidden: options.session ? { session: options.session } : {},
  })
}

/** Discounts that still run; a `once` coupon counts for the first invoice only. */
function activeDiscounts(ctx: Context, subscription: Subscription): Discount[] {
  return subscription.discounts.flatMap((id) => {
    const discount = ctx.find('discount', id)
    if (!discount || (discount.end !== null && discount.end <= ctx.now)) return []
    const coupon = ctx.find('coupon', String(discount.source.coupon))
    const used = ctx.all('invoice', { 'discounts[0]': id }).length > 0
    return coupon?.duration === 'once' && used ? [] : [discount]
  })
}

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

function settleSubscription(ctx: Context, subscription: Subscription): void {
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

/** The end of a period: cancel, pause, or renew. */
export function turnPeriod(ctx: Context, subscription: Subscription): void {
  if (isOver(subscription) || subscription.status === 'paused') return
  if (subscription.cancel_at !== null && subscription.cancel_at <= ctx.now) {
    endSubscription(ctx, subscription, 'cancellation_requested')
    return
  }
  if (subscription.status === 'incomplete') return
  const trialEnds = subscription.status === 'trialing'
  if (trialEnds && !paymentMethodOf(ctx, subscription) && !endTrialWithoutMethod(ctx, subscription)) return
  renew(ctx, subscription)
}

/** True when the subscription goes on (its invoice will then fail to be collected). */
function endTrialWithoutMethod(ctx: Context, subscription: Subscription): boolean {
  switch (subscription.trial_settings?.end_behavior.missing_payment_method) {
    case 'cancel':
      endSubscription(ctx, subscription, 'payment_failed')
      return false
    case 'pause':
      pause(ctx, subscription)
      return false
    default:
      return true
  }
}

export function pause(ctx: Context, subscription: Subscription): void {
  const previous = ctx.change(subscription, { status: 'paused' })
  ctx.emit('customer.subscription.paused', subscription, previous)
  ctx.emit('customer.subscription.updated', subscription, previous)
}

function renew(ctx: Context, subscription: Subscription): void {
  const [item] = subscription.items.data
  const interval = (item?.price.recurring?.interval ?? 'month') as Interval
  const count = item?.price.recurring?.interval_count ?? 1
  const start = periodOf(subscription).end
  const end = nextPeriodEnd(subscription.billing_cycle_anchor, interval, count, start)
  const previous = ctx.change(subscription, {
    items: withPeriod(subscription, { start, end }),
    status: subscription.status === 'trialing' ? 'active' : subscription.status,
  })
  const invoice = draftSubscriptionInvoice(ctx, subscription, 'subscription_cycle')
  ctx.change(subscription, { latest_invoice: invoice.id })
  ctx.emit('customer.subscription.updated', subscription, previous)
  scheduleSubscription(ctx, subscription)
  // An unpaid subscription's invoices stay drafts: nobody is asked for money any more.
  if (subscription.status === 'unpaid' || subscription.pause_collection) return
  const finalizesAt = ctx.now + ctx.settings.draftSeconds
  ctx.change(invoice, { automatically_finalizes_at: finalizesAt })
  ctx.schedule('invoice_finalizes', invoice.id, finalizesAt)
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

/** 23 hours without a first payment. */
export function expireIncomplete(ctx: Context, subscription: Subscription): void {
  if (subscription.status !== 'incomplete') return
  ctx.unschedule('subscription_period', subscription.id)
  const invoice = ctx.find('invoice', subscription.latest_invoice)
  if (invoice?.status === 'open') voidInvoice(ctx, invoice)
  ctx.changeAndEmit('customer.subscription.updated', subscription, {
    status: 'incomplete_expired',
    ended_at: ctx.now,
  })
}

export function warnOfTrialEnd(ctx: Context, subscription: Subscription): void {
  if (subscription.status === 'trialing') ctx.emit('customer.subscription.trial_will_end', subscription)
}

/** Lets an invoice and its subscription follow an intent that was settled outside an attempt (3-D Secure, bank debit). */
export function followIntent(ctx: Context, intent: PaymentIntent, payment: Payment): void {
  const invoice = ctx.find('invoice', intent._sandbox?.invoice)
  if (invoice?.status !== 'open') return
  concludeAttempt(ctx, invoice, payment)
  followInvoice(ctx, invoice, payment)
}

/** End of the first period for a given price, for previews and resets of the anchor. */
export function periodFrom(start: number, interval: Interval, count: number): { start: number; end: number } {
  return { start, end: addIntervals(start, interval, count) }
}
