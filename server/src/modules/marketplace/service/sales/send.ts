import { newId } from '@devforge/db'
import type Stripe from 'stripe'
import { addMs, MINUTE } from '../../../../clock.ts'
import type { Ctx } from '../../../../context.ts'
import { inTx } from '../../../../tx.ts'
import { askStripe, isForbidden, isRefused } from '../../../payments/stripe/api.ts'
import { all } from '../../../payments/stripe/snapshots.ts'
import {
  addReversed,
  findTransfer,
  lockReversal,
  lockTransfer,
  type ReversalRow,
  type TransferRow,
  updateReversal,
  updateTransfer,
} from '../../queries/movements.ts'
import { findAccount } from '../../queries/payout-accounts.ts'
import { insertEntries, lockSale, type SaleRow, updateSale } from '../../queries/sales.ts'
import { NOTHING } from './split.ts'

/** A call may have reached Stripe although we never heard back; from this age on Stripe is asked first. */
const MAY_HAVE_ARRIVED_MS = 10 * MINUTE
const PAGE = 100

const isOld = (ctx: Ctx, row: { createdAt: Date }): boolean =>
  row.createdAt < addMs(ctx.deps.clock.now(), -MAY_HAVE_ARRIVED_MS)

/**
 * Asks Stripe for a transfer that stands `requested`, once: the key is the row's, and what is sent under it never changes.
 * @returns whether the money went; refused, it is owed again and tried by the next reconciliation
 */
export async function sendTransfer(ctx: Ctx, row: TransferRow): Promise<boolean> {
  const account = await findAccount(ctx.db, row.payoutAccountId)
  const destination = account?.stripeAccountId
  if (!destination) throw new Error(`transfer ${row.id} goes to no account`)
  const arrived = isOld(ctx, row) ? await findArrived(ctx, row) : undefined
  try {
    const transfer = arrived ?? (await askStripe(ctx, (stripe) => createTransfer(stripe, row, destination)))
    await finish(ctx, row.saleId, async (ctx, sale) => {
      const fresh = await lockTransfer(ctx.db, row.id)
      if (fresh?.status !== 'requested') return
      const now = ctx.deps.clock.now()
      await updateTransfer(ctx.db, row.id, { status: 'sent', stripeTransferId: transfer.id, updatedAt: now })
      await enter(ctx, sale, { kind: 'transfer', transferredMinor: row.amountMinor, cause: row.id })
    })
    return true
  } catch (error) {
    if (!isRefused(error) && !isForbidden(error)) throw error
    ctx.log.error({ transferId: row.id, code: error.code }, 'stripe refused to send a share')
    await finish(ctx, row.saleId, async (ctx, sale) => {
      const fresh = await lockTransfer(ctx.db, row.id)
      if (fresh?.status !== 'requested') return
      const updatedAt = ctx.deps.clock.now()
      await updateTransfer(ctx.db, row.id, {
        status: 'refused',
        failureReason: error.code ?? error.type,
        updatedAt,
      })
      await updateSale(ctx.db, sale.id, {
        transferredMinor: sale.transferredMinor - row.amountMinor,
        updatedAt,
      })
    })
    return false
  }
}

const createTransfer = (stripe: Stripe, row: TransferRow, destination: string): Promise<Stripe.Transfer> =>
  stripe.transfers.create(
    {
      amount: row.amountMinor,
      currency: row.currency,
      destination,
      transfer_group: row.saleId,
      metadata: { transfer_id: row.id, sale_id: row.saleId },
      // The money is there when that of the charge is.
      ...(row.sourceChargeId ? { source_transaction: row.sourceChargeId } : {}),
    },
    { idempotencyKey: row.stripeIdempotencyKey },
  )

async function findArrived(ctx: Ctx, row: TransferRow): Promise<Stripe.Transfer | undefined> {
  const transfers = await askStripe(ctx, (stripe) =>
    all(stripe.transfers.list({ transfer_group: row.saleId, limit: PAGE })),
  )
  return transfers.find((transfer) => transfer.metadata.transfer_id === row.id)
}

