import { writeAudit } from '../../../audit.ts'
import type { Ctx } from '../../../context.ts'
import { AppError, notFound } from '../../../errors.ts'
import { lockPayment, paymentsOfOwner } from '../queries/payments.ts'
import { recordPayment } from '../settle/record.ts'

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

/**
 * Holds a payment of somebody of which something can be given back. In the caller's transaction, before its ticket is locked.
 * @throws NOT_FOUND, PAYMENT_NOT_REFUNDABLE
 */
export async function holdForRefund(
  ctx: Ctx,
  { paymentId, userId }: { paymentId: string; userId: string },
): Promise<void> {
  const payment = await lockPayment(ctx.db, { id: paymentId, userId })
  if (!payment) throw notFound('payment', paymentId)
  if (payment.status !== 'succeeded' && payment.status !== 'partially_refunded')
    throw new AppError('PAYMENT_NOT_REFUNDABLE', { status: payment.status })
}

/** Writes into the history of a held payment, and into the audit log, that an agent asks for a refund. */
export async function noteRefundAsked(
  ctx: Ctx,
  {
    paymentId,
    reason,
    requestId,
    ticketId,
  }: { paymentId: string; reason: string; requestId: string; ticketId: string },
): Promise<void> {
  const type = 'refund.requested_by_agent'
  await recordPayment(ctx, { paymentId, type, reason, cause: ticketId, after: { requestId } })
  await writeAudit(ctx, {
    action: `payment.${type}`,
    subject: paymentId,
    reason,
    after: { requestId, ticketId },
  })
}
