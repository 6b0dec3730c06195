import type { Context } from '../context.ts'
import { invalid, StripeFault } from '../errors.ts'
import { mergeMetadata, type Params } from '../params.ts'
import type { Subscription } from '../types.ts'
import { draftSubscriptionInvoice, pause, scheduleSubscription, turnPeriod } from './billing.ts'
import { addIntervals, type Interval } from './calendar.ts'
import { collectInvoice } from './collection.ts'
import { readDiscount, redeem } from './discounts.ts'
import { finalizeInvoice } from './invoice.ts'
import { isOver, paymentMethodOf, periodOf, withPeriod } from './subscription.ts'
import { changeItems, readItems } from './subscription-items.ts'

/** `POST /v1/subscriptions/:id`. */
export function updateSubscription(base: Context, subscription: Subscription, params: Params): Subscription {
  const ctx = base.forCustomer(subscription.customer)
  const patch: Partial<Subscription> = { metadata: mergeMetadata(subscription.metadata, params) }
  const proration =
    params.oneOf('proration_behavior', ['create_prorations', 'always_invoice', 'none']) ?? 'create_prorations'
  const items = params.objects('items')
  readCancellation(ctx, subscription, params, patch)
  readSettings(ctx, subscription, params, patch)
  const trialEnd = params.str('trial_end')
  const behavior = params.oneOf('payment_behavior', [
    'allow_incomplete',
    'default_incomplete',
    'error_if_incomplete',
    'pending_if_incomplete',
  ])
  const prorationDate = params.int('proration_date') ?? ctx.now
  const resetAnchor = params.oneOf('billing_cycle_anchor', ['now', 'unchanged']) === 'now'
  const discount = readDiscount(ctx, params, {
    amountMinor: 0,
    currency: subscription.currency,
    customer: subscription.customer,
  })
  const clearsDiscounts = params.raw('discounts') === ''
  params.ignore(
    'expand',
    'payment_settings',
    'off_session',
    'invoice_settings',
    'add_invoice_items',
    'application_fee_percent',
    'transfer_data',
    'trial_settings',
    'trial_from_plan',
    'default_tax_rates',
    'billing_thresholds',
    'on_behalf_of',
    'automatic_tax',
  )
  const next = items ? readItems(ctx, subscription, items) : undefined
  params.done()
  const bare = params.given().every((key) => ['metadata', 'cancellation_details', 'expand'].includes(key))
  if (isOver(subscription) && !bare) {
    throw new StripeFault(400, {
      type: 'invalid_request_error',
      message: 'A canceled subscription can only update its cancellation_details and metadata.',
    })
  }
  const before = structuredClone(subscription)
  ctx.change(subscription, patch)
  if (discount) {
    const made = redeem(ctx, discount.coupon, discount.promotionCode, {
      customer: subscription.customer,
      subscription: subscription.id,
    })
    ctx.change(subscription, { discounts: [made.id] })
  } else if (clearsDiscounts) ctx.change(subscription, { discounts: [] })
  if (next) changeItems(ctx, subscription, next, proration, prorationDate, resetAnchor)
  if (trialEnd !== undefined) changeTrial(ctx, subscription, trialEnd)
  announceChange(ctx, before, subscription)
  if (!isOver(subscription)) scheduleSubscription(ctx, subscription)
  if (trialEnd === 'now') endTrialNow(ctx, subscription)
  else if (next && proration === 'always_invoice')
    invoiceNow(ctx, subscription, behavior === 'error_if_incomplete')
  return ctx.get('subscription', subscription.id)
}

/** One event for all that changed, with the former values. */
function announceChange(ctx: Context, before: Subscription, subscription: Subscription): void {
  const present = structuredClone(subscription)
  Object.assign(subscription, before)
  ctx.changeAndEmit('customer.subscription.updated', subscription, present)
}

function readCancellation(
  ctx: Context,
  subscription: Subscription,
  params: Params,
  patch: Partial<Subscription>,
): void {
  const atPeriodEnd = params.bool('cancel_at_period_end')
  const cancelAt = params.nullable('cancel_at')
  const details = params.obj('cancellation_details')
  const periodEnd = periodOf(subscription).end
  if (atPeriodEnd !== undefined && atPeriodEnd !== subscription.cancel_at_period_end) {
    patch.cancel_at_period_end = atPeriodEnd
    patch.cancel_at = atPeriodEnd ? periodEnd : null
    patch.canceled_at = atPeriodEnd ? ctx.now : null
  }
  if (cancelAt !== undefined) {
    const at =
      cancelAt === null
        ? null
        : /^(min|max)_period_end$/.test(cancelAt)
          ? periodEnd
          : params.needInt('cancel_at')
    if (at !== null && at <= ctx.now)
      throw invalid('cancel_at must be a timestamp in the future', 'cancel_at')
    patch.cancel_at = at
    patch.cancel_at_period_end = false
    patch.canceled_at = at === null ? null : ctx.now
  }
  if (details || patch.canceled_at !== undefined) {
    const reason = patch.canceled_at ? 'cancellation_requested' : null
    patch.cancellation_details = {
      comment: details?.str('comment') ?? subscription.cancellation_details?.comment ?? null,
      feedback:
        (details?.str('feedback') as
          | NonNullable<Subscription['cancellation_details']>['feedback']
          | undefined) ??
        subscription.cancellation_details?.feedback ??
        null,
      feedback_option: null,
      reason: patch.canceled_at === undefined ? (subscription.cancellation_details?.reason ?? null) : reason,
    }
  }
}

