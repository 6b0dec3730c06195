import { newId } from '@devforge/db'
import { writeAudit } from '../../../audit.ts'
import { actorLabel, type Ctx } from '../../../context.ts'
import { AppError } from '../../../errors.ts'
import type { PaymentRow } from '../queries/payments.ts'
import { insertRefund, listRefunds, type RefundRow } from '../queries/refunds.ts'
import { isLiveRefund } from '../states.ts'
import { recordPayment } from './record.ts'

/**
 * Writes down that money goes back, with the job that asks Stripe for it, in the caller's transaction; the payment is locked.
 * @param amountMinor default: all that is left
 * @throws REFUND_EXCEEDS_PAYMENT, PAYMENT_NOT_REFUNDABLE, IDEMPOTENCY_CONFLICT
 */
export async function openRefund(
  ctx: Ctx,
  payment: PaymentRow,
  input: {
    amountMinor?: number | undefined
    reason: string
    idempotencyKey: string
    /** The ticket that asked for it. */
    ticketId?: string | undefined
  },
): Promise<RefundRow> {
  const { reason, idempotencyKey, ticketId } = input
  const paymentId = payment.id
  const amountMinor = await refundableAmount(ctx, payment, input.amountMinor)
  const now = ctx.deps.clock.now()
  const row = await insertRefund(ctx.db, {
    id: newId('ref'),
    paymentId,
    status: 'requested',
    amountMinor,
    currency: payment.currency,
    reason,
    actor: actorLabel(ctx.actor),
    idempotencyKey,
    createdAt: now,
    updatedAt: now,
  })
  // The key was used in this moment for another payment, whose lock is not ours.
  if (!row) throw new AppError('IDEMPOTENCY_CONFLICT')
  const after = { status: row.status, amountMinor, ...(ticketId === undefined ? {} : { ticketId }) }
  await recordPayment(ctx, { paymentId, type: 'refund.requested', reason, cause: row.id, after })
  await writeAudit(ctx, {
    action: 'payment.refund',
    subject: paymentId,
    reason,
    after: { refundId: row.id, amountMinor, ...(ticketId === undefined ? {} : { ticketId }) },
  })
  await ctx.deps.jobs.enqueue(ctx.db, 'stripe.refund', { refundId: row.id })
  return row
}

/** What may be given back now; refunds on their way count as given. */
async function refundableAmount(ctx: Ctx, payment: PaymentRow, wanted: number | undefined): Promise<number> {
  const { status, currency } = payment
  if (status !== 'succeeded' && status !== 'partially_refunded') {
    throw new AppError('PAYMENT_NOT_REFUNDABLE', { status })
  }
  const refunds = await listRefunds(ctx.db, [payment.id])
  const taken = refunds.reduce(
    (sum, refund) => sum + (isLiveRefund(refund.status) ? refund.amountMinor : 0),
    0,
  )
  const refundableMinor = payment.amountMinor - taken
  const amountMinor = wanted ?? refundableMinor
  if (amountMinor > refundableMinor || refundableMinor <= 0) {
    throw new AppError('REFUND_EXCEEDS_PAYMENT', { refundableMinor, currency })
  }
  return amountMinor
}
