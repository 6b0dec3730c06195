import type { Context } from '../context.ts'
import { invalid } from '../errors.ts'
import { listOf } from '../lists.ts'
import { claimLookupKey, createPrice, createProduct, planOf } from '../objects/catalog.ts'
import { createCoupon, createPromotionCode } from '../objects/discounts.ts'
import { mergeMetadata, Params } from '../params.ts'
import { del, get, post, type Route } from '../routing.ts'
import type { Price, Product } from '../types.ts'

const products: Route[] = [
  post('/v1/products', ({ ctx, params }) => {
    const product = createProduct(ctx, params)
    params.done()
    return product
  }),
  get('/v1/products/search', unsupportedSearch),
  get('/v1/products/:id', ({ ctx, params, path }) => {
    params.done()
    return ctx.get('product', path('id'))
  }),
  get('/v1/products', ({ ctx, params }) => {
    const ids = params.strings('ids')
    const where = { active: params.bool('active'), url: params.str('url') }
    params.ignore('shippable', 'type')
    return listOf(ctx, 'product', params, '/v1/products', where, ({ id }) => !ids || ids.includes(id))
  }),
  post('/v1/products/:id', ({ ctx, params, path }) => {
    const product = ctx.get('product', path('id'))
    const patch: Partial<Product> = { metadata: mergeMetadata(product.metadata, params) }
    const name = params.str('name')
    if (name) patch.name = name
    const active = params.bool('active')
    if (active !== undefined) patch.active = active
    for (const key of ['description', 'url', 'statement_descriptor', 'unit_label'] as const) {
      const value = params.nullable(key)
      if (value !== undefined) patch[key] = value
    }
    const images = params.strings('images')
    if (images) patch.images = images
    const price = params.nullable('default_price')
    if (price !== undefined) patch.default_price = price && ctx.get('price', price, 'default_price').id
    const features = params.objects('marketing_features')
    if (features) patch.marketing_features = features.map((feature) => ({ name: feature.need('name') }))
    params.ignore('tax_code', 'tax_details', 'shippable', 'package_dimensions')
    params.done()
    const previous = ctx.change(product, patch)
    if (Object.keys(previous).length > 0) {
      previous.updated = product.updated
      ctx.change(product, { updated: ctx.now })
      ctx.emit('product.updated', product, previous)
    }
    return product
  }),
  del('/v1/products/:id', ({ ctx, path }) => {
    const product = ctx.get('product', path('id'))
    if (ctx.all('price', { product: product.id }).length > 0) {
      throw invalid(
        'This product cannot be deleted because it has one or more user-created prices.',
        undefined,
        'product_has_prices',
      )
    }
    ctx.emit('product.deleted', product)
    ctx.store.delete(product.id)
    return { id: product.id, object: 'product', deleted: true }
  }),
]

