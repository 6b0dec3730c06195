import type { Context } from '../context.ts'
import { invalid, missing } from '../errors.ts'
import { idOf } from '../ids.ts'
import { mergeMetadata, type Params } from '../params.ts'
import type { Coupon, Discount, PromotionCode } from '../types.ts'

export function createCoupon(ctx: Context, params: Params): Coupon {
  const id = params.str('id') ?? ctx.id('coupon').slice(-8)
  if (ctx.store.seqOf(id) !== undefined) {
    throw invalid('Coupon already exists.', 'id', 'resource_already_exists')
  }
  const percentOff = params.decimal('percent_off')
  const amountOff = params.int('amount_off')
  if ((percentOff === undefined) === (amountOff === undefined)) {
    throw invalid('Must provide percent_off or amount_off.')
  }
  if (percentOff !== undefined && (percentOff <= 0 || percentOff > 100)) {
    throw invalid('Invalid decimal: must be greater than 0 and at most 100', 'percent_off')
  }
  const currency = params.currency('currency')
  if (amountOff !== undefined && !currency) throw params.missing('currency')
  const duration = params.oneOf('duration', ['forever', 'once', 'repeating']) ?? 'once'
  const months = params.int('duration_in_months')
  if (duration === 'repeating' && months === undefined) throw params.missing('duration_in_months')
  const products = params.obj('applies_to')?.strings('products')
  const coupon: Coupon = {
    id,
    object: 'coupon',
    amount_off: amountOff ?? null,
    ...(products ? { applies_to: { products } } : {}),
    created: ctx.now,
    currency: amountOff === undefined ? null : (currency ?? null),
    duration,
    duration_in_months: months ?? null,
    livemode: false,
    max_redemptions: params.int('max_redemptions') ?? null,
    metadata: mergeMetadata(null, params),
    name: params.str('name') ?? null,
    percent_off: percentOff ?? null,
    redeem_by: params.int('redeem_by') ?? null,
    times_redeemed: 0,
    valid: true,
  }
  params.ignore('currency_options')
  params.done()
  ctx.add('coupon', coupon)
  ctx.emit('coupon.created', coupon)
  return coupon
}

/** Reads `promotion: { type: 'coupon', coupon }`; callers that name no API version may still send `coupon`. */
export function createPromotionCode(ctx: Context, params: Params): PromotionCode {
  const promotion = params.obj('promotion')
  promotion?.oneOf('type', ['coupon'])
  const couponId = promotion?.str('coupon') ?? (ctx.pinned ? undefined : params.str('coupon'))
  if (!couponId) throw promotion ? promotion.missing('coupon') : params.missing('promotion')
  const coupon = ctx.get('coupon', couponId, 'promotion[coupon]')
  const code = params.str('code') ?? ctx.id('x').slice(-8).toUpperCase()
  if (findPromotionCode(ctx, code)) {
    throw invalid(
      'An active promotion code with that code already exists.',
      'code',
      'resource_already_exists',
    )
  }
  const restrictions = params.obj('restrictions')
  const promotionCode: PromotionCode = {
    id: ctx.id('promo'),
    object: 'promotion_code',
    active: params.bool('active') ?? true,
    code,
    created: ctx.now,
    customer: params.str('customer') ?? null,
    customer_account: null,
    expires_at: params.int('expires_at') ?? null,
    livemode: false,
    max_redemptions: params.int('max_redemptions') ?? null,
    metadata: mergeMetadata(null, params),
    promotion: { coupon: coupon.id, type: 'coupon' },
    restrictions: {
      first_time_transaction: restrictions?.bool('first_time_transaction') ?? false,
      minimum_amount: restrictions?.int('minimum_amount') ?? null,
      minimum_amount_currency: restrictions?.currency('minimum_amount_currency') ?? null,
    },
    times_redeemed: 0,
  }
  params.done()
  ctx.add('promotion_code', promotionCode)
  ctx.emit('promotion_code.created', promotionCode)
  return promotionCode
}

/** Codes are not case-sensitive. */
export function findPromotionCode(ctx: Context, code: string): PromotionCode | undefined {
  const wanted = code.trim().toLowerCase()
  return ctx.all('promotion_code', { active: true }).find((entry) => entry.code.toLowerCase() === wanted)
}

