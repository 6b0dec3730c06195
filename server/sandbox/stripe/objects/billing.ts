import type { Context } from '../context.ts'
import type { Discount, Invoice, InvoiceLineItem, PaymentMethod, Subscription } from '../types.ts'
import { type Interval, nextPeriodEnd } from './calendar.ts'
import { amountIn } from './catalog.ts'
import { collectInvoice, endSubscription, settleSubscription } from './collection.ts'
import { finalizeInvoice, voidInvoice } from './invoice.ts'
import { draftInvoice } from './invoice-draft.ts'
import { newLine } from './invoice-lines.ts'
import type { ConfirmOptions, Payment } from './payment-attempt.ts'
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

/** Sets when the period turns and when a trial's end is announced. */
export function scheduleSubscription(ctx: Context, subscription: Subscription): void {
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
