import type { Context } from '../context.ts'
import { invalid } from '../errors.ts'
import { listOf } from '../lists.ts'
import { followIntent } from '../objects/collection.ts'
import { type ConfirmOptions, confirmPaymentIntent } from '../objects/payment-attempt.ts'
import { intentData } from '../objects/payment-data.ts'
import { cancelPaymentIntent, capturePaymentIntent, createPaymentIntent } from '../objects/payment-intent.ts'
import { createPaymentMethod, resolvePaymentMethod } from '../objects/payment-method.ts'
import { mergeMetadata, type Params } from '../params.ts'
import { get, post, type Route } from '../routing.ts'
import type { PaymentIntent } from '../types.ts'
import { unsupportedSearch } from './catalog.ts'
import { balance, disputes, refunds } from './refunds.ts'

const REASONS = ['abandoned', 'duplicate', 'fraudulent', 'requested_by_customer'] as const

function readConfirm(params: Params): ConfirmOptions {
  const options = {
    offSession: params.bool('off_session'),
    returnUrl: params.str('return_url'),
    errorOnRequiresAction: params.bool('error_on_requires_action'),
  }
  params.ignore('payment_method_options', 'mandate_data', 'use_stripe_sdk', 'radar_options')
  return options
}

function readMethod(ctx: Context, params: Params): string | undefined {
  const data = params.obj('payment_method_data')
  const id = params.str('payment_method')
  if (data) return createPaymentMethod(ctx, data).id
  return id === undefined ? undefined : resolvePaymentMethod(ctx, id).id
}

/** Confirms and lets invoice and subscription follow; a decline is the answer, and stays on record. */
function confirm(ctx: Context, intent: PaymentIntent, options: ConfirmOptions): PaymentIntent {
  const method = ctx.find('payment_method', intent.payment_method)
  if (!method) {
    throw invalid(
      'You cannot confirm this PaymentIntent because it is missing a payment method. You can either update the PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a payment method.',
      undefined,
      'payment_intent_unexpected_state',
    )
  }
  const payment = confirmPaymentIntent(ctx, intent, method, options)
  followIntent(ctx, intent, payment)
  if (payment.outcome === 'failed') throw payment.fault
  return ctx.get('payment_intent', intent.id)
}

const intents: Route[] = [
  post('/v1/payment_intents', ({ ctx: base, params }) => {
    const amountMinor = params.needInt('amount')
    const currency = params.needCurrency('currency')
    const customer = params.str('customer')
    if (customer) base.get('customer', customer, 'customer')
    const ctx = base.forCustomer(customer)
    const data = intentData(params)
    const confirms = params.bool('confirm') ?? false
    const options = readConfirm(params)
    const methodTypes = ctx.pinned ? undefined : params.strings('payment_method_types')
    params.obj('automatic_payment_methods')?.ignore('enabled', 'allow_redirects')
    params.ignore(
      'confirmation_method',
      'shipping',
      'setup_future_usage',
      'amount_details',
      'payment_details',
      'excluded_payment_method_types',
    )
    const paymentMethod = readMethod(ctx, params)
    params.done()
    const intent = createPaymentIntent(ctx, {
      amountMinor,
      currency,
      customer,
      data,
      methodTypes,
      paymentMethod,
    })
    return confirms ? confirm(ctx, intent, options) : intent
  }),
  get('/v1/payment_intents/search', unsupportedSearch),
  get('/v1/payment_intents/:id', ({ ctx, params, path }) => {
    params.ignore('client_secret')
    params.done()
    return ctx.get('payment_intent', path('id'))
  }),
  get('/v1/payment_intents', ({ ctx, params }) =>
    listOf(ctx, 'payment_intent', params, '/v1/payment_intents', { customer: params.str('customer') }),
  ),
  post('/v1/payment_intents/:id', ({ ctx, params, path }) => {
    const intent = ctx.get('payment_intent', path('id'))
    const patch: Partial<PaymentIntent> = { metadata: mergeMetadata(intent.metadata, params) }
    const amount = params.int('amount')
    if (amount !== undefined) {
      if (['succeeded', 'canceled', 'processing'].includes(intent.status)) {
        throw invalid(
          `This PaymentIntent's amount could not be updated because it has a status of ${intent.status}.`,
          undefined,
          'payment_intent_unexpected_state',
        )
      }
      patch.amount = amount
    }
    const description = params.nullable('description')
    if (description !== undefined) patch.description = description
    const receipt = params.nullable('receipt_email')
    if (receipt !== undefined) patch.receipt_email = receipt
    const customer = params.str('customer')
    if (customer) patch.customer = ctx.get('customer', customer, 'customer').id
    const method = readMethod(ctx, params)
    if (method) Object.assign(patch, { payment_method: method, status: 'requires_confirmation' })
    params.ignore(
      'setup_future_usage',
      'transfer_group',
      'payment_method_options',
      'shipping',
      'statement_descriptor',
    )
    params.done()
    ctx.change(intent, patch)
    return intent
  }),
  post('/v1/payment_intents/:id/confirm', ({ ctx: base, params, path }) => {
    const intent = base.get('payment_intent', path('id'))
    const ctx = base.forCustomer(intent.customer)
    const options = readConfirm(params)
    params.ignore('client_secret', 'setup_future_usage', 'receipt_email', 'shipping', 'capture_method')
    const method = readMethod(ctx, params)
    params.done()
    if (method) ctx.change(intent, { payment_method: method })
    return confirm(ctx, intent, options)
  }),
  post('/v1/payment_intents/:id/capture', ({ ctx, params, path }) => {
    const intent = ctx.get('payment_intent', path('id'))
    const amount = params.int('amount_to_capture')
    params.ignore(
      'application_fee_amount',
      'final_capture',
      'metadata',
      'statement_descriptor',
      'transfer_data',
    )
    params.done()
    capturePaymentIntent(ctx, intent, amount)
    return intent
  }),
  post('/v1/payment_intents/:id/cancel', ({ ctx, params, path }) => {
    const intent = ctx.get('payment_intent', path('id'))
    const reason = params.oneOf('cancellation_reason', REASONS) ?? null
    params.done()
    cancelPaymentIntent(ctx, intent, reason)
    return intent
  }),
]

const charges: Route[] = [
  get('/v1/charges/search', unsupportedSearch),
  get('/v1/charges/:id', ({ ctx, params, path }) => {
    params.done()
    return ctx.get('charge', path('id'))
  }),
  get('/v1/charges', ({ ctx, params }) => {
    const where = {
      customer: params.str('customer'),
      payment_intent: params.str('payment_intent'),
      transfer_group: params.str('transfer_group'),
    }
    return listOf(ctx, 'charge', params, '/v1/charges', where)
  }),
  post('/v1/charges/:id', ({ ctx, params, path }) => {
    const charge = ctx.get('charge', path('id'))
    const metadata = mergeMetadata(charge.metadata, params)
    const description = params.nullable('description')
    params.ignore('receipt_email', 'fraud_details', 'shipping', 'transfer_group', 'customer')
    params.done()
    ctx.changeAndEmit('charge.updated', charge, {
      metadata,
      ...(description === undefined ? {} : { description }),
    })
    return charge
  }),
  get('/v1/charges/:id/refunds', ({ ctx, params, path }) => {
    const charge = ctx.get('charge', path('id'))
    return listOf(ctx, 'refund', params, `/v1/charges/${charge.id}/refunds`, { charge: charge.id })
  }),
]

export const paymentRoutes = [...intents, ...charges, ...refunds, ...disputes, ...balance]
