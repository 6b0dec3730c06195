import type { Context } from '../context.ts'
import { invalid, StripeFault } from '../errors.ts'
import { mergeMetadata, type Params } from '../params.ts'
import type { CheckoutSession, Coupon, LineItem, Price } from '../types.ts'
import { amountIn, createPrice } from './catalog.ts'
import { discountOn } from './discounts.ts'
import { taxOn } from './tax.ts'

export function readLineItems(ctx: Context, params: Params, mode: 'payment' | 'subscription'): LineItem[] {
  const given = params.objects('line_items')
  if (!given || given.length === 0) throw params.missing('line_items')
  if (given.length > 100) throw invalid('line_items can have up to 100 entries', 'line_items')
  const wanted = params.currency('currency')
  const items = given.map((entry) => {
    const priceId = entry.str('price')
    const data = entry.obj('price_data')
    if (!priceId && !data) throw entry.missing('price')
    const price = data
      ? createPrice(ctx, data, { inline: true })
      : activePrice(ctx, priceId ?? '', entry.name('price'))
    const quantity = entry.int('quantity') ?? 1
    if (quantity < 1)
      throw invalid('Invalid positive integer', entry.name('quantity'), 'parameter_invalid_integer')
    entry.ignore('adjustable_quantity', 'tax_rates', 'dynamic_tax_rates')
    return newLineItem(ctx, price, quantity, wanted ?? price.currency, entry)
  })
  if (new Set(items.map((item) => item.currency)).size > 1) {
    throw invalid('All line items must have the same currency.', 'line_items')
  }
  const recurring = items.filter((item) => item.price.recurring)
  if (mode === 'payment' && recurring.length > 0) {
    throw invalid(
      'You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode or use only one-time prices.',
      'line_items',
    )
  }
  if (mode === 'subscription' && recurring.length === 0) {
    throw invalid(
      'You must provide at least one recurring price in `subscription` mode when using prices.',
      'line_items',
    )
  }
  return items
}

function activePrice(ctx: Context, id: string, param: string): Price {
  const price = ctx.get('price', id, param)
  if (!price.active) {
    throw invalid(
      `The price specified is inactive. This field only accepts active prices.`,
      param,
      'resource_missing',
    )
  }
  return price
}

function newLineItem(
  ctx: Context,
  price: Price,
  quantity: number,
  currency: string,
  params: Params,
): LineItem {
  const unit = amountIn(price, currency)
  if (unit === undefined) {
    throw new StripeFault(400, {
      type: 'invalid_request_error',
      message: `The price specified supports currencies of \`${Object.keys(price.currency_options ?? {}).join('`, `')}\`. This doesn't match the expected currency: \`${currency}\`.`,
      param: params.name('price'),
    })
  }
  const amount = unit * quantity
  return {
    id: ctx.id('li'),
    object: 'item',
    adjustable_quantity: null,
    amount_discount: 0,
    amount_subtotal: amount,
    amount_tax: 0,
    amount_total: amount,
    currency,
    description: ctx.find('product', price.product)?.name ?? null,
    metadata: mergeMetadata(null, params),
    price,
    quantity,
  }
}

/** Spreads the discount over the lines, adds tax for the customer's country, and sums up. */
export function applyTotals(session: CheckoutSession, coupon: Coupon | undefined): void {
  const items = session._sandbox?.lineItems ?? []
  const trial = session._sandbox?.subscriptionData
  const isTrial = trial?.trialEnd !== undefined || trial?.trialPeriodDays !== undefined
  const subtotal = items.reduce(
    (sum, item) => sum + (isTrial && item.price.recurring ? 0 : item.amount_subtotal),
    0,
  )
  const discountTotal = discountOn(coupon, subtotal)
  let spread = 0
  for (const [index, item] of items.entries()) {
    const dueNow = isTrial && item.price.recurring ? 0 : item.amount_subtotal
    const last = index === items.length - 1
    item.amount_discount = last
      ? discountTotal - spread
      : subtotal === 0
        ? 0
        : Math.round((discountTotal * dueNow) / subtotal)
    spread += item.amount_discount
    const inclusive = item.price.tax_behavior === 'inclusive'
    const taxable = dueNow - item.amount_discount
    item.amount_tax = session.automatic_tax.enabled
      ? taxOn(taxable, session._sandbox?.taxCountry, inclusive)
      : 0
    item.amount_total = taxable + (inclusive ? 0 : item.amount_tax)
  }
  session.amount_subtotal = subtotal
  session.amount_total = items.reduce((sum, item) => sum + item.amount_total, 0)
  session.total_details = {
    amount_discount: discountTotal,
    amount_shipping: 0,
    amount_tax: items.reduce((sum, item) => sum + item.amount_tax, 0),
  }
}