const prices: Route[] = [
  post('/v1/prices', ({ ctx, params }) => {
    const price = createPrice(ctx, params)
    params.done()
    return price
  }),
  get('/v1/prices/search', unsupportedSearch),
  get('/v1/prices/:id', ({ ctx, params, path }) => {
    params.done()
    return ctx.get('price', path('id'))
  }),
  get('/v1/prices', ({ ctx, params }) => {
    const keys = params.strings('lookup_keys')
    const recurring = params.obj('recurring')
    const where = {
      active: params.bool('active'),
      product: params.str('product'),
      currency: params.currency('currency'),
      type: params.oneOf('type', ['one_time', 'recurring']),
      'recurring.interval': recurring?.str('interval'),
    }
    return listOf(
      ctx,
      'price',
      params,
      '/v1/prices',
      where,
      (price) => !keys || keys.includes(price.lookup_key ?? ''),
    )
  }),
  post('/v1/prices/:id', ({ ctx, params, path }) => {
    const price = ctx.get('price', path('id'))
    const patch: Partial<Price> = { metadata: mergeMetadata(price.metadata, params) }
    const active = params.bool('active')
    if (active !== undefined) patch.active = active
    const nickname = params.nullable('nickname')
    if (nickname !== undefined) patch.nickname = nickname
    const key = params.nullable('lookup_key')
    const transfer = params.bool('transfer_lookup_key') ?? false
    if (key !== undefined) {
      if (key) claimLookupKey(ctx, key, transfer, price.id)
      patch.lookup_key = key
    }
    const behavior = params.oneOf('tax_behavior', ['exclusive', 'inclusive', 'unspecified'])
    if (behavior) patch.tax_behavior = behavior
    params.ignore('currency_options')
    params.done()
    ctx.changeAndEmit('price.updated', price, patch)
    return price
  }),
  // The CLI still makes plans; a plan is a recurring price under an older name.
  post('/v1/plans', ({ ctx, params }) => {
    const amount = params.needInt('amount')
    const product = params.obj('product')
    const fields = {
      currency: params.need('currency'),
      unit_amount: String(amount),
      recurring: { interval: params.need('interval') },
    }
    const productId = product ? createProduct(ctx, product, true).id : params.need('product')
    params.ignore('nickname', 'metadata', 'interval_count')
    params.done()
    const price = createPrice(ctx, new Params(fields), { product: productId })
    return planOf(price)
  }),
  post('/v1/plans/:id', ({ ctx, params, path }) => {
    const price = ctx.get('price', path('id'))
    const metadata = mergeMetadata(price.metadata, params)
    params.done()
    const before = planOf(price)
    ctx.changeAndEmit('price.updated', price, { metadata })
    ctx.emit('plan.updated', planOf(price), { metadata: before.metadata })
    return planOf(price)
  }),
  del('/v1/plans/:id', ({ ctx, path }) => {
    const price = ctx.get('price', path('id'))
    ctx.emit('plan.deleted', planOf(price))
    ctx.emit('price.deleted', price)
    ctx.store.delete(price.id)
    return { id: price.id, object: 'plan', deleted: true }
  }),
]

const coupons: Route[] = [
  post('/v1/coupons', ({ ctx, params }) => createCoupon(ctx, params)),
  get('/v1/coupons/:id', ({ ctx, path }) => ctx.get('coupon', path('id'))),
  get('/v1/coupons', ({ ctx, params }) => listOf(ctx, 'coupon', params, '/v1/coupons')),
  post('/v1/coupons/:id', ({ ctx, params, path }) => {
    const coupon = ctx.get('coupon', path('id'))
    const name = params.nullable('name')
    const metadata = mergeMetadata(coupon.metadata, params)
    params.ignore('currency_options')
    params.done()
    ctx.changeAndEmit('coupon.updated', coupon, { metadata, ...(name === undefined ? {} : { name }) })
    return coupon
  }),
  del('/v1/coupons/:id', ({ ctx, path }) => {
    const coupon = ctx.get('coupon', path('id'))
    ctx.emit('coupon.deleted', coupon)
    ctx.store.delete(coupon.id)
    return { id: coupon.id, object: 'coupon', deleted: true }
  }),
  post('/v1/promotion_codes', ({ ctx, params }) => createPromotionCode(ctx, params)),
  get('/v1/promotion_codes/:id', ({ ctx, path }) => ctx.get('promotion_code', path('id'))),
  get('/v1/promotion_codes', ({ ctx, params }) => {
    const code = params.str('code')?.toLowerCase()
    const where = {
      active: params.bool('active'),
      'promotion.coupon': params.str('coupon'),
      customer: params.str('customer'),
    }
    return listOf(
      ctx,
      'promotion_code',
      params,
      '/v1/promotion_codes',
      where,
      (entry) => !code || entry.code.toLowerCase() === code,
    )
  }),
  post('/v1/promotion_codes/:id', ({ ctx, params, path }) => {
    const code = ctx.get('promotion_code', path('id'))
    const active = params.bool('active')
    const metadata = mergeMetadata(code.metadata, params)
    params.ignore('restrictions')
    params.done()
    ctx.changeAndEmit('promotion_code.updated', code, { metadata, active: active ?? code.active })
    return code
  }),
]

/** Search runs on an index of its own at Stripe; we do not have one and say so. */
export function unsupportedSearch(_: { ctx: Context }): never {
  throw invalid('The sandbox does not support search. Use the list call with its filters instead.', 'query')
}

export const catalogRoutes = [...products, ...prices, ...coupons]
