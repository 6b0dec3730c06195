import { addMs, DAY, HOUR } from '../../../../clock.ts'
import type { Ctx } from '../../../../context.ts'
import { salesWithRequests } from '../../queries/movements.ts'
import { staleAccounts } from '../../queries/payout-accounts.ts'
import { unsyncedPrices } from '../../queries/prices.ts'
import { takeUnevenSales } from '../../queries/sales.ts'

/** Takes up calls to Stripe that a crash left behind: part of the sweep of payments. */
export async function sweepSales(ctx: Ctx, left: { before: Date; limit: number }): Promise<void> {
  const { jobs } = ctx.deps
  for (const saleId of await salesWithRequests(ctx.db, left)) {
    await jobs.enqueue(ctx.db, 'sales.move', { saleId }, { singletonKey: saleId })
  }
  for (const priceId of await unsyncedPrices(ctx.db, left)) {
    await jobs.enqueue(ctx.db, 'sales.price', { priceId }, { singletonKey: priceId })
  }
}

const LOOK_AGAIN_MS = DAY
const MOVE_AGAIN_MS = HOUR

/** What the reconciliation of payments looks at again, too: accounts (their news are in no list), and sales that are not even. */
export async function staleOfSales(
  ctx: Ctx,
  { limit }: { limit: number },
): Promise<{ accounts: string[]; sales: string[] }> {
  const now = ctx.deps.clock.now()
  return {
    accounts: await staleAccounts(ctx.db, { before: addMs(now, -LOOK_AGAIN_MS), limit }),
    sales: await takeUnevenSales(ctx.db, { before: addMs(now, -MOVE_AGAIN_MS), now, limit }),
  }
}
