import type { Context } from '../context.ts'
import { balanceInsufficient, invalid, StripeFault } from '../errors.ts'
import { idOf } from '../ids.ts'
import { embedded } from '../lists.ts'
import type { ApplicationFee, Charge, Transfer, TransferReversal } from '../types.ts'
import { addBalanceTransaction, balanceOf } from './balance.ts'

export interface TransferInput {
  amountMinor: number
  currency: string
  destination: string
  description?: string | null
  sourceTransaction?: string | null
  transferGroup?: string | null
  metadata?: Record<string, string>
}

/** Moves money to a connected account: its side is a charge `py_…` there. */
export function createTransfer(ctx: Context, input: TransferInput): Transfer {
  const account = ctx.get('account', input.destination, 'destination')
  // Accounts with Stripe's own onboarding; others name their owner's details in the API and are in order at once.
  if (account.type === 'express' && account.capabilities?.transfers !== 'active') {
    throw new StripeFault(400, {
      type: 'invalid_request_error',
      code: 'insufficient_capabilities_for_transfer',
      message:
        'Your destination account needs to have at least one of the following capabilities enabled: transfers, crypto_transfers, legacy_payments',
    })
  }
  if (input.amountMinor < 1)
    throw invalid('This value must be greater than or equal to 1.', 'amount', 'parameter_invalid_integer')
  if (!input.sourceTransaction && (balanceOf(ctx).available.get(input.currency) ?? 0) < input.amountMinor) {
    throw balanceInsufficient()
  }
  const id = ctx.id('tr')
  const movement = addBalanceTransaction(ctx, {
    type: 'transfer',
    category: 'transfer',
    amountMinor: -input.amountMinor,
    currency: input.currency,
    source: id,
    description: input.description,
    atOnce: true,
  })
  const payment = ctx.id('py')
  addBalanceTransaction(ctx.forAccount(account.id), {
    type: 'payment',
    category: 'transfer',
    amountMinor: input.amountMinor,
    currency: input.currency,
    source: payment,
    atOnce: true,
  })
  const transfer: Transfer = {
    id,
    object: 'transfer',
    amount: input.amountMinor,
    amount_reversed: 0,
    balance_transaction: movement.id,
    created: ctx.now,
    currency: input.currency,
    description: input.description ?? null,
    destination: account.id,
    destination_payment: payment,
    livemode: false,
    metadata: input.metadata ?? {},
    reversals: embedded([], `/v1/transfers/${id}/reversals`),
    reversed: false,
    source_transaction: input.sourceTransaction ?? null,
    source_type: 'card',
    transfer_group: input.transferGroup ?? null,
  }
  ctx.add('transfer', transfer)
  ctx.emit('transfer.created', transfer)
  return transfer
}

/** Takes back all (default) or part of a transfer. */
export function reverseTransfer(
  ctx: Context,
  transfer: Transfer,
  amountMinor: number | undefined,
  options: { sourceRefund?: string; metadata?: Record<string, string> } = {},
): TransferReversal {
  const left = transfer.amount - transfer.amount_reversed
  const amount = amountMinor ?? left
  if (amount < 1 || amount > left) {
    throw invalid(
      `Reversal amount (${amount}) is greater than unreversed amount on transfer (${left})`,
      'amount',
    )
  }
  const id = ctx.id('trr')
  const movement = addBalanceTransaction(ctx, {
    type: 'transfer_refund',
    category: 'transfer_reversal',
    amountMinor: amount,
    currency: transfer.currency,
    source: id,
    atOnce: true,
  })
  addBalanceTransaction(ctx.forAccount(transfer.destination ?? ''), {
    type: 'payment_refund',
    category: 'transfer_reversal',
    amountMinor: -amount,
    currency: transfer.currency,
    source: id,
    atOnce: true,
  })
  const reversal: TransferReversal = {
    id,
    object: 'transfer_reversal',
    amount,
    balance_transaction: movement.id,
    created: ctx.now,
    currency: transfer.currency,
    destination_payment_refund: null,
    metadata: options.metadata ?? {},
    source_refund: options.sourceRefund ?? null,
    transfer: transfer.id,
  }
  ctx.add('transfer_reversal', reversal)
  const reversed = transfer.amount_reversed + amount
  const previous = ctx.change(transfer, {
    amount_reversed: reversed,
    reversed: reversed === transfer.amount,
    reversals: {
      ...transfer.reversals,
      data: [reversal as unknown as Transfer['reversals']['data'][number], ...transfer.reversals.data],
    },
  })
  ctx.emit('transfer.reversed', transfer, previous)
  return reversal
}

