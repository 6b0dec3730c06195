import { newId } from '@devforge/db'
import type { Ctx } from '../../../context.ts'
import { insertPayment, lockPaymentByIntent, type PaymentRow, updatePayment } from '../queries/payments.ts'
import { listRefunds } from '../queries/refunds.ts'
import { canMove, knownState, type Money, moneyOf } from '../states.ts'
import { fromUnix } from '../stripe/api.ts'
import type { PaymentSnapshot } from '../stripe/snapshots.ts'
import { applyDispute } from './dispute.ts'
import { StaleSnapshot } from './guard.ts'
import { recordPayment } from './record.ts'
import { applyRefund } from './refund.ts'

/** What a payment is for; known from the checkout or the subscription behind it. */
export interface PaymentPurpose {
  userId: string
  description: string
  checkoutId?: string | undefined
  subscriptionId?: string | undefined
  licenseId?: string | undefined
}

export interface SettledPayment {
  payment: PaymentRow
  /** Status before; null for a new row. */
  from: PaymentRow['status'] | null
  claim: Money['claim']
  /** The refund or dispute that explains the present status; else the payment itself. */
  cause: string
}

/** What a snapshot says about the money. @returns null while nobody has tried to pay */
export function moneyOfSnapshot({ intent, refunds, disputes }: PaymentSnapshot): Money | null {
  return moneyOf({
    intentStatus: intent.status,
    amountMinor: intent.status === 'succeeded' ? intent.amount_received : intent.amount,
    hasFailed: intent.last_payment_error !== null || intent.status === 'canceled',
    refunds: refunds.map((refund) => ({
      status: knownState('refund', refund.status),
      amountMinor: refund.amount,
    })),
    disputes: disputes.map((dispute) => ({ status: knownState('dispute', dispute.status) })),
  })
}

/**
 * Brings our rows of a payment, its refunds and its disputes in line with Stripe's, in the caller's transaction.
 * @returns null while nobody has tried to pay
 */
export async function applyPayment(
  ctx: Ctx,
  snapshot: PaymentSnapshot,
  purpose: PaymentPurpose,
): Promise<SettledPayment | null> {
  const money = moneyOfSnapshot(snapshot)
  if (!money) return null
  const { intent, charge } = snapshot
  const now = ctx.deps.clock.now()
  const existing = await lockPaymentByIntent(ctx.db, intent.id)
  if (existing && existing.userId !== purpose.userId)
    throw new Error(`payment ${intent.id} is another customer's`)
  const from = existing?.status ?? null
  const mayMove = from === null || canMove('payment', from, money.status)
  const failure = money.status === 'failed' ? intent.last_payment_error : null
  const values = {
    ...(mayMove
      ? { status: money.status, refundedMinor: money.refundedMinor, amountMinor: money.amountMinor }
      : {}),
    checkoutId: purpose.checkoutId ?? existing?.checkoutId ?? null,
    subscriptionId: purpose.subscriptionId ?? existing?.subscriptionId ?? null,
    licenseId: purpose.licenseId ?? existing?.licenseId ?? null,
    stripeChargeId: charge?.id ?? existing?.stripeChargeId ?? null,
    receiptUrl: charge?.receipt_url ?? existing?.receiptUrl ?? null,
    failureCode: failure?.decline_code ?? failure?.code ?? null,
    failureMessage: failure?.message ?? null,
    paidAt:
      existing?.paidAt ??
      (intent.status === 'succeeded' ? fromUnix(charge?.created ?? intent.created) : null),
    updatedAt: now,
  }
  // Written even when nothing changed: the version of the row tells other workers that somebody has looked.
  const payment = existing
    ? await updatePayment(ctx.db, existing.id, values)
    : await insertPayment(ctx.db, {
        id: newId('pay'),
        userId: purpose.userId,
        stripePaymentIntentId: intent.id,
        currency: intent.currency,
        description: purpose.description,
        createdAt: now,
        ...values,
        status: money.status,
        amountMinor: money.amountMinor,
        refundedMinor: money.refundedMinor,
      })
  if (!payment) throw new StaleSnapshot(`payment ${intent.id}`)
  for (const refund of oldestFirst(snapshot.refunds)) await applyRefund(ctx, payment, refund)
  for (const dispute of oldestFirst(snapshot.disputes)) await applyDispute(ctx, payment, dispute)
  if (from !== payment.status) {
    await recordPayment(ctx, {
      paymentId: payment.id,
      type: `payment.${payment.status}`,
      reason: values.failureCode ?? undefined,
      cause: intent.id,
      ...(from ? { before: { status: from } } : {}),
      after: {
        status: payment.status,
        amountMinor: payment.amountMinor,
        refundedMinor: payment.refundedMinor,
      },
    })
  }
  return {
    payment,
    from,
    claim: mayMove ? money.claim : 'none',
    cause: await causeOf(ctx, payment, snapshot),
  }
}

const oldestFirst = <T extends { created: number }>(items: readonly T[]): T[] =>
  [...items].sort((a, b) => a.created - b.created)

async function causeOf(ctx: Ctx, payment: PaymentRow, { disputes }: PaymentSnapshot): Promise<string> {
  const dispute = oldestFirst(disputes).at(-1)
  if (dispute) return dispute.id
  return (await listRefunds(ctx.db, [payment.id])).at(-1)?.id ?? payment.id
}
