import type Stripe from 'stripe'
import type { z } from 'zod'
import { addMs, MINUTE } from '../../../clock.ts'
import type { AdminActor, Ctx } from '../../../context.ts'
import { AppError, notFound } from '../../../errors.ts'
import { inTx } from '../../../tx.ts'
import { lockPayment } from '../queries/payments.ts'
import { findRefund, findRefundByKey, lockRefund, type RefundRow, updateRefund } from '../queries/refunds.ts'
import type { refundInput } from '../schemas.ts'
import { openRefund } from '../settle/open-refund.ts'
import { recordPayment } from '../settle/record.ts'
import { settlePayment } from '../settle/route.ts'
import { askStripe, isRefused, stripeOf } from '../stripe/api.ts'
import { all } from '../stripe/snapshots.ts'
import { presentRefund } from './list.ts'

type Input = z.infer<typeof refundInput>

/** For a refund that a ticket asked for. */
interface Along {
  ticketId?: string
  /** What commits together with it, after the payment is locked. */
  along?(ctx: Ctx<AdminActor>, refund: RefundRow): Promise<void>
}

/**
 * Gives money back: all that is left of a payment, or a part. Our row is committed under the payment's lock before Stripe
 * is called, so that refunds together never exceed the payment; the call is made here, and by a job should this process die.
 * @returns the refund as far as it got; `requested` means that Stripe will be asked again
 * @throws REFUND_EXCEEDS_PAYMENT, PAYMENT_NOT_REFUNDABLE, IDEMPOTENCY_CONFLICT
 */
export async function refund(ctx: Ctx<AdminActor>, { ticketId, along, ...input }: Input & Along) {
  stripeOf(ctx)
  const requested = await inTx(ctx, async (ctx) => {
    const row = await requestRefundRow(ctx, input, ticketId)
    await along?.(ctx, row)
    return row
  })
  if (requested.status === 'requested') {
    try {
      await sendRefund(ctx, requested.id)
    } catch (error) {
      // Committed is committed: the job goes on with it.
      ctx.log.warn({ err: error, refundId: requested.id }, 'refund not sent yet')
    }
  }
  const found = await findRefund(ctx.db, requested.id)
  return presentRefund(found?.refund ?? requested)
}

async function requestRefundRow(ctx: Ctx, input: Input, ticketId?: string): Promise<RefundRow> {
  const { paymentId, reason, idempotencyKey } = input
  const payment = await lockPayment(ctx.db, { id: paymentId })
  if (!payment) throw notFound('payment', paymentId)
  const repeated = await findRefundByKey(ctx.db, idempotencyKey)
  if (repeated) return sameRefund(repeated, input)
  return openRefund(ctx, payment, { amountMinor: input.amountMinor, reason, idempotencyKey, ticketId })
}

function sameRefund(repeated: RefundRow, { paymentId, amountMinor }: Input): RefundRow {
  const same =
    repeated.paymentId === paymentId && (amountMinor === undefined || repeated.amountMinor === amountMinor)
  if (!same) throw new AppError('IDEMPOTENCY_CONFLICT')
  return repeated
}

/** A call may have reached Stripe although we never heard back; from this age on Stripe is asked first. */
const MAY_HAVE_ARRIVED_MS = 10 * MINUTE

/**
 * Asks Stripe for a refund that stands `requested`, once: the key is derived from the row, and what is sent under it
 * never changes. A refund that Stripe refuses is marked failed. Used by the admin's call, by the job and by the sweep.
 */
export async function sendRefund(ctx: Ctx, refundId: string): Promise<void> {
  const found = await findRefund(ctx.db, refundId)
  if (found?.refund.status !== 'requested') return
  const { refund, payment } = found
  const intentId = payment.stripePaymentIntentId
  if (!intentId) throw new Error(`payment ${payment.id} has no intent to refund`)
  const isOld = refund.createdAt < addMs(ctx.deps.clock.now(), -MAY_HAVE_ARRIVED_MS)
  if (!(isOld && (await arrived(ctx, intentId, refund.id)))) {
    try {
      await askStripe(ctx, (stripe) => createAtStripe(stripe, refund, intentId))
    } catch (error) {
      if (!isRefused(error)) throw error
      await markRefused(ctx, refund, error.message)
    }
  }
  await settlePayment(ctx, intentId)
}

const createAtStripe = (stripe: Stripe, refund: RefundRow, intentId: string): Promise<Stripe.Refund> =>
  stripe.refunds.create(
    {
      payment_intent: intentId,
      amount: refund.amountMinor,
      reason: 'requested_by_customer',
      metadata: { refund_id: refund.id, payment_id: refund.paymentId },
    },
    { idempotencyKey: `refund_${refund.id}` },
  )

async function arrived(ctx: Ctx, intentId: string, refundId: string): Promise<boolean> {
  const refunds = await askStripe(ctx, (stripe) =>
    all(stripe.refunds.list({ payment_intent: intentId, limit: 100 })),
  )
  return refunds.some((refund) => refund.metadata?.refund_id === refundId)
}

async function markRefused(ctx: Ctx, { id, paymentId }: RefundRow, failureReason: string): Promise<void> {
  await inTx(ctx, async (ctx) => {
    const payment = await lockPayment(ctx.db, { id: paymentId })
    const row = await lockRefund(ctx.db, { id })
    if (!payment || row?.status !== 'requested') return
    await updateRefund(ctx.db, id, { status: 'failed', failureReason, updatedAt: ctx.deps.clock.now() })
    await recordPayment(ctx, {
      paymentId,
      type: 'refund.failed',
      reason: failureReason,
      cause: id,
      before: { status: 'requested' },
      after: { status: 'failed', amountMinor: row.amountMinor },
    })
  })
}
