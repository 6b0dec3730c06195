import type { Context } from '../context.ts'
import { invalid, StripeFault } from '../errors.ts'
import { listOf } from '../lists.ts'
import { startSubscription } from '../objects/billing.ts'
import { endSubscription } from '../objects/collection.ts'
import { readDiscount, redeem } from '../objects/discounts.ts'
import { subscriptionData } from '../objects/payment-data.ts'
import { resolvePaymentMethod } from '../objects/payment-method.ts'
import { isOver, newSubscription } from '../objects/subscription.ts'
import { resumePaused, updateSubscription } from '../objects/subscription-update.ts'
import { mergeMetadata, Params, type Value } from '../params.ts'
import { del, get, post, type Route } from '../routing.ts'
import type { Subscription } from '../types.ts'
import { unsupportedSearch } from './catalog.ts'

/** `POST /v1/subscriptions`. */
function create(base: Context, params: Params): Subscription {
  const customer = base.get('customer', params.need('customer'), 'customer')
  const ctx = base.atClock(customer.test_clock)
  const items = params.objects('items')
  if (!items || items.length === 0) throw params.missing('items')
  const wanted = items.map((entry) => {
    const price = ctx.get('price', entry.need('price'), entry.name('price'))
    if (!price.recurring)
      throw invalid(
        'The price specified is set to `type=one_time` but this field only accepts prices with `type=recurring`.',
        entry.name('price'),
      )
    entry.ignore('tax_rates', 'discounts', 'billing_thresholds')
    return { price, quantity: entry.int('quantity') ?? 1, metadata: mergeMetadata(null, entry) }
  })
  const currency = params.currency('currency') ?? wanted[0]?.price.currency ?? 'usd'
  const data = subscriptionData(params)
  const behavior = params.oneOf('payment_behavior', [
    'allow_incomplete',
    'default_incomplete',
    'error_if_incomplete',
    'pending_if_incomplete',
  ])
  const methodId = params.str('default_payment_method')
  const method = methodId ? resolvePaymentMethod(ctx, methodId, 'default_payment_method') : undefined
  const tax = params.obj('automatic_tax')
  tax?.ignore('liability')
  const discount = readDiscount(ctx, params, { amountMinor: 0, currency, customer: customer.id })
  const input = {
    customer,
    items: wanted,
    currency,
    data,
    metadata: data.metadata,
    defaultPaymentMethod: method?.id,
    collectionMethod: params.oneOf('collection_method', ['charge_automatically', 'send_invoice']),
    daysUntilDue: params.int('days_until_due') ?? null,
    automaticTax: { enabled: tax?.bool('enabled') ?? false, country: customer.address?.country },
    billingCycleAnchor: params.int('billing_cycle_anchor'),
    cancelAtPeriodEnd: params.bool('cancel_at_period_end'),
    cancelAt: params.int('cancel_at'),
  }
  const offSession = params.bool('off_session')
  params.ignore(
    'payment_settings',
    'proration_behavior',
    'billing_mode',
    'invoice_settings',
    'add_invoice_items',
    'default_tax_rates',
    'promotion_code',
    'trial_from_plan',
    'billing_thresholds',
    'backdate_start_date',
    'pending_invoice_item_interval',
  )
  params.done()
  const [trialDays] = wanted.map(({ price }) => price.recurring?.trial_period_days ?? undefined)
  if (trialDays && data.trialEnd === undefined) data.trialPeriodDays ??= trialDays
  const subscription = newSubscription(ctx, input)
  if (discount) {
    const made = redeem(ctx, discount.coupon, discount.promotionCode, {
      customer: customer.id,
      subscription: subscription.id,
    })
    ctx.change(subscription, { discounts: [made.id] })
  }
  const payment = startSubscription(ctx, subscription, {
    method,
    offSession,
    wait: behavior === 'default_incomplete',
  })
  if (behavior === 'error_if_incomplete' && payment.outcome !== 'succeeded') {
    // Not a committing fault: nothing of the attempt stays.
    const body =
      payment.outcome === 'failed'
        ? payment.fault.body
        : {
            type: 'card_error' as const,
            code: 'subscription_payment_intent_requires_action',
            message:
              'Payment for this subscription requires additional user action before it can be completed successfully.',
          }
    throw new StripeFault(402, body)
  }
  return ctx.get('subscription', subscription.id)
}

