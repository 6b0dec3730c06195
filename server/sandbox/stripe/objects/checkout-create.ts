import type { Context } from '../context.ts'
import { invalid, StripeFault } from '../errors.ts'
import { mergeMetadata, type Params } from '../params.ts'
import type {
  CheckoutSession,
  Coupon,
  LineItem,
  PaymentIntentData,
  Price,
  SubscriptionData,
} from '../types.ts'
import { amountIn, createPrice } from './catalog.ts'
import { discountOn, readDiscount } from './discounts.ts'
import { taxOn } from './tax.ts'

const DEFAULT_LIFETIME_SECONDS = 24 * 3600
const MIN_LIFETIME_SECONDS = 30 * 60

/** `POST /v1/checkout/sessions`. */
export function createSession(base: Context, params: Params): CheckoutSession {
  const mode = params.oneOf('mode', ['payment', 'subscription', 'setup'])
  if (!mode) throw params.missing('mode')
  if (mode === 'setup') throw invalid('The sandbox knows the modes payment and subscription only.', 'mode')
  const customerId = params.str('customer')
  const customer = customerId ? base.get('customer', customerId, 'customer') : undefined
  const ctx = base.forCustomer(customerId)
  const customerEmail = params.str('customer_email')
  if (customer && customerEmail) {
    throw invalid('You may only specify one of these parameters: customer, customer_email.', 'customer')
  }
  const uiMode =
    params.oneOf('ui_mode', ['hosted_page', 'embedded_page', 'form', 'elements']) ?? 'hosted_page'
  if (uiMode !== 'hosted_page') throw invalid('The sandbox serves ui_mode hosted_page only.', 'ui_mode')
  const successUrl = params.need('success_url')
  const items = readLineItems(ctx, params, mode)
  const currency = items[0]?.currency ?? 'usd'
  const subtotal = items.reduce((sum, item) => sum + item.amount_subtotal, 0)
  const discount = readDiscount(ctx, params, {
    amountMinor: subtotal,
    currency,
    customer: customer?.id ?? null,
  })
  const allowCodes = params.bool('allow_promotion_codes')
  if (discount && allowCodes) {
    throw invalid('You may only specify one of these parameters: allow_promotion_codes, discounts.')
  }
  const expiresAt = params.int('expires_at') ?? ctx.now + DEFAULT_LIFETIME_SECONDS
  if (
    expiresAt < ctx.now + MIN_LIFETIME_SECONDS - 60 ||
    expiresAt > ctx.now + DEFAULT_LIFETIME_SECONDS + 60
  ) {
    throw invalid(
      'The `expires_at` timestamp must be between 30 minutes and 24 hours after Checkout Session creation.',
      'expires_at',
    )
  }
  const creation = params.oneOf('customer_creation', ['always', 'if_required'])
  if (creation && mode !== 'payment') {
    throw invalid('`customer_creation` can only be used in `payment` mode.', 'customer_creation')
  }
  const tax = params.obj('automatic_tax')
  tax?.ignore('liability')
  const taxEnabled = tax?.bool('enabled') ?? false
  const invoiceCreation = params.obj('invoice_creation')
  const invoiceData = invoiceCreation?.obj('invoice_data')
  const id = ctx.id('cs')
  const legacyMethods = ctx.pinned ? undefined : params.strings('payment_method_types')
  const session: CheckoutSession = {
    id,
    object: 'checkout.session',
    adaptive_pricing: { enabled: false },
    after_expiration: null,
    allow_promotion_codes: allowCodes ?? null,
    allowed_payment_method_types: null,
    amount_subtotal: subtotal,
    amount_total: subtotal,
    automatic_tax: {
      enabled: taxEnabled,
      liability: taxEnabled ? { type: 'self' } : null,
      provider: taxEnabled ? 'stripe' : null,
      status: taxEnabled ? 'requires_location_inputs' : null,
    },
    billing_address_collection: params.oneOf('billing_address_collection', ['auto', 'required']) ?? null,
    cancel_url: params.str('cancel_url') ?? null,
    client_reference_id: readReference(params),
    client_secret: null,
    collected_information: null,
    consent: null,
    consent_collection: null,
    created: ctx.now,
    currency,
    currency_conversion: null,
    custom_fields: [],
    custom_text: {
      after_submit: null,
      shipping_address: null,
      submit: null,
      terms_of_service_acceptance: null,
    },
    customer: customer?.id ?? null,
    customer_account: null,
    customer_creation:
      mode === 'payment' && !customer
        ? (creation ?? 'if_required')
        : mode === 'subscription' && !customer
          ? 'always'
          : null,
    customer_details:
      customer || customerEmail
        ? {
            address: null,
            business_name: null,
            email: customer?.email ?? customerEmail ?? null,
            individual_name: null,
            name: null,
            phone: null,
            tax_exempt: 'none',
            tax_ids: null,
          }
        : null,
    customer_email: customerEmail ?? null,
    discounts: discount
      ? [
          {
            coupon: discount.promotionCode ? null : discount.coupon.id,
            promotion_code: discount.promotionCode,
          },
        ]
      : [],
    expires_at: expiresAt,
    integration_identifier: null,
    invoice: null,
    invoice_creation:
      mode === 'payment'
        ? {
            enabled: invoiceCreation?.bool('enabled') ?? false,
            invoice_data: {
              account_tax_ids: null,
              custom_fields: null,
              description: invoiceData?.str('description') ?? null,
              footer: invoiceData?.str('footer') ?? null,
              issuer: null,
              metadata: invoiceData ? mergeMetadata(null, invoiceData) : {},
              rendering_options: null,
            },
          }
        : null,
    livemode: false,
    locale: (params.str('locale') as CheckoutSession['locale']) ?? null,
    managed_payments: null,
    metadata: mergeMetadata(null, params),
    mode,
    origin_context: null,
    payment_intent: null,
    payment_link: null,
    payment_method_collection:
      params.oneOf('payment_method_collection', ['always', 'if_required']) ??
      (mode === 'subscription' ? 'always' : 'if_required'),
    payment_method_configuration_details: null,
    payment_method_options: { card: { request_three_d_secure: 'automatic' } },
    payment_method_types: legacyMethods ?? ['card', 'us_bank_account'],
    payment_status: 'unpaid',
    permissions: null,
    phone_number_collection: { enabled: false },
    recovered_from: null,
    saved_payment_method_options: null,
    setup_intent: null,
    shipping_address_collection: null,
    shipping_cost: null,
    shipping_options: [],
    status: 'open',
    submit_type: params.oneOf('submit_type', ['auto', 'book', 'donate', 'pay', 'subscribe']) ?? null,
    subscription: null,
    success_url: successUrl,
    total_details: { amount_discount: 0, amount_shipping: 0, amount_tax: 0 },
    ui_mode: 'hosted_page',
    url: `${ctx.url}/c/pay/${id}`,
    wallet_options: null,
    _sandbox: {
      lineItems: items,
      paymentIntentData: readPaymentIntentData(ctx, params, mode),
      subscriptionData: readSubscriptionData(params, mode),
      coupon: discount?.coupon.id,
      promotionCode: discount?.promotionCode ?? undefined,
      legacyMethods,
    },
  }
  invoiceData?.ignore('custom_fields', 'issuer', 'rendering_options', 'account_tax_ids')
  params.ignore(
    'currency',
    'customer_update',
    'consent_collection',
    'custom_text',
    'custom_fields',
    'phone_number_collection',
    'tax_id_collection',
    'payment_method_options',
    'saved_payment_method_options',
    'after_expiration',
    'adaptive_pricing',
    'excluded_payment_method_types',
    'branding_settings',
    'name_collection',
    'managed_payments',
    'wallet_options',
    'payment_method_configuration',
    'payment_method_data',
    'shipping_address_collection',
    'integration_identifier',
    'origin_context',
  )
  params.done()
  applyTotals(session, discount?.coupon)
  ctx.add('checkout.session', session)
  ctx.schedule('session_expires', id, expiresAt)
  return session
}

