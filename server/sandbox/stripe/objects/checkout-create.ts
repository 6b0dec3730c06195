import type { Context } from '../context.ts'
import { invalid } from '../errors.ts'
import { mergeMetadata, type Params } from '../params.ts'
import type { CheckoutSession } from '../types.ts'
import { applyTotals, readLineItems } from './checkout-lines.ts'
import { readDiscount } from './discounts.ts'
import { readPaymentIntentData, readSubscriptionData } from './payment-data.ts'

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