export const subscriptionRoutes: Route[] = [
  post('/v1/subscriptions', ({ ctx, params }) => create(ctx, params)),
  get('/v1/subscriptions/search', unsupportedSearch),
  get('/v1/subscriptions/:id', ({ ctx, params, path }) => {
    params.done()
    return ctx.get('subscription', path('id'))
  }),
  get('/v1/subscriptions', ({ ctx, params }) => {
    const status = params.str('status')
    const price = params.str('price')
    const where = {
      customer: params.str('customer'),
      collection_method: params.str('collection_method'),
      test_clock: params.str('test_clock'),
    }
    params.ignore('current_period_end', 'current_period_start', 'automatic_tax')
    return listOf(ctx, 'subscription', params, '/v1/subscriptions', where, (subscription) => {
      if (price && !subscription.items.data.some((item) => item.price.id === price)) return false
      if (status === 'all') return true
      if (status === 'ended') return isOver(subscription)
      return status ? subscription.status === status : subscription.status !== 'canceled'
    })
  }),
  post('/v1/subscriptions/:id', ({ ctx, params, path }) =>
    updateSubscription(ctx, ctx.get('subscription', path('id')), params),
  ),
  del('/v1/subscriptions/:id', ({ ctx: base, params, path }) => {
    const subscription = base.get('subscription', path('id'))
    const ctx = base.forCustomer(subscription.customer)
    const details = params.obj('cancellation_details')
    const comment = details?.str('comment')
    const feedback = details?.str('feedback')
    params.ignore('invoice_now', 'prorate')
    params.done()
    if (isOver(subscription)) {
      throw new StripeFault(404, {
        type: 'invalid_request_error',
        code: 'resource_missing',
        message: `No such subscription: '${subscription.id}'`,
        param: 'id',
      })
    }
    if (details) {
      ctx.change(subscription, {
        cancellation_details: {
          comment: comment ?? null,
          feedback: (feedback ?? null) as NonNullable<Subscription['cancellation_details']>['feedback'],
          feedback_option: null,
          reason: 'cancellation_requested',
        },
      })
    }
    endSubscription(ctx, subscription, 'cancellation_requested')
    return subscription
  }),
  post('/v1/subscriptions/:id/resume', ({ ctx: base, params, path }) => {
    const subscription = base.get('subscription', path('id'))
    params.ignore('billing_cycle_anchor', 'proration_behavior', 'proration_date')
    params.done()
    resumePaused(base.forCustomer(subscription.customer), subscription)
    return base.get('subscription', subscription.id)
  }),
  del('/v1/subscriptions/:id/discount', ({ ctx, path }) => {
    const subscription = ctx.get('subscription', path('id'))
    const discount = ctx.find('discount', subscription.discounts[0])
    if (!discount) throw invalid('No active discount for this subscription.', undefined, 'resource_missing')
    ctx.changeAndEmit('customer.subscription.updated', subscription, { discounts: [] })
    ctx.emit('customer.discount.deleted', discount)
    return { ...discount, deleted: true }
  }),
]

/** Item calls are updates of their subscription, read in its words. */
function updateItem(
  ctx: Context,
  subscriptionId: string,
  params: Params,
  entry: Record<string, Value>,
): Subscription {
  const fields: Record<string, Value> = { items: [entry] }
  for (const key of ['proration_behavior', 'payment_behavior', 'proration_date']) {
    const value = params.raw(key)
    if (value !== undefined) fields[key] = value
  }
  params.done()
  return updateSubscription(ctx, ctx.get('subscription', subscriptionId), new Params(fields))
}

function ownerOf(ctx: Context, itemId: string): Subscription {
  const row = ctx.store
    .prepare(
      `SELECT o.id FROM objects o, json_each(o.json, '$.items.data') item
        WHERE o.kind = 'subscription' AND o.account = ? AND json_extract(item.value, '$.id') = ?`,
    )
    .get(ctx.account, itemId)
  if (!row) {
    throw new StripeFault(404, {
      type: 'invalid_request_error',
      code: 'resource_missing',
      message: `No such subscription_item: '${itemId}'`,
      param: 'id',
    })
  }
  return ctx.get('subscription', String(row.id))
}

function itemFields(params: Params, keys: string[]): Record<string, Value> {
  const entry: Record<string, Value> = {}
  for (const key of keys) {
    const value = params.raw(key)
    if (value !== undefined) entry[key] = value
  }
  return entry
}

export const subscriptionItemRoutes: Route[] = [
  get('/v1/subscription_items', ({ ctx, params }) => {
    const subscription = ctx.get('subscription', params.need('subscription'), 'subscription')
    params.ignore('limit')
    params.done()
    return subscription.items
  }),
  post('/v1/subscription_items', ({ ctx, params }) => {
    const id = params.need('subscription')
    const known = ctx.get('subscription', id, 'subscription').items.data.map((item) => item.id)
    const updated = updateItem(ctx, id, params, itemFields(params, ['price', 'quantity', 'metadata']))
    return updated.items.data.find((item) => !known.includes(item.id)) ?? updated.items
  }),
  get('/v1/subscription_items/:id', ({ ctx, path }) => {
    const item = ownerOf(ctx, path('id')).items.data.find(({ id }) => id === path('id'))
    return item ?? {}
  }),
  post('/v1/subscription_items/:id', ({ ctx, params, path }) => {
    const id = path('id')
    const entry = { id, ...itemFields(params, ['price', 'quantity', 'metadata']) }
    const updated = updateItem(ctx, ownerOf(ctx, id).id, params, entry)
    return updated.items.data.find((item) => item.id === id) ?? {}
  }),
  del('/v1/subscription_items/:id', ({ ctx, params, path }) => {
    const id = path('id')
    params.ignore('clear_usage')
    updateItem(ctx, ownerOf(ctx, id).id, params, { id, deleted: 'true' })
    return { id, object: 'subscription_item', deleted: true }
  }),
]