/** The coupon behind a code if the code may be used now, by this customer, for this amount. */
export function redeemable(
  ctx: Context,
  code: PromotionCode,
  sale: { amountMinor: number; currency: string; customer: string | null },
): Coupon {
  const coupon = ctx.find('coupon', idOf(code.promotion.coupon))
  const expired = code.expires_at !== null && code.expires_at <= ctx.now
  const used = code.max_redemptions !== null && code.times_redeemed >= code.max_redemptions
  if (!coupon || !code.active || expired || used)
    throw invalid('This promotion code cannot be redeemed.', 'promotion_code')
  if (code.customer && code.customer !== sale.customer) {
    throw invalid(
      'This promotion code cannot be redeemed because it is restricted to another customer.',
      'promotion_code',
    )
  }
  const { minimum_amount: minimum, minimum_amount_currency: unit } = code.restrictions
  if (minimum !== null && (unit !== sale.currency || sale.amountMinor < minimum)) {
    throw invalid(
      'This promotion code cannot be redeemed because the order is below its minimum.',
      'promotion_code',
    )
  }
  if (code.restrictions.first_time_transaction && hasPaidBefore(ctx, sale.customer)) {
    throw invalid(
      'This promotion code cannot be redeemed because it is for first orders only.',
      'promotion_code',
    )
  }
  assertCouponUsable(ctx, coupon, sale.currency)
  return coupon
}

function hasPaidBefore(ctx: Context, customer: string | null): boolean {
  return customer !== null && ctx.all('charge', { customer, status: 'succeeded' }).length > 0
}

export function assertCouponUsable(ctx: Context, coupon: Coupon, currency: string): void {
  const over = coupon.redeem_by !== null && coupon.redeem_by <= ctx.now
  const used = coupon.max_redemptions !== null && coupon.times_redeemed >= coupon.max_redemptions
  if (over || used || !coupon.valid) throw invalid(`Coupon expired: ${coupon.id}`, 'coupon', 'coupon_expired')
  if (coupon.amount_off !== null && coupon.currency !== currency) {
    throw invalid(
      `The coupon's currency (${coupon.currency}) does not match the currency of the sale (${currency}).`,
      'coupon',
    )
  }
}

/** What the coupon takes off an amount, in minor units; never more than there is. */
export function discountOn(coupon: Coupon | undefined, amountMinor: number): number {
  if (!coupon || amountMinor <= 0) return 0
  const off =
    coupon.percent_off === null
      ? (coupon.amount_off ?? 0)
      : Math.round((amountMinor * coupon.percent_off) / 100)
  return Math.min(amountMinor, off)
}

/** A redemption: the discount object that ties the coupon to what it was used for, and the counters. */
export function redeem(
  ctx: Context,
  coupon: Coupon,
  promotionCode: string | null,
  holder: {
    customer?: string | null
    subscription?: string | null
    checkoutSession?: string | null
    invoice?: string | null
  },
): Discount {
  const months = coupon.duration === 'repeating' ? (coupon.duration_in_months ?? 1) : null
  const discount: Discount = {
    id: ctx.id('di'),
    object: 'discount',
    checkout_session: holder.checkoutSession ?? null,
    customer: holder.customer ?? null,
    customer_account: null,
    end: months === null ? null : addMonths(ctx.now, months),
    invoice: holder.invoice ?? null,
    invoice_item: null,
    promotion_code: promotionCode,
    source: { coupon: coupon.id, type: 'coupon' },
    start: ctx.now,
    subscription: holder.subscription ?? null,
    subscription_item: null,
  }
  ctx.add('discount', discount)
  const used = coupon.times_redeemed + 1
  ctx.change(coupon, {
    times_redeemed: used,
    valid: coupon.max_redemptions === null || used < coupon.max_redemptions,
  })
  const code = ctx.find('promotion_code', promotionCode)
  if (code) {
    const uses = code.times_redeemed + 1
    ctx.change(code, {
      times_redeemed: uses,
      active: code.active && (code.max_redemptions === null || uses < code.max_redemptions),
    })
  }
  return discount
}

function addMonths(at: number, months: number): number {
  const date = new Date(at * 1000)
  date.setUTCMonth(date.getUTCMonth() + months)
  return Math.floor(date.getTime() / 1000)
}

/** Reads `discounts[]` of sessions, subscriptions and customers: a coupon or a promotion code each; we take one. */
export function readDiscount(
  ctx: Context,
  params: Params,
  sale: { amountMinor: number; currency: string; customer: string | null },
): { coupon: Coupon; promotionCode: string | null } | undefined {
  const given = params.objects('discounts')?.[0]
  if (!given) return undefined
  const couponId = given.str('coupon')
  const codeId = given.str('promotion_code')
  if (couponId) {
    const coupon = ctx.find('coupon', couponId)
    if (!coupon) throw missing('coupon', couponId, given.name('coupon'))
    assertCouponUsable(ctx, coupon, sale.currency)
    return { coupon, promotionCode: null }
  }
  if (!codeId) throw given.missing('coupon')
  const code = ctx.get('promotion_code', codeId, given.name('promotion_code'))
  return { coupon: redeemable(ctx, code, sale), promotionCode: code.id }
}
