import { newId } from '@devforge/db'
import { writeAudit } from '../../../audit.ts'
import { addMs, DAY } from '../../../clock.ts'
import type { Ctx, SessionActor } from '../../../context.ts'
import { AppError, notFound } from '../../../errors.ts'
import { inTx } from '../../../tx.ts'
import { refuseImpersonation } from '../../auth/actor.ts'
import { openTicket } from '../../support/service/create.ts'
import { findPaymentEvent, lockPayment } from '../queries/payments.ts'
import { formatMoney, recordPayment } from '../settle/record.ts'

const TYPE = 'refund.requested_by_customer'
/** Within this time asking again is the same request; later it is a new one, since people may have said no. */
const ASK_AGAIN_MS = DAY

/**
 * A customer asks for a refund; people decide. It stands in the payment's timeline and in the audit log, and opens a billing ticket that
 * is linked to the payment and what it paid for. Asking again within a day answers with the first ticket. Locks: payment, then ticket.
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
      return { ticketId: earlier.cause, requestedAt: earlier.at }
    }
    const ticketId = newId('tkt')
    // Not the words: these histories can never be erased, and the ticket has them.
    const requestedAt = await recordPayment(ctx, { paymentId, type: TYPE, cause: ticketId })
    await writeAudit(ctx, { action: TYPE, subject: paymentId, after: { ticketId } })
    const { amountMinor, currency, licenseId } = payment
    await openTicket(ctx, {
      id: ticketId,
      requesterId: userId,
      subject: `Refund of ${formatMoney(amountMinor, currency)}`,
      body: reason,
      category: 'billing',
      source: 'api',
      links: [
        { kind: 'payment', targetId: paymentId },
        ...(licenseId === null ? [] : [{ kind: 'license' as const, targetId: licenseId }]),
      ],
    })
    return { ticketId, requestedAt }
  })
}
