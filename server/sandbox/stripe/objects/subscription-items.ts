import type { Context } from '../context.ts'
import { invalid } from '../errors.ts'
import { mergeMetadata, type Params } from '../params.ts'
import type { Subscription, SubscriptionItem } from '../types.ts'
import { draftSubscriptionInvoice } from './billing.ts'
import { addIntervals, type Interval } from './calendar.ts'
import { planOf } from './catalog.ts'
import { collectInvoice } from './collection.ts'
import { finalizeInvoice } from './invoice.ts'
import { createInvoiceItem } from './invoice-lines.ts'
import { itemAmount, newItem, paymentMethodOf, periodOf, withPeriod } from './subscription.ts'

type Proration = 'create_prorations' | 'always_invoice' | 'none'

/** The items as they shall be; those not named stay. */
export function readItems(ctx: Context, subscription: Subscription, given: Params[]): SubscriptionItem[] {
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
export function changeItems(
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
