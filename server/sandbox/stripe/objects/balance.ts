import type { Context } from '../context.ts'
import type { BalanceTransaction } from '../types.ts'

/** Stripe's standard price for a US card: 2.9 % + 30 minor units. */
export function processingFee(amountMinor: number): number {
  return amountMinor <= 0 ? 0 : Math.round(amountMinor * 0.029) + 30
}

/** Funds of a US account become available after two days. */
const PENDING_SECONDS = 2 * 24 * 3600

/** One movement of the account's balance. */
export function addBalanceTransaction(
  ctx: Context,
  entry: {
    type: BalanceTransaction['type']
    category: string
    amountMinor: number
    feeMinor?: number
    applicationFeeMinor?: number
    currency: string
    source: string
    description?: string | null
    atOnce?: boolean
  },
): BalanceTransaction {
  const feeMinor = entry.feeMinor ?? 0
  const applicationFee = entry.applicationFeeMinor ?? 0
  const fees = [
    { amount: feeMinor, description: 'Stripe processing fees', type: 'stripe_fee' },
    { amount: applicationFee, description: 'Application fee', type: 'application_fee' },
  ].filter(({ amount }) => amount !== 0)
  const transaction: BalanceTransaction = {
    id: ctx.id('txn'),
    object: 'balance_transaction',
    amount: entry.amountMinor,
    available_on: entry.atOnce ? ctx.now : ctx.now + PENDING_SECONDS,
    balance_type: 'payments',
    created: ctx.now,
    currency: entry.currency,
    description: entry.description ?? null,
    exchange_rate: null,
    fee: feeMinor + applicationFee,
    fee_details: fees.map((fee) => ({ ...fee, application: null, currency: entry.currency })),
    net: entry.amountMinor - feeMinor - applicationFee,
    reporting_category: entry.category,
    source: entry.source,
    status: entry.atOnce ? 'available' : 'pending',
    type: entry.type,
  }
  return ctx.add('balance_transaction', transaction)
}

/** Sums of the account's balance by currency. */
export function balanceOf(ctx: Context): { available: Map<string, number>; pending: Map<string, number> } {
  const rows = ctx.store
    .prepare(
      `SELECT json_extract(json, '$.currency') AS currency,
              sum(CASE WHEN json_extract(json, '$.available_on') <= ? THEN json_extract(json, '$.net') ELSE 0 END) AS available,
              sum(CASE WHEN json_extract(json, '$.available_on') > ? THEN json_extract(json, '$.net') ELSE 0 END) AS pending
         FROM objects WHERE kind = 'balance_transaction' AND account = ? GROUP BY 1`,
    )
    .all(ctx.now, ctx.now, ctx.account)
  const available = new Map<string, number>()
  const pending = new Map<string, number>()
  for (const row of rows) {
    available.set(String(row.currency), Number(row.available))
    pending.set(String(row.currency), Number(row.pending))
  }
  return { available, pending }
}
