import { behaviorOf } from '../cards.ts'
import type { Context } from '../context.ts'
import { invalid, unexpectedState } from '../errors.ts'
import { idOf } from '../ids.ts'
import type { Charge, Refund } from '../types.ts'
import { addBalanceTransaction } from './balance.ts'
import { refundApplicationFee, reverseTransfer } from './connect.ts'

export interface RefundInput {
  amountMinor?: number
  reason?: Refund['reason']
  metadata?: Record<string, string>
  reverseTransfer?: boolean
  refundApplicationFee?: boolean
}

const money = (amountMinor: number, currency: string) =>
  `${(amountMinor / 100).toFixed(2)} ${currency.toUpperCase()}`

/** Refunds all that is left of a charge (default) or part of it. https://docs.stripe.com/api/refunds */
export function createRefund(ctx: Context, charge: Charge, input: RefundInput): Refund {
  if (charge.refunded) {
    throw invalid(`Charge ${charge.id} has already been refunded.`, undefined, 'charge_already_refunded')
  }
  if (charge.status !== 'succeeded') {
    throw invalid(`Charge ${charge.id} cannot be refunded: its status is ${charge.status}.`, 'charge')
  }
  if (charge.disputed && hasOpenDispute(ctx, charge)) {
    throw invalid(
      `Charge ${charge.id} has been charged back; cannot issue a refund.`,
      undefined,
      'charge_disputed',
    )
  }
  const left = charge.amount - charge.amount_refunded
  const amount = input.amountMinor ?? left
  if (amount < 1) throw invalid('Invalid positive integer', 'amount', 'parameter_invalid_integer')
  if (amount > left) {
    throw invalid(
      `Refund amount (${money(amount, charge.currency)}) is greater than unrefunded amount on charge (${money(left, charge.currency)})`,
      'amount',
    )
  }
  const behavior = behaviorOf(charge._sandbox?.behavior ?? 'succeeds')
  const pending = behavior.refund === 'pending_then_succeeds'
  const id = ctx.id(charge.id.startsWith('py_') ? 'pyr' : 're')
  const movement = addBalanceTransaction(ctx, {
    type: charge.id.startsWith('py_') ? 'payment_refund' : 'refund',
    category: 'refund',
    amountMinor: -amount,
    currency: charge.currency,
    source: id,
    description: 'REFUND FOR CHARGE',
    atOnce: true,
  })
  const refund: Refund = {
    id,
    object: 'refund',
    amount,
    balance_transaction: movement.id,
    charge: charge.id,
    created: ctx.now,
    currency: charge.currency,
    customer: charge.customer,
    customer_account: null,
    destination_details: {
      card: { reference_status: 'pending', reference_type: 'acquirer_reference_number', type: 'refund' },
      type: 'card',
    },
    metadata: input.metadata ?? {},
    payment_intent: charge.payment_intent,
    payment_method: charge.payment_method,
    reason: input.reason ?? null,
    receipt_number: null,
    source_transfer_reversal: null,
    status: pending ? 'pending' : 'succeeded',
    transfer_reversal: null,
    ...(pending ? { pending_reason: 'processing' as const } : {}),
    _sandbox: { willFail: behavior.refund === 'succeeds_then_fails' },
  }
  ctx.add('refund', refund)
  const before = charge.amount_refunded
  const refunded = before + amount
  takeBackShares(ctx, charge, refund, input)
  const previous = ctx.change(charge, { amount_refunded: refunded, refunded: refunded === charge.amount })
  ctx.emit('refund.created', refund)
  ctx.emit('charge.refunded', charge, previous)
  if (behavior.refund) ctx.schedule('refund_settles', id, ctx.now + ctx.settings.asyncSeconds)
  return refund
}

function hasOpenDispute(ctx: Context, charge: Charge): boolean {
  return ctx.all('dispute', { charge: charge.id }).some((dispute) => !dispute.is_charge_refundable)
}

/** Destination charges: the refund takes the publisher's share and our fee back in proportion. */
function takeBackShares(ctx: Context, charge: Charge, refund: Refund, input: RefundInput): void {
  const transfer = ctx.find('transfer', charge.transfer)
  if (input.reverseTransfer) {
    if (!transfer)
      throw invalid('Cannot reverse transfer: this charge has no associated transfer.', 'reverse_transfer')
    const share = Math.round((transfer.amount * refund.amount) / charge.amount)
    const rest = transfer.amount - transfer.amount_reversed
    const reversal = reverseTransfer(ctx, transfer, Math.min(share, rest), { sourceRefund: refund.id })
    ctx.change(refund, { transfer_reversal: reversal.id })
  }
  const fee = ctx.find('application_fee', idOf(charge.application_fee))
  if (input.refundApplicationFee) {
    if (!fee) {
      throw invalid('Cannot refund application fee: this charge has none.', 'refund_application_fee')
    }
    refundApplicationFee(ctx, fee, Math.round((fee.amount * refund.amount) / charge.amount))
  }
}

/** An asynchronous refund's answer has arrived. */
export function settleRefund(ctx: Context, refund: Refund): void {
  if (refund._sandbox?.willFail) failRefund(ctx, refund)
  else if (refund.status === 'pending')
    announce(ctx, refund, { status: 'succeeded', pending_reason: undefined })
}

/** The customer's bank sends the money back: it is ours again. `refund.failed` may come long after `succeeded`. */
export function failRefund(ctx: Context, refund: Refund): void {
  if (refund.status === 'failed' || refund.status === 'canceled') {
    throw unexpectedState('refund', `This refund has a status of ${refund.status}.`)
  }
  const movement = giveBack(ctx, refund, 'refund_failure', 'refund_failure')
  const previous = ctx.change(refund, {
    status: 'failed',
    failure_reason: 'lost_or_stolen_card',
    failure_balance_transaction: movement,
    pending_reason: undefined,
  })
  ctx.emit('refund.failed', refund)
  ctx.emit('refund.updated', refund, previous)
  ctx.emit('charge.refund.updated', refund, previous)
}

export function cancelRefund(ctx: Context, refund: Refund): void {
  if (refund.status !== 'pending' && refund.status !== 'requires_action') {
    throw invalid(`You cannot cancel this refund because it has a status of ${refund.status}.`)
  }
  ctx.unschedule('refund_settles', refund.id)
  giveBack(ctx, refund, 'refund_failure', 'refund_failure')
  announce(ctx, refund, { status: 'canceled', pending_reason: undefined })
}

function giveBack(ctx: Context, refund: Refund, type: 'refund_failure', category: string): string {
  ctx.unschedule('refund_settles', refund.id)
  const movement = addBalanceTransaction(ctx, {
    type,
    category,
    amountMinor: refund.amount,
    currency: refund.currency,
    source: refund.id,
    atOnce: true,
  })
  const charge = ctx.find('charge', refund.charge)
  if (charge) {
    ctx.changeAndEmit('charge.updated', charge, {
      amount_refunded: charge.amount_refunded - refund.amount,
      refunded: false,
    })
  }
  return movement.id
}

/** Both names of the event: `charge.refund.updated` is the older one. */
export function announce(ctx: Context, refund: Refund, patch: Partial<Refund>): void {
  const previous = ctx.change(refund, patch)
  if (Object.keys(previous).length === 0) return
  ctx.emit('refund.updated', refund, previous)
  ctx.emit('charge.refund.updated', refund, previous)
}
