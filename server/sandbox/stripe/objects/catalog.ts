import type { Context } from '../context.ts'
import { invalid, StripeFault } from '../errors.ts'
import { mergeMetadata, type Params } from '../params.ts'
import type { Plan, Price, Product } from '../types.ts'

/** Creates a product from `POST /v1/products` or from inline `product_data`. */
export function createProduct(ctx: Context, params: Params, inline = false): Product {
  const id = (inline ? undefined : params.str('id')) ?? ctx.id('prod')
  if (ctx.store.seqOf(id) !== undefined) {
    throw invalid(`Product already exists: ${id}`, 'id', 'resource_already_exists')
  }
  const product: Product = {
    id,
    object: 'product',
    active: params.bool('active') ?? true,
    created: ctx.now,
    default_price: null,
    description: params.str('description') ?? null,
    images: params.strings('images') ?? [],
    livemode: false,
    marketing_features: (params.objects('marketing_features') ?? []).map((feature) => ({
      name: feature.need('name'),
    })),
    metadata: mergeMetadata(null, params),
    name: params.need('name'),
    package_dimensions: null,
    shippable: params.bool('shippable') ?? null,
    statement_descriptor: params.str('statement_descriptor') ?? null,
    tax_code: params.str('tax_code') ?? null,
    tax_details: null,
    type: 'service',
    unit_label: params.str('unit_label') ?? null,
    updated: ctx.now,
    url: params.str('url') ?? null,
  }
  const priceData = inline ? undefined : params.obj('default_price_data')
  params.ignore('type', 'tax_details', 'package_dimensions')
  ctx.add('product', product)
  ctx.emit('product.created', product)
  if (priceData) {
    const price = createPrice(ctx, priceData, { product: product.id })
    ctx.changeAndEmit('product.updated', product, { default_price: price.id })
  }
  return product
}

const INTERVALS = ['day', 'week', 'month', 'year'] as const

/**
 * Creates a price from `POST /v1/prices` or inline `price_data`.
 * A lookup key belongs to one active price; `transfer_lookup_key` takes it from its holder.
 */
export function createPrice(
  ctx: Context,
  params: Params,
  given: { product?: string; inline?: boolean } = {},
): Price {
  const currency = params.needCurrency('currency')
  const { minor, decimal } = readAmount(params)
  const recurring = params.obj('recurring')
  const productData = given.product ? undefined : params.obj('product_data')
  const productId = given.product ?? params.str('product')
  if (!productId && !productData) throw params.missing('product')
  const product = productId ? ctx.get('product', productId, params.name('product')) : undefined
  const lookupKey = given.inline ? undefined : params.str('lookup_key')
  if (lookupKey) claimLookupKey(ctx, lookupKey, params.bool('transfer_lookup_key') ?? false)
  const interval = recurring?.oneOf('interval', INTERVALS)
  if (recurring && !interval) throw recurring.missing('interval')
  const taxBehavior = params.oneOf('tax_behavior', ['exclusive', 'inclusive', 'unspecified'])
  const options = readCurrencyOptions(params)
  recurring?.ignore('usage_type', 'meter')
  params.ignore('billing_scheme', 'transfer_lookup_key')
  const price: Price = {
    id: ctx.id('price'),
    object: 'price',
    active: given.inline ? false : (params.bool('active') ?? true),
    billing_scheme: 'per_unit',
    created: ctx.now,
    currency,
    currency_options: {
      [currency]: {
        custom_unit_amount: null,
        tax_behavior: taxBehavior ?? 'unspecified',
        unit_amount: minor,
        unit_amount_decimal: decimal,
      },
      ...options,
    } as unknown as Price['currency_options'],
    custom_unit_amount: null,
    livemode: false,
    lookup_key: lookupKey ?? null,
    metadata: given.inline ? {} : mergeMetadata(null, params),
    nickname: given.inline ? null : (params.str('nickname') ?? null),
    product: product?.id ?? createProduct(ctx, productData as Params, true).id,
    recurring:
      recurring && interval
        ? {
            interval,
            interval_count: recurring.int('interval_count') ?? 1,
            meter: null,
            trial_period_days: recurring.int('trial_period_days') ?? null,
            usage_type: 'licensed',
          }
        : null,
    tax_behavior: taxBehavior ?? 'unspecified',
    tiers_mode: null,
    transform_quantity: null,
    type: recurring ? 'recurring' : 'one_time',
    unit_amount: minor,
    unit_amount_decimal: decimal,
  }
  ctx.add('price', price)
  if (!given.inline) {
    if (price.recurring) ctx.emit('plan.created', planOf(price))
    ctx.emit('price.created', price)
  }
  return price
}

function readAmount(params: Params): { minor: number | null; decimal: string } {
  const minor = params.int('unit_amount')
  const exact = params.decimal('unit_amount_decimal')
  if (minor === undefined && exact === undefined) throw params.missing('unit_amount')
  if (minor !== undefined && exact !== undefined) {
    throw invalid('You may only specify one of these parameters: unit_amount, unit_amount_decimal.')
  }
  const value = minor ?? exact ?? 0
  if (value < 0) {
    throw invalid('Invalid non-negative integer', params.name('unit_amount'), 'parameter_invalid_integer')
  }
  return { minor: Number.isInteger(value) ? value : null, decimal: String(value) }
}

function readCurrencyOptions(params: Params): Record<string, object> {
  const options: Record<string, object> = {}
  for (const [currency, value] of params.entries('currency_options') ?? []) {
    if (typeof value === 'string' || Array.isArray(value)) throw invalid('Invalid object', 'currency_options')
    const option = params.child(value, `currency_options[${currency}]`)
    const { minor, decimal } = readAmount(option)
    options[currency.toLowerCase()] = {
      custom_unit_amount: null,
      tax_behavior: option.str('tax_behavior') ?? 'unspecified',
      unit_amount: minor,
      unit_amount_decimal: decimal,
    }
  }
  return options
}

/** Makes the key free for a new holder, or refuses. */
export function claimLookupKey(ctx: Context, key: string, transfer: boolean, newHolder?: string): void {
  const [holder] = ctx.all('price', { lookup_key: key, active: true })
  if (!holder || holder.id === newHolder) return
  if (!transfer) {
    throw new StripeFault(400, {
      type: 'invalid_request_error',
      code: 'resource_already_exists',
      message: `A price (\`${holder.id}\`) already uses that lookup key.`,
      param: 'lookup_key',
    })
  }
  ctx.changeAndEmit('price.updated', holder, { lookup_key: null })
}

/** Unit amount in the currency of the sale: a price may carry several. */
export function amountIn(price: Price, currency: string): number | undefined {
  if (price.currency === currency) return price.unit_amount ?? Math.round(Number(price.unit_amount_decimal))
  return price.currency_options?.[currency]?.unit_amount ?? undefined
}

/** Stripe's older twin of a recurring price, still a required member of a subscription item. */
export function planOf(price: Price): Plan {
  return {
    id: price.id,
    object: 'plan',
    active: price.active,
    amount: price.unit_amount,
    amount_decimal: price.unit_amount_decimal,
    billing_scheme: 'per_unit',
    created: price.created,
    currency: price.currency,
    interval: price.recurring?.interval ?? 'month',
    interval_count: price.recurring?.interval_count ?? 1,
    livemode: false,
    metadata: price.metadata,
    meter: null,
    nickname: price.nickname,
    product: price.product,
    tiers_mode: null,
    transform_usage: null,
    trial_period_days: price.recurring?.trial_period_days ?? null,
    usage_type: 'licensed',
  }
}
