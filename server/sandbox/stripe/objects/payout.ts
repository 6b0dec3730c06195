import type { Context } from '../context.ts'
import { balanceInsufficient } from '../errors.ts'
import type { Payout } from '../types.ts'
import { addBalanceTransaction, balanceOf } from './balance.ts'

const ARRIVES_AFTER_SECONDS = 2 * 24 * 3600

/** Sends available money to the account's bank: of a connected account, whose requests carry `Stripe-Account`. */
export function createPayout(
  ctx: Context,
  input: { amountMinor: number; currency: string; metadata: Record<string, string> },
): Payout {
  if ((balanceOf(ctx).available.get(input.currency) ?? 0) < input.amountMinor) throw balanceInsufficient()
  const id = ctx.id('po')
  const movement = addBalanceTransaction(ctx, {
    type: 'payout',
    category: 'payout',
    amountMinor: -input.amountMinor,
    currency: input.currency,
    source: id,
    atOnce: true,
  })
  const payout: Payout = {
    id,
    object: 'payout',
    amount: input.amountMinor,
    application_fee: null,
    application_fee_amount: null,
    arrival_date: ctx.now + ARRIVES_AFTER_SECONDS,
    automatic: false,
    balance_transaction: movement.id,
    created: ctx.now,
    currency: input.currency,
    description: null,
    destination: null,
    failure_balance_transaction: null,
    failure_code: null,
    failure_message: null,
    livemode: false,
    metadata: input.metadata,
    method: 'standard',
    original_payout: null,
    payout_method: null,
    reconciliation_status: 'not_applicable',
    reversed_by: null,
    source_type: 'card',
    statement_descriptor: null,
    status: 'pending',
    trace_id: null,
    type: 'bank_account',
  }
  ctx.add('payout', payout)
  ctx.emit('payout.created', payout)
  return payout
}
