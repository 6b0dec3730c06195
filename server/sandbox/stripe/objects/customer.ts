import { randomInt } from 'node:crypto'
import type { Context } from '../context.ts'
import { invalid } from '../errors.ts'
import { mergeMetadata, type Params } from '../params.ts'
import type { Address, Customer } from '../types.ts'
import { redeem } from './discounts.ts'
import { attachPaymentMethod, resolvePaymentMethod } from './payment-method.ts'

/** Reads an address hash; null when it is absent or unset. */
export function readAddress(params: Params | undefined): Address | null {
  if (!params) return null
  return {
    city: params.str('city') ?? null,
    country: params.str('country') ?? null,
    line1: params.str('line1') ?? null,
    line2: params.str('line2') ?? null,
    postal_code: params.str('postal_code') ?? null,
    state: params.str('state') ?? null,
  } as Address
}

/** A customer with nothing in it; Checkout makes these too. */
export function newCustomer(ctx: Context, given: Partial<Customer> = {}): Customer {
  const customer: Customer = {
    id: ctx.id('cus'),
    object: 'customer',
    address: null,
    balance: 0,
    created: ctx.now,
    currency: null,
    customer_account: null,
    default_source: null,
    delinquent: false,
    description: null,
    discount: null,
    email: null,
    invoice_prefix: ctx.id('x').slice(-8).toUpperCase(),
    invoice_settings: {
      custom_fields: null,
      default_payment_method: null,
      footer: null,
      rendering_options: null,
    },
    livemode: false,
    metadata: {},
    name: null,
    next_invoice_sequence: 1,
    phone: null,
    preferred_locales: [],
    shipping: null,
    tax_exempt: 'none',
    test_clock: null,
    ...given,
  }
  return ctx.add('customer', customer)
}

export function createCustomer(base: Context, params: Params): Customer {
  const clockId = params.str('test_clock')
  if (clockId) base.get('test_helpers.test_clock', clockId, 'test_clock')
  const ctx = base.atClock(clockId)
  const customer = newCustomer(ctx, { test_clock: clockId ?? null })
  const created = apply(ctx, customer, params)
  const method = params.str('payment_method')
  const asDefault = params.obj('invoice_settings')
  const defaultMethod = asDefault?.str('default_payment_method')
  asDefault?.ignore('custom_fields', 'footer', 'rendering_options')
  params.ignore('tax_id_data', 'source')
  params.done()
  ctx.change(customer, created)
  ctx.emit('customer.created', customer)
  if (method) {
    const attached = attachPaymentMethod(
      ctx,
      resolvePaymentMethod(ctx, method, 'payment_method'),
      customer.id,
    )
    // `pm_card_visa` named twice is one method: the second name means the one just attached.
    if (defaultMethod) setDefault(ctx, customer, defaultMethod === method ? attached.id : defaultMethod)
  } else if (defaultMethod) {
    throw invalid(
      'The customer does not have a payment method with the ID given.',
      'invoice_settings[default_payment_method]',
    )
  }
  return customer
}

export function updateCustomer(base: Context, customer: Customer, params: Params): Customer {
  const ctx = base.atClock(customer.test_clock)
  const patch = apply(ctx, customer, params)
  const asDefault = params.obj('invoice_settings')
  const method = asDefault?.nullable('default_payment_method')
  asDefault?.ignore('custom_fields', 'footer', 'rendering_options')
  params.ignore('tax_id_data', 'source', 'default_source')
  params.done()
  if (method !== undefined) {
    if (method !== null && ctx.find('payment_method', method)?.customer !== customer.id) {
      throw invalid(
        'The customer does not have a payment method with the ID given.',
        'invoice_settings[default_payment_method]',
      )
    }
    patch.invoice_settings = { ...customer.invoice_settings, default_payment_method: method }
  }
  ctx.changeAndEmit('customer.updated', customer, patch)
  return customer
}

/** Reads what create and update share; an empty string unsets. */
function apply(ctx: Context, customer: Customer, params: Params): Partial<Customer> {
  const patch: Partial<Customer> = {}
  for (const key of ['email', 'name', 'description', 'phone'] as const) {
    const value = params.nullable(key)
    if (value !== undefined) patch[key] = value
  }
  if (patch.email && patch.email.length > 512)
    throw invalid('Invalid email address', 'email', 'email_invalid')
  if (params.has('address')) patch.address = readAddress(params.obj('address'))
  const shipping = params.obj('shipping')
  if (shipping) {
    patch.shipping = {
      address: readAddress(shipping.obj('address')) ?? undefined,
      name: shipping.str('name') ?? '',
      phone: shipping.str('phone') ?? null,
    }
  }
  const balance = params.int('balance')
  if (balance !== undefined) patch.balance = balance
  const exempt = params.oneOf('tax_exempt', ['exempt', 'none', 'reverse'])
  if (exempt) patch.tax_exempt = exempt
  const locales = params.strings('preferred_locales')
  if (locales) patch.preferred_locales = locales
  const prefix = params.str('invoice_prefix')
  if (prefix) patch.invoice_prefix = prefix
  patch.metadata = mergeMetadata(customer.metadata, params)
  params.ignore('tax', 'next_invoice_sequence', 'cash_balance', 'individual_name', 'business_name')
  applyCoupon(ctx, customer, params, patch)
  return patch
}

/** `coupon` left the present API version; the CLI, which names none, still uses it to cause discount events. */
function applyCoupon(ctx: Context, customer: Customer, params: Params, patch: Partial<Customer>): void {
  if (ctx.pinned) return
  const couponId = params.nullable('coupon')
  if (couponId === undefined) return
  const old = customer.discount
  if (couponId === null) {
    if (old) ctx.emit('customer.discount.deleted', old)
    patch.discount = null
    return
  }
  const discount = redeem(ctx, ctx.get('coupon', couponId, 'coupon'), null, { customer: customer.id })
  patch.discount = discount as Customer['discount']
  if (old) ctx.emit('customer.discount.updated', discount, { id: old.id, source: old.source })
  else ctx.emit('customer.discount.created', discount)
}

export function setDefault(ctx: Context, customer: Customer, paymentMethod: string): void {
  ctx.changeAndEmit('customer.updated', customer, {
    invoice_settings: { ...customer.invoice_settings, default_payment_method: paymentMethod },
  })
}

/** Deleting ends the customer's subscriptions at once; the caller does that first. */
export function deleteCustomer(
  ctx: Context,
  customer: Customer,
): { id: string; object: 'customer'; deleted: true } {
  ctx.emit('customer.deleted', customer)
  ctx.store.delete(customer.id)
  return { id: customer.id, object: 'customer', deleted: true }
}

/** Six digits in Stripe's manner, for receipt numbers. */
export function receiptNumber(): string {
  return `${randomInt(1000, 9999)}-${randomInt(1000, 9999)}`
}
