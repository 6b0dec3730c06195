import type { Context } from '../context.ts'
import { invalid, StripeFault } from '../errors.ts'
import { mergeMetadata, type Params } from '../params.ts'
import type { Subscription, SubscriptionItem } from '../types.ts'
import { collectInvoice, draftSubscriptionInvoice, pause, reschedule, turnPeriod } from './billing.ts'
import { addIntervals, type Interval } from './calendar.ts'
import { planOf } from './catalog.ts'
import { readDiscount, redeem } from './discounts.ts'
import { finalizeInvoice } from './invoice.ts'
import { createInvoiceItem } from './invoice-lines.ts'
import { isOver, itemAmount, newItem, paymentMethodOf, periodOf, withPeriod } from './subscription.ts'

type Proration = 'create_prorations' | 'always_invoice' | 'none'

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
  if (!isOver(subscription)) reschedule(ctx, subscription)
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

/** The items as they shall be; those not named stay. */
function readItems(ctx: Context, subscription: Subscription, given: Params[]): SubscriptionItem[] {
  const items = [...subscription.items.data]
  for (const entry of given) {
    const id = entry.str('id')
    const priceId = entry.str('price')
    const quantity = entry.int('quantity')
    const removes = entry.bool('deleted') ?? false
    const price = priceId ? ctx.get('price', priceId, entry.name('price')) : undefined
    if (price && !price.recurring) throw invalid('The price specified is not recurring.', entry.name('price'))
    entry.ignore('clear_usage', 'discounts', 'tax_rates', 'billing_thresholds')
    if (!id) {
      if (!price) throw entry.missing('price')
      items.push(
        newItem(
          ctx,
          subscription.id,
          { price, quantity: quantity ?? 1, metadata: mergeMetadata(null, entry) },
          periodOf(subscription),
        ),
      )
      continue
    }
    const index = items.findIndex((item) => item.id === id)
    const item = items[index]
    if (!item) throw invalid(`Invalid subscription item: ${id}`, entry.name('id'), 'resource_missing')
    const metadata = mergeMetadata(item.metadata, entry)
    if (removes) items.splice(index, 1)
    else {
      items[index] = {
        ...item,
        metadata,
        quantity: quantity ?? item.quantity,
        ...(price ? { price, plan: planOf(price) } : {}),
      }
    }
  }
  if (items.length === 0) throw invalid('A subscription must have at least one active price.', 'items')
  return items
}

/** Replaces the items; what was paid and not used is credited, what is new is charged for the rest of the period. */
function changeItems(
  ctx: Context,
  subscription: Subscription,
  next: SubscriptionItem[],
  proration: Proration,
  at: number,
  resetAnchor: boolean,
): void {
  const old = subscription.items.data
  const [was, is] = [old[0]?.price.recurring, next[0]?.price.recurring]
  const newInterval = was?.interval !== is?.interval || was?.interval_count !== is?.interval_count
  const period = periodOf(subscription)
  const fraction = Math.min(1, Math.max(0, (period.end - at) / Math.max(1, period.end - period.start)))
  const trialing = subscription.status === 'trialing'
  const resets = (newInterval || resetAnchor) && !trialing
  if (proration !== 'none' && !trialing) {
    for (const item of old) {
      const after = next.find(({ id }) => id === item.id)
      const same = after?.price.id === item.price.id && after?.quantity === item.quantity
      if (same && !resets) continue
      prorate(
        ctx,
        subscription,
        item,
        -Math.round(itemAmount(subscription, item) * fraction),
        'Unused time on',
        at,
        period.end,
      )
      if (after && !resets) {
        prorate(
          ctx,
          subscription,
          after,
          Math.round(itemAmount(subscription, after) * fraction),
          'Remaining time on',
          at,
          period.end,
        )
      }
    }
    for (const item of resets ? [] : next.filter(({ id }) => !old.some((known) => known.id === id))) {
      prorate(
        ctx,
        subscription,
        item,
        Math.round(itemAmount(subscription, item) * fraction),
        'Remaining time on',
        at,
        period.end,
      )
    }
  }
  ctx.change(subscription, { items: { ...subscription.items, data: next } })
  if (!resets || !is) return
  const end = addIntervals(ctx.now, is.interval as Interval, is.interval_count)
  ctx.change(subscription, {
    billing_cycle_anchor: ctx.now,
    items: withPeriod(subscription, { start: ctx.now, end }),
  })
  // A new rhythm begins with a full invoice of its own.
  const invoice = draftSubscriptionInvoice(ctx, subscription, 'subscription_update')
  ctx.change(subscription, { latest_invoice: invoice.id })
  finalizeInvoice(ctx, invoice)
  if (invoice.status === 'open') {
    collectInvoice(ctx, invoice, paymentMethodOf(ctx, subscription), { offSession: true })
    Object.assign(subscription, ctx.get('subscription', subscription.id))
  }
}

function prorate(
  ctx: Context,
  subscription: Subscription,
  item: SubscriptionItem,
  amountMinor: number,
  words: string,
  start: number,
  end: number,
): void {
  if (amountMinor === 0) return
  const product = ctx.find('product', item.price.product)?.name ?? item.price.id
  const quantity = item.quantity ?? 1
  createInvoiceItem(ctx, {
    customer: subscription.customer,
    amountMinor,
    currency: subscription.currency,
    description: `${words} ${quantity > 1 ? `${quantity} × ` : ''}${product} after ${new Date(start * 1000).toISOString().slice(0, 10)}`,
    quantity,
    price: item.price,
    period: { start, end },
    subscription: subscription.id,
    subscriptionItem: item.id,
    proration: true,
  })
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
  reschedule(ctx, subscription)
  finalizeInvoice(ctx, invoice)
  if (invoice.status === 'open')
    collectInvoice(ctx, invoice, paymentMethodOf(ctx, subscription), { offSession: true })
}
