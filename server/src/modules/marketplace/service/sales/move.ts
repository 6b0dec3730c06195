import { newId } from '@devforge/db'
import { addMs, DAY } from '../../../../clock.ts'
import type { Ctx } from '../../../../context.ts'
import { inTx } from '../../../../tx.ts'
import {
  addReversed,
  findRequestedReversal,
  insertReversal,
  insertTransfer,
  listTransfers,
  type ReversalRow,
  type TransferRow,
} from '../../queries/movements.ts'
import { findOpenAccount } from '../../queries/payout-accounts.ts'
import {
  chargeOfSale,
  findSale,
  lockMoney,
  lockSale,
  owedTo,
  type SaleRow,
  unevenSales,
  updateSale,
} from '../../queries/sales.ts'
import { sendReversal, sendTransfer } from './send.ts'

type Movement = { kind: 'transfer'; row: TransferRow } | { kind: 'reversal'; row: ReversalRow }

/** Some transfers with their reversals: more steps at once would mean that they do not converge. */
const MOST_STEPS = 50
/** How long after a refusal Stripe is asked again to take a share back. */
const ASK_AGAIN_MS = DAY
const BATCH = 200

/**
 * Moves money until a publisher was sent its share of a sale, as far as that may be: nothing is sent while a bank decides or the
 * account cannot take money, and never more than the publisher is owed in all. Each step is committed, with the key of its call,
 * before Stripe is asked; after a crash the job, or the sweep, goes on with the same key. For the job.
 */
export async function moveSale(ctx: Ctx, { saleId }: { saleId: string }): Promise<void> {
  if (!ctx.deps.stripe) return
  for (let step = 0; step < MOST_STEPS; step++) {
    const movement = await inTx(ctx, (ctx) => nextMovement(ctx, saleId))
    if (!movement) return
    const { kind } = movement
    const went =
      kind === 'transfer' ? await sendTransfer(ctx, movement.row) : await sendReversal(ctx, movement.row)
    if (!went) return
  }
  throw new Error(`the transfers of sale ${saleId} do not come to an end`)
}

/** What was begun and not finished, or what is to be done next; null: nothing. */
async function nextMovement(ctx: Ctx, saleId: string): Promise<Movement | null> {
  const found = await findSale(ctx.db, saleId)
  if (!found) return null
  await lockMoney(ctx.db, found.publisherId)
  const sale = await lockSale(ctx.db, { id: saleId })
  if (!sale) return null
  const transfers = await listTransfers(ctx.db, saleId)
  const begun = transfers.find((row) => row.status === 'requested')
  if (begun) return { kind: 'transfer', row: begun }
  const taking = await findRequestedReversal(ctx.db, saleId)
  if (taking) return { kind: 'reversal', row: taking }
  const dueMinor = sale.shareMinor - sale.transferredMinor
  if (dueMinor === 0 || (dueMinor > 0 && sale.held)) return null
  const [owed] = await owedTo(ctx.db, sale.publisherId, sale.currency)
  const freeMinor = owed?.freeMinor ?? 0
  return dueMinor > 0
    ? beginTransfer(ctx, { sale, transfers, amountMinor: Math.min(dueMinor, freeMinor) })
    : beginReversal(ctx, { sale, transfers, dueMinor: -dueMinor, isOwed: freeMinor < 0 })
}

async function beginTransfer(
  ctx: Ctx,
  { sale, transfers, amountMinor }: { sale: SaleRow; transfers: TransferRow[]; amountMinor: number },
): Promise<Movement | null> {
  // What it owes us for other sales is kept: this one pays for them.
  if (amountMinor <= 0) return null
  const account = await findOpenAccount(ctx.db, sale.publisherId)
  if (!account?.transfersEnabled || account.stripeAccountId === null) return null
  // A charge feeds transfers up to its amount, those taken back included; beyond it they come out of our own balance.
  const drawnMinor = transfers.reduce((sum, row) => sum + (row.sourceChargeId ? row.amountMinor : 0), 0)
  const chargeId = drawnMinor + amountMinor <= sale.amountMinor ? await chargeOfSale(ctx.db, sale.id) : null
  const now = ctx.deps.clock.now()
  const id = newId('trf')
  const row = await insertTransfer(ctx.db, {
    id,
    saleId: sale.id,
    payoutAccountId: account.id,
    amountMinor,
    currency: sale.currency,
    status: 'requested',
    sourceChargeId: chargeId,
    stripeIdempotencyKey: `transfer_${id}`,
    createdAt: now,
    updatedAt: now,
  })
  await updateSale(ctx.db, sale.id, { transferredMinor: sale.transferredMinor + amountMinor, updatedAt: now })
  return { kind: 'transfer', row }
}

async function beginReversal(
  ctx: Ctx,
  {
    sale,
    transfers,
    dueMinor,
    isOwed,
  }: { sale: SaleRow; transfers: TransferRow[]; dueMinor: number; isOwed: boolean },
): Promise<Movement | null> {
  const now = ctx.deps.clock.now()
  const { reversalRefusedAt } = sale
  if (reversalRefusedAt) {
    // Other sales may have paid for it meanwhile.
    if (!isOwed || reversalRefusedAt > addMs(now, -ASK_AGAIN_MS)) return null
  }
  const transfer = transfers.find((row) => row.amountMinor > row.reversedMinor)
  if (!transfer) throw new Error(`sale ${sale.id} was sent more than its transfers say`)
  const amountMinor = Math.min(dueMinor, transfer.amountMinor - transfer.reversedMinor)
  const id = newId('trv')
  const row = await insertReversal(ctx.db, {
    id,
    transferId: transfer.id,
    saleId: sale.id,
    amountMinor,
    status: 'requested',
    stripeIdempotencyKey: `reversal_${id}`,
    createdAt: now,
    updatedAt: now,
  })
  await addReversed(ctx.db, transfer.id, amountMinor)
  await updateSale(ctx.db, sale.id, { transferredMinor: sale.transferredMinor - amountMinor, updatedAt: now })
  return { kind: 'reversal', row }
}

/** Looks again at all sales of a publisher that are not even: its account can take money now, or a debt was paid. For the job. */
export async function releaseSales(ctx: Ctx, { publisherId }: { publisherId: string }): Promise<void> {
  let after: string | undefined
  do {
    const ids = await unevenSales(ctx.db, { publisherId, after, limit: BATCH })
    for (const saleId of ids) {
      await ctx.deps.jobs.enqueue(ctx.db, 'sales.move', { saleId }, { singletonKey: saleId })
    }
    after = ids.length === BATCH ? ids.at(-1) : undefined
  } while (after !== undefined)
}
