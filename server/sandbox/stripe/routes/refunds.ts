import type { Context } from '../context.ts'
import { invalid } from '../errors.ts'
import { listOf } from '../lists.ts'
import { balanceOf } from '../objects/balance.ts'
import { decideDispute, updateDispute } from '../objects/dispute.ts'
import { announce, cancelRefund, createRefund } from '../objects/refund.ts'
import { mergeMetadata } from '../params.ts'
import { get, post, type Route } from '../routing.ts'
import type { Refund } from '../types.ts'

export const refunds: Route[] = [
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

export const disputes: Route[] = [
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

export const balance: Route[] = [
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