function readSettings(
  ctx: Context,
  subscription: Subscription,
  params: Params,
  patch: Partial<Subscription>,
): void {
  const method = params.nullable('default_payment_method')
  if (method !== undefined) {
    if (method !== null && ctx.find('payment_method', method)?.customer !== subscription.customer) {
      throw invalid(
        'The customer does not have a payment method with the ID given.',
        'default_payment_method',
        'resource_missing',
      )
    }
    patch.default_payment_method = method
  }
  const description = params.nullable('description')
  if (description !== undefined) patch.description = description
  const collection = params.oneOf('collection_method', ['charge_automatically', 'send_invoice'])
  if (collection) patch.collection_method = collection
  const days = params.int('days_until_due')
  if (days !== undefined) patch.days_until_due = days
  if (params.has('pause_collection')) {
    const collectionPause = params.obj('pause_collection')
    patch.pause_collection = collectionPause
      ? {
          behavior:
            collectionPause.oneOf('behavior', ['keep_as_draft', 'mark_uncollectible', 'void']) ??
            'keep_as_draft',
          resumes_at: collectionPause.int('resumes_at') ?? null,
        }
      : null
  }
}

function invoiceNow(ctx: Context, subscription: Subscription, strict: boolean): void {
  const invoice = draftSubscriptionInvoice(ctx, subscription, 'subscription_update', { onlyPending: true })
  ctx.change(subscription, { latest_invoice: invoice.id })
  finalizeInvoice(ctx, invoice)
  if (invoice.status !== 'open') return
  const payment = collectInvoice(ctx, invoice, paymentMethodOf(ctx, subscription), { offSession: true })
  if (payment.outcome === 'failed' && strict) throw new StripeFault(402, payment.fault.body)
}

function changeTrial(ctx: Context, subscription: Subscription, trialEnd: string): void {
  if (trialEnd === 'now') {
    ctx.change(subscription, { trial_end: ctx.now })
    return
  }
  const end = Number(trialEnd)
  if (!Number.isInteger(end) || end <= ctx.now)
    throw invalid('trial_end must be a timestamp in the future', 'trial_end')
  ctx.change(subscription, {
    trial_end: end,
    trial_start: subscription.trial_start ?? ctx.now,
    status: 'trialing',
    billing_cycle_anchor: end,
    items: withPeriod(subscription, { start: periodOf(subscription).start, end }),
  })
}

function endTrialNow(ctx: Context, subscription: Subscription): void {
  if (subscription.status !== 'trialing') return
  const wantsPause = subscription.trial_settings?.end_behavior.missing_payment_method === 'pause'
  if (wantsPause && !paymentMethodOf(ctx, subscription)) {
    pause(ctx, subscription)
    return
  }
  ctx.change(subscription, {
    billing_cycle_anchor: ctx.now,
    items: withPeriod(subscription, { start: periodOf(subscription).start, end: ctx.now }),
  })
  turnPeriod(ctx, subscription)
}

/** `POST /v1/subscriptions/:id/resume`: a paused subscription begins a new period and is billed for it. */
export function resumePaused(ctx: Context, subscription: Subscription): void {
  if (subscription.status !== 'paused') throw invalid('Only paused subscriptions can be resumed.')
  const [item] = subscription.items.data
  const interval = (item?.price.recurring?.interval ?? 'month') as Interval
  const end = addIntervals(ctx.now, interval, item?.price.recurring?.interval_count ?? 1)
  const previous = ctx.change(subscription, {
    status: 'active',
    billing_cycle_anchor: ctx.now,
    items: withPeriod(subscription, { start: ctx.now, end }),
  })
  const invoice = draftSubscriptionInvoice(ctx, subscription, 'subscription_update')
  ctx.change(subscription, { latest_invoice: invoice.id })
  ctx.emit('customer.subscription.resumed', subscription, previous)
  ctx.emit('customer.subscription.updated', subscription, previous)
  scheduleSubscription(ctx, subscription)
  finalizeInvoice(ctx, invoice)
  if (invoice.status === 'open')
    collectInvoice(ctx, invoice, paymentMethodOf(ctx, subscription), { offSession: true })
}
