import { newId } from '@devforge/db'
import type { Ctx } from '../../../../context.ts'
import { findForSale } from '../../queries/prices.ts'
import {
  insertEntries,
  insertSale,
  lockSale,
  lossesOf,
  type SaleRow,
  updateSale,
} from '../../queries/sales.ts'
import { entriesBetween, type Losses, type SaleEntryKind } from './split.ts'

/** All that is known now about the money of a payment for an extension. */
export interface SaleFacts extends Losses {
  paymentId: string
  extensionId: string
  currency: string
  amountMinor: number
  taxMinor: number
  /** A bank has yet to decide: nothing is sent meanwhile. */
  isDisputed: boolean
  /** Ids of the latest refund and dispute, for the ledger. */
  refundId: string | null
  disputeId: string | null
}

/**
 * Brings the sale behind a payment in line with the payment: writes into the ledger what changed, and lets a job move money if
 * the publisher's share is not what it was sent. Part of the transaction that settled the payment, which holds the payment;
 * called again with the same facts it changes nothing, and the order in which facts became known makes no difference.
 */
export async function followSale(ctx: Ctx, facts: SaleFacts): Promise<void> {
  const now = ctx.deps.clock.now()
  const known = await lockSale(ctx.db, { paymentId: facts.paymentId })
  const sale = known ?? (await openSale(ctx, facts))
  const entries = entriesBetween(sale, known ? await lossesOf(ctx.db, sale.id) : null, facts)
  if (known && entries.length === 0 && known.held === facts.isDisputed) return
  await insertEntries(
    ctx.db,
    entries.map((entry) => ({
      id: newId('led'),
      saleId: sale.id,
      publisherId: sale.publisherId,
      currency: sale.currency,
      cause: causeOf(entry.kind, facts),
      at: now,
      ...entry,
    })),
  )
  const shareMinor = entries.reduce((sum, entry) => sum + entry.shareMinor, sale.shareMinor)
  const { transferredMinor } = await updateSale(ctx.db, sale.id, {
    shareMinor,
    held: facts.isDisputed,
    updatedAt: now,
  })
  if (shareMinor !== transferredMinor) await ctx.deps.jobs.enqueue(ctx.db, 'sales.move', { saleId: sale.id })
}

async function openSale(ctx: Ctx, facts: SaleFacts): Promise<SaleRow> {
  const { paymentId, extensionId, currency, amountMinor, taxMinor } = facts
  const extension = await findForSale(ctx.db, { id: extensionId })
  if (!extension) throw new Error(`payment ${paymentId} is for no extension`)
  const now = ctx.deps.clock.now()
  const sale = await insertSale(ctx.db, {
    id: newId('sal'),
    paymentId,
    publisherId: extension.publisherId,
    extensionId,
    currency,
    amountMinor,
    taxMinor,
    feeBps: ctx.deps.env.MARKETPLACE_FEE_BPS,
    shareMinor: 0,
    soldAt: now,
    createdAt: now,
    updatedAt: now,
  })
  if (!sale) throw new Error(`payment ${paymentId} was not held`)
  return sale
}

function causeOf(kind: SaleEntryKind, { paymentId, refundId, disputeId }: SaleFacts): string {
  if (kind === 'sale') return paymentId
  return (kind === 'refund' || kind === 'refund_failed' ? refundId : disputeId) ?? paymentId
}