/**
 * Asks Stripe to take a share back, once. @returns whether it came back; refused (the account is empty), it stays owed, is kept
 * from what is sent next, and asked for again a day later
 */
export async function sendReversal(ctx: Ctx, row: ReversalRow): Promise<boolean> {
  const transfer = await findTransfer(ctx.db, row.transferId)
  const transferId = transfer?.stripeTransferId
  if (!transferId) throw new Error(`reversal ${row.id} is of no transfer`)
  const arrived = isOld(ctx, row) ? await findReversed(ctx, transferId, row) : undefined
  try {
    const reversal = arrived ?? (await askStripe(ctx, (stripe) => createReversal(stripe, row, transferId)))
    await finish(ctx, row.saleId, async (ctx, sale) => {
      const fresh = await lockReversal(ctx.db, row.id)
      if (fresh?.status !== 'requested') return
      const now = ctx.deps.clock.now()
      await updateReversal(ctx.db, row.id, { status: 'sent', stripeReversalId: reversal.id, updatedAt: now })
      await enter(ctx, sale, { kind: 'transfer_reversed', transferredMinor: -row.amountMinor, cause: row.id })
      if (!sale.reversalRefusedAt) return
      await updateSale(ctx.db, sale.id, { reversalRefusedAt: null, updatedAt: now })
      // Sales that had paid for this one are owed again.
      await ctx.deps.jobs.enqueue(ctx.db, 'sales.release', { publisherId: sale.publisherId })
    })
    return true
  } catch (error) {
    if (!isRefused(error) && !isForbidden(error)) throw error
    ctx.log.warn({ reversalId: row.id, code: error.code }, 'stripe refused to take a share back')
    await finish(ctx, row.saleId, async (ctx, sale) => {
      const fresh = await lockReversal(ctx.db, row.id)
      if (fresh?.status !== 'requested') return
      const updatedAt = ctx.deps.clock.now()
      await updateReversal(ctx.db, row.id, {
        status: 'refused',
        failureReason: error.code ?? error.type,
        updatedAt,
      })
      await addReversed(ctx.db, row.transferId, -row.amountMinor)
      await updateSale(ctx.db, sale.id, {
        transferredMinor: sale.transferredMinor + row.amountMinor,
        reversalRefusedAt: updatedAt,
        updatedAt,
      })
    })
    return false
  }
}

const createReversal = (
  stripe: Stripe,
  row: ReversalRow,
  transferId: string,
): Promise<Stripe.TransferReversal> =>
  stripe.transfers.createReversal(
    transferId,
    { amount: row.amountMinor, metadata: { reversal_id: row.id, sale_id: row.saleId } },
    { idempotencyKey: row.stripeIdempotencyKey },
  )

async function findReversed(
  ctx: Ctx,
  transferId: string,
  row: ReversalRow,
): Promise<Stripe.TransferReversal | undefined> {
  const reversals = await askStripe(ctx, (stripe) =>
    all(stripe.transfers.listReversals(transferId, { limit: PAGE })),
  )
  return reversals.find((reversal) => reversal.metadata?.reversal_id === row.id)
}

/** Notes what came of a call, the sale being held: once, whoever else made the same call with the same key. */
async function finish(
  ctx: Ctx,
  saleId: string,
  work: (ctx: Ctx, sale: SaleRow) => Promise<void>,
): Promise<void> {
  await inTx(ctx, async (ctx) => {
    const sale = await lockSale(ctx.db, { id: saleId })
    if (sale) await work(ctx, sale)
  })
}

const enter = (
  ctx: Ctx,
  sale: SaleRow,
  entry: { kind: 'transfer' | 'transfer_reversed'; transferredMinor: number; cause: string },
): Promise<void> =>
  insertEntries(ctx.db, [
    {
      id: newId('led'),
      saleId: sale.id,
      publisherId: sale.publisherId,
      currency: sale.currency,
      at: ctx.deps.clock.now(),
      ...NOTHING,
      ...entry,
    },
  ])
