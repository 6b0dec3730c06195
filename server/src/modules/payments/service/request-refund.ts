import { writeAudit } from '../../../audit.ts'
import { addMs, DAY } from '../../../clock.ts'
import type { Ctx, SessionActor } from '../../../context.ts'
import { AppError, notFound } from '../../../errors.ts'
import { inTx } from '../../../tx.ts'
import { refuseImpersonation } from '../../auth/actor.ts'
import { findPaymentEvent, lockPayment } from '../queries/payments.ts'
import { recordPayment } from '../settle/record.ts'

const TYPE = 'refund.requested_by_customer'
/** Within this time asking again is the same request; later it is a new one, since people may have said no. */
const ASK_AGAIN_MS = DAY

/**
 * A customer asks for a refund; people decide. It stands in the payment's timeline and in the audit log. Asking again
 * within a day answers the first request. Support's tickets will hang on here: `ticketId` is null until then.
 * @throws PAYMENT_NOT_REFUNDABLE when there is nothing to give back
 */
export async function requestRefund(
  ctx: Ctx<SessionActor>,
  { paymentId, reason }: { paymentId: string; reason: string },
): Promise<{ ticketId: string | null; requestedAt: Date }> {
  refuseImpersonation(ctx.actor)
  const { userId } = ctx.actor
  return inTx(ctx, async (ctx) => {
    const payment = await lockPayment(ctx.db, { id: paymentId, userId })
    if (!payment) throw notFound('payment', paymentId)
    if (payment.status !== 'succeeded' && payment.status !== 'partially_refunded') {
      throw new AppError('PAYMENT_NOT_REFUNDABLE', { status: payment.status })
    }
    const earlier = await findPaymentEvent(ctx.db, { paymentId, type: TYPE })
    if (earlier && earlier.at > addMs(ctx.deps.clock.now(), -ASK_AGAIN_MS)) {
      return { ticketId: null, requestedAt: earlier.at }
    }
    const requestedAt = await recordPayment(ctx, { paymentId, type: TYPE, reason })
    await writeAudit(ctx, { action: TYPE, subject: paymentId, reason })
    return { ticketId: null, requestedAt }
  })
}