/** A destination charge's share: the transfer, and our fee taken out of it. */
export function settleDestination(ctx: Context, charge: Charge): void {
  const destination = idOf(charge.transfer_data?.destination)
  if (!destination) return
  const fee = charge.application_fee_amount
  const transfer = createTransfer(ctx, {
    amountMinor: charge.transfer_data?.amount ?? charge.amount,
    currency: charge.currency,
    destination,
    sourceTransaction: charge.id,
    transferGroup: charge.transfer_group ?? `group_${charge.payment_intent}`,
  })
  const patch: Partial<Charge> = { transfer: transfer.id, transfer_group: transfer.transfer_group }
  if (fee) patch.application_fee = createApplicationFee(ctx, charge, destination, fee).id
  ctx.change(charge, patch)
}

function createApplicationFee(
  ctx: Context,
  charge: Charge,
  account: string,
  amountMinor: number,
): ApplicationFee {
  const id = ctx.id('fee')
  const movement = addBalanceTransaction(ctx, {
    type: 'application_fee',
    category: 'platform_earning',
    amountMinor,
    currency: charge.currency,
    source: id,
  })
  addBalanceTransaction(ctx.forAccount(account), {
    type: 'adjustment',
    category: 'fee',
    amountMinor: -amountMinor,
    currency: charge.currency,
    source: id,
    atOnce: true,
  })
  const fee: ApplicationFee = {
    id,
    object: 'application_fee',
    account,
    amount: amountMinor,
    amount_refunded: 0,
    application: 'ca_sandbox',
    balance_transaction: movement.id,
    charge: charge.id,
    created: ctx.now,
    currency: charge.currency,
    fee_source: { charge: charge.id, type: 'charge' },
    livemode: false,
    originating_transaction: charge.id,
    refunded: false,
    refunds: embedded([], `/v1/application_fees/${id}/refunds`),
  }
  ctx.add('application_fee', fee)
  ctx.emit('application_fee.created', fee)
  return fee
}

/** Gives (part of) our fee back to the connected account. */
export function refundApplicationFee(ctx: Context, fee: ApplicationFee, amountMinor: number): void {
  const amount = Math.min(amountMinor, fee.amount - fee.amount_refunded)
  if (amount <= 0) return
  const id = ctx.id('fr')
  const movement = addBalanceTransaction(ctx, {
    type: 'application_fee_refund',
    category: 'platform_earning_refund',
    amountMinor: -amount,
    currency: fee.currency,
    source: id,
    atOnce: true,
  })
  addBalanceTransaction(ctx.forAccount(idOf(fee.account) ?? ''), {
    type: 'adjustment',
    category: 'fee',
    amountMinor: amount,
    currency: fee.currency,
    source: id,
    atOnce: true,
  })
  const refund = {
    id,
    object: 'fee_refund' as const,
    amount,
    balance_transaction: movement.id,
    created: ctx.now,
    currency: fee.currency,
    fee: fee.id,
    metadata: {},
  }
  ctx.add('fee_refund', refund)
  const refunded = fee.amount_refunded + amount
  const previous = ctx.change(fee, {
    amount_refunded: refunded,
    refunded: refunded === fee.amount,
    refunds: { ...fee.refunds, data: [refund, ...fee.refunds.data] },
  })
  ctx.emit('application_fee.refunded', fee, previous)
}
