import type { Ctx } from '../../../context.ts'
import { paymentsOfOwner } from '../queries/payments.ts'

/** What support sees of payments of one person: those among the ids that are really theirs. */
export async function paymentsForSupport(ctx: Ctx, { ids, userId }: { ids: string[]; userId: string }) {
  if (ids.length === 0) return []
  const rows = await paymentsOfOwner(ctx.db, { ids, userId })
  return rows.map((row) => ({
    id: row.id,
    status: row.status,
    amountMinor: row.amountMinor,
    refundedMinor: row.refundedMinor,
    currency: row.currency,
    description: row.description,
    licenseId: row.licenseId,
    createdAt: row.createdAt,
  }))
}
