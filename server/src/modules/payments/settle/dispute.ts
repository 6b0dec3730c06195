import { newId } from '@devforge/db'
import type Stripe from 'stripe'
import type { Ctx } from '../../../context.ts'
import type { PaymentRow } from '../queries/payments.ts'
import { insertDispute, lockDispute, updateDispute } from '../queries/refunds.ts'
import { canMove, isClosedDispute, knownState } from '../states.ts'
import { fromUnixOrNull } from '../stripe/api.ts'
import { StaleSnapshot } from './guard.ts'
import { recordPayment } from './record.ts'

/**
 * Brings our row of a dispute in line with Stripe's, in the caller's transaction, the payment being locked.
 * A dispute that ended stays as it ended, but that a bank may think again about one that was lost.
 */
export async function applyDispute(ctx: Ctx, payment: PaymentRow, dispute: Stripe.Dispute): Promise<void> {
  const status = knownState('dispute', dispute.status)
  const now = ctx.deps.clock.now()
  const ours = await lockDispute(ctx.db, dispute.id)
  if (ours && ours.paymentId !== payment.id) throw new Error(`dispute ${dispute.id} names another payment`)
  const from = ours ? knownState('dispute', ours.status) : null
  if (from && !canMove('dispute', from, status)) return
  const values = {
    status,
    reason: dispute.reason,
    amountMinor: dispute.amount,
    currency: dispute.currency,
    evidenceDueBy: fromUnixOrNull(dispute.evidence_details.due_by),
    closedAt: isClosedDispute(status) ? (ours?.closedAt ?? now) : null,
    updatedAt: now,
  }
  if (ours) {
    await updateDispute(ctx.db, ours.id, values)
  } else {
    const row = await insertDispute(ctx.db, {
      id: newId('dsp'),
      paymentId: payment.id,
      stripeDisputeId: dispute.id,
      createdAt: now,
      ...values,
    })
    if (!row) throw new StaleSnapshot(`dispute ${dispute.id}`)
  }
  if (from === status) return
  await recordPayment(ctx, {
    paymentId: payment.id,
    type: `dispute.${status}`,
    reason: dispute.reason,
    cause: dispute.id,
    ...(from ? { before: { status: from } } : {}),
    after: { status, amountMinor: dispute.amount },
  })
}