function readReference(params: Params): string | null {
  const reference = params.str('client_reference_id') ?? null
  if (reference && reference.length > 200)
    throw invalid('client_reference_id may have up to 200 characters', 'client_reference_id')
  return reference
}

function readLineItems(ctx: Context, params: Params, mode: 'payment' | 'subscription'): LineItem[] {
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

function readPaymentIntentData(ctx: Context, params: Params, mode: string): PaymentIntentData {
  const data = params.obj('payment_intent_data')
  if (!data) return {}
  if (mode !== 'payment') {
    throw invalid('You can not pass `payment_intent_data` in `subscription` mode.', 'payment_intent_data')
  }
  const read = intentData(data)
  data.ignore('shipping', 'setup_future_usage')
  if (read.transferDestination) {
    ctx.get('account', read.transferDestination, 'payment_intent_data[transfer_data][destination]')
  }
  return read
}

/** What Checkout's `payment_intent_data` and PaymentIntents themselves have in common. */
export function intentData(data: Params): PaymentIntentData {
  const transfer = data.obj('transfer_data')
  const read: PaymentIntentData = {
    applicationFeeMinor: data.int('application_fee_amount'),
    captureMethod: data.oneOf('capture_method', ['automatic', 'automatic_async', 'manual']),
    description: data.str('description'),
    metadata: mergeMetadata(null, data),
    onBehalfOf: data.str('on_behalf_of'),
    receiptEmail: data.str('receipt_email'),
    setupFutureUsage: data.oneOf('setup_future_usage', ['off_session', 'on_session']),
    statementDescriptor: data.str('statement_descriptor'),
    statementDescriptorSuffix: data.str('statement_descriptor_suffix'),
    transferDestination: transfer?.need('destination'),
    transferAmountMinor: transfer?.int('amount'),
    transferGroup: data.str('transfer_group'),
  }
  if (read.applicationFeeMinor !== undefined && !read.transferDestination) {
    throw invalid(
      'Can only apply an application_fee_amount when the charge is being sent to a connected account (transfer_data[destination]).',
      data.name('application_fee_amount'),
    )
  }
  return read
}

function readSubscriptionData(params: Params, mode: string): SubscriptionData {
  const data = params.obj('subscription_data')
  if (!data) return {}
  if (mode !== 'subscription') {
    throw invalid('You can not pass `subscription_data` in `payment` mode.', 'subscription_data')
  }
  data.ignore(
    'billing_cycle_anchor',
    'billing_mode',
    'default_tax_rates',
    'invoice_settings',
    'proration_behavior',
    'pending_invoice_item_interval',
  )
  return subscriptionData(data)
}

export function subscriptionData(data: Params): SubscriptionData {
  const transfer = data.obj('transfer_data')
  const trialDays = data.int('trial_period_days')
  if (trialDays !== undefined && (trialDays < 1 || trialDays > 730)) {
    throw invalid('The trial period must be between 1 and 730 days.', data.name('trial_period_days'))
  }
  return {
    applicationFeePercent: data.decimal('application_fee_percent'),
    description: data.str('description'),
    metadata: mergeMetadata(null, data),
    onBehalfOf: data.str('on_behalf_of'),
    transferDestination: transfer?.need('destination'),
    transferPercent: transfer?.decimal('amount_percent'),
    trialEnd: data.str('trial_end') === 'now' ? undefined : data.int('trial_end'),
    trialPeriodDays: trialDays,
    missingPaymentMethod: data
      .obj('trial_settings')
      ?.obj('end_behavior')
      ?.oneOf('missing_payment_method', ['cancel', 'create_invoice', 'pause']),
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
