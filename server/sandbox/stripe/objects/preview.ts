import type { Context } from '../context.ts'
import type { Params } from '../params.ts'
import type { Invoice, Subscription } from '../types.ts'
import { draftSubscriptionInvoice } from './billing.ts'
import { type Interval, nextPeriodEnd } from './calendar.ts'
import { newSubscription, periodOf, withPeriod } from './subscription.ts'
import { updateSubscription } from './subscription-update.ts'

/** Does it for real inside a savepoint and takes everything back: the preview can then not differ from the real thing. */
export function preview(base: Context, params: Params): Invoice {
  const subscriptionId = params.str('subscription')
  const details = params.obj('subscription_details')
  const customerId = params.str('customer')
  params.ignore(
    'automatic_tax',
    'currency',
    'discounts',
    'customer_details',
    'preview_mode',
    'issuer',
    'invoice_items',
  )
  base.store.db.exec('SAVEPOINT preview')
  try {
    const owner = subscriptionId
      ? base.get('subscription', subscriptionId, 'subscription').customer
      : customerId
    if (!owner) throw params.missing('customer')
    const ctx = base.forCustomer(owner)
    const subscription = subscriptionId
      ? changed(ctx, subscriptionId, details)
      : imagined(ctx, owner, details ?? params)
    params.done()
    if (subscriptionId) {
      const [item] = subscription.items.data
      const start = periodOf(subscription).end
      const recurring = item?.price.recurring
      const end = nextPeriodEnd(
        subscription.billing_cycle_anchor,
        (recurring?.interval ?? 'month') as Interval,
        recurring?.interval_count ?? 1,
        start,
      )
      ctx.change(subscription, { items: withPeriod(subscription, { start, end }) })
    }
    const invoice = draftSubscriptionInvoice(ctx, subscription, 'upcoming')
    return { ...invoice, id: `upcoming_${invoice.id}` }
  } finally {
    base.store.db.exec('ROLLBACK TO preview')
    base.store.db.exec('RELEASE preview')
  }
}

function changed(ctx: Context, id: string, details: Params | undefined): Subscription {
  const subscription = ctx.get('subscription', id)
  return details ? updateSubscription(ctx, subscription, details) : subscription
}

function imagined(ctx: Context, customer: string, details: Params): Subscription {
  const items = (details.objects('items') ?? []).map((entry) => ({
    price: ctx.get('price', entry.need('price'), entry.name('price')),
    quantity: entry.int('quantity') ?? 1,
  }))
  const [first] = items
  if (!first) throw details.missing('items')
  const trialEnd = details.str('trial_end')
  return newSubscription(ctx, {
    customer: ctx.get('customer', customer, 'customer'),
    items,
    currency: first.price.currency,
    data: trialEnd && trialEnd !== 'now' ? { trialEnd: Number(trialEnd) } : {},
  })
}
