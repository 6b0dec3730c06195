import type { Context } from '../context.ts'
import { invalid } from '../errors.ts'
import { idOf } from '../ids.ts'
import { listOf } from '../lists.ts'
import { balanceOf } from '../objects/balance.ts'
import { followIntent } from '../objects/billing.ts'
import { intentData } from '../objects/checkout-create.ts'
import { decideDispute, updateDispute } from '../objects/dispute.ts'
import {
  type ConfirmOptions,
  cancelPaymentIntent,
  capturePaymentIntent,
  confirmPaymentIntent,
  createPaymentIntent,
} from '../objects/payment-intent.ts'
import { createPaymentMethod, resolvePaymentMethod } from '../objects/payment-method.ts'
import { announce, cancelRefund, createRefund } from '../objects/refund.ts'
import { mergeMetadata, type Params } from '../params.ts'
import { get, post, type Route } from '../routing.ts'
import type { PaymentIntent, Refund } from '../types.ts'
import { unsupportedSearch } from './catalog.ts'

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

const refunds: Route[] = [
  post('/v1/refunds', ({ ctx, params }) => {
    const chargeId = params.str('charge')
    const intentId = params.str('payment_intent')
    const input = {
      amountMinor: params.int('amount'),
      reason: params.oneOf('reason', [
        'duplicate',
        'fraudulent',
        'requested_by_customer',
      ]) as Refund['reason'],
      metadata: mergeMetadata(null, params),
      reverseTransfer: params.bool('reverse_transfer'),
      refundApplicationFee: params.bool('refund_application_fee'),
    }
    params.ignore('instructions_email', 'origin')
    params.done()
    if (!chargeId && !intentId) {
      throw invalid(
        'One of the following params should be provided for this request: payment_intent or charge.',
      )
    }
    return createRefund(ctx, chargeToRefund(ctx, chargeId, intentId), input)
  }),
  get('/v1/refunds/:id', ({ ctx, params, path }) => {
    params.done()
    return ctx.get('refund', path('id'))
  }),
  get('/v1/refunds', ({ ctx, params }) => {
    const where = { charge: params.str('charge'), payment_intent: params.str('payment_intent') }
    return listOf(ctx, 'refund', params, '/v1/refunds', where)
  }),
  post('/v1/refunds/:id', ({ ctx, params, path }) => {
    const refund = ctx.get('refund', path('id'))
    const metadata = mergeMetadata(refund.metadata, params)
    params.done()
    announce(ctx, refund, { metadata })
    return refund
  }),
  post('/v1/refunds/:id/cancel', ({ ctx, path }) => {
    const refund = ctx.get('refund', path('id'))
    cancelRefund(ctx, refund)
    return refund
  }),
]

function chargeToRefund(ctx: Context, chargeId: string | undefined, intentId: string | undefined) {
  if (chargeId) return ctx.get('charge', chargeId, 'charge')
  const intent = ctx.get('payment_intent', intentId ?? '', 'payment_intent')
  if (!intent.latest_charge) {
    throw invalid(
      `This PaymentIntent (${intent.id}) does not have a successful charge to refund.`,
      'payment_intent',
    )
  }
  return ctx.get('charge', intent.latest_charge)
}

const disputes: Route[] = [
  get('/v1/disputes/:id', ({ ctx, path }) => ctx.get('dispute', path('id'))),
  get('/v1/disputes', ({ ctx, params }) => {
    const where = { charge: params.str('charge'), payment_intent: params.str('payment_intent') }
    return listOf(ctx, 'dispute', params, '/v1/disputes', where)
  }),
  post('/v1/disputes/:id', ({ ctx, params, path }) =>
    updateDispute(ctx, ctx.get('dispute', path('id')), params),
  ),
  post('/v1/disputes/:id/close', ({ ctx, path }) => {
    const dispute = ctx.get('dispute', path('id'))
    decideDispute(ctx, dispute, 'lost')
    return dispute
  }),
  get('/v1/radar/early_fraud_warnings/:id', ({ ctx, path }) =>
    ctx.get('radar.early_fraud_warning', path('id')),
  ),
  get('/v1/radar/early_fraud_warnings', ({ ctx, params }) => {
    const where = { charge: params.str('charge'), payment_intent: params.str('payment_intent') }
    return listOf(ctx, 'radar.early_fraud_warning', params, '/v1/radar/early_fraud_warnings', where)
  }),
]

const balance: Route[] = [
  get('/v1/balance', ({ ctx }) => {
    const { available, pending } = balanceOf(ctx)
    const shown = (sums: Map<string, number>) => {
      const entries = sums.size > 0 ? [...sums] : [['usd', 0] as const]
      return entries.map(([currency, amount]) => ({ amount, currency, source_types: { card: amount } }))
    }
    return { object: 'balance', available: shown(available), livemode: false, pending: shown(pending) }
  }),
  get('/v1/balance_transactions/:id', ({ ctx, path }) => {
    const entry = ctx.get('balance_transaction', path('id'))
    return { ...entry, status: entry.available_on <= ctx.now ? 'available' : 'pending' }
  }),
  get('/v1/balance_transactions', ({ ctx, params }) => {
    const where = {
      source: params.str('source'),
      type: params.str('type'),
      currency: params.currency('currency'),
    }
    return listOf(ctx, 'balance_transaction', params, '/v1/balance_transactions', where)
  }),
]

export const paymentRoutes = [...intents, ...charges, ...refunds, ...disputes, ...balance]

/** The charge behind an intent, for pages. */
export function latestChargeOf(ctx: Context, intent: PaymentIntent) {
  return ctx.find('charge', idOf(intent.latest_charge))
}
