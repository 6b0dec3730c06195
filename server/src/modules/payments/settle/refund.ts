import { newId } from '@devforge/db'
import type Stripe from 'stripe'
import { actorLabel, type Ctx } from '../../../context.ts'
import { queueMail } from '../../../mail/outbox.ts'
import type { PaymentRow } from '../queries/payments.ts'
import { insertRefund, lockRefund, type RefundRow, updateRefund } from '../queries/refunds.ts'
import { canMove, isLiveRefund, knownState, type RefundStatus } from '../states.ts'
import { StaleSnapshot } from './guard.ts'
import { contactOf, formatMoney, recordPayment } from './record.ts'

/**
 * Brings our row of a refund in line with Stripe's, in the caller's transaction, the payment being locked.
 * Refunds made by hand in Stripe's dashboard get a row here too.
 */
export async function applyRefund(ctx: Ctx, payment: PaymentRow, refund: Stripe.Refund): Promise<void> {
  const status = knownState('refund', refund.status)
  const ours = await lockRefund(ctx.db, {
    id: refund.metadata?.refund_id,
    stripeRefundId: refund.id,
  })
  if (ours && ours.paymentId !== payment.id) throw new Error(`refund ${refund.id} names another payment`)
  const before = ours?.status ?? null
  const row = ours
    ? await moveRefund(ctx, ours, refund, status)
    : await addRefund(ctx, payment, refund, status)
  if (before === row.status && ours?.stripeRefundId === refund.id) return
  await recordPayment(ctx, {
    paymentId: payment.id,
    type: `refund.${row.status}`,
    reason: row.failureReason ?? undefined,
    cause: row.id,
    ...(before ? { before: { status: before } } : {}),
    after: { status: row.status, amountMinor: row.amountMinor },
  })
  const wasOnItsWay = before !== null && before !== 'requested' && isLiveRefund(before)
  if (!wasOnItsWay && isLiveRefund(row.status)) await mailRefund(ctx, payment, row)
}

async function moveRefund(
  ctx: Ctx,
  ours: RefundRow,
  refund: Stripe.Refund,
  status: RefundStatus,
): Promise<RefundRow> {
  return updateRefund(ctx.db, ours.id, {
    stripeRefundId: refund.id,
    ...(canMove('refund', ours.status, status)
      ? { status, failureReason: refund.failure_reason ?? null }
      : {}),
    updatedAt: ctx.deps.clock.now(),
  })
}

async function addRefund(
  ctx: Ctx,
  payment: PaymentRow,
  refund: Stripe.Refund,
  status: RefundStatus,
): Promise<RefundRow> {
  const now = ctx.deps.clock.now()
  const row = await insertRefund(ctx.db, {
    id: newId('ref'),
    paymentId: payment.id,
    stripeRefundId: refund.id,
    status,
    amountMinor: refund.amount,
    currency: refund.currency,
    reason: refund.reason,
    failureReason: refund.failure_reason ?? null,
    actor: actorLabel(ctx.actor),
    createdAt: now,
    updatedAt: now,
  })
  if (!row) throw new StaleSnapshot(`refund ${refund.id}`)
  return row
}

async function mailRefund(ctx: Ctx, payment: PaymentRow, refund: RefundRow): Promise<void> {
  const contact = await contactOf(ctx, payment.userId)
  if (!contact) return
  await queueMail(ctx, {
    dedupeKey: `payment-refunded:${refund.id}`,
    to: contact.email,
    template: 'payment-refunded',
    data: {
      name: contact.name,
      amount: formatMoney(refund.amountMinor, refund.currency),
      full: refund.amountMinor === payment.amountMinor,
    },
  })
}
