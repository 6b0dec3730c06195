import type Stripe from 'stripe'
import type { Ctx } from '../../../context.ts'
import { followSale } from '../../marketplace/service/sales/follow.ts'
import type { CheckoutRow } from '../queries/checkouts.ts'
import { listDisputes, listRefunds } from '../queries/refunds.ts'
import { isOpenDispute, knownState } from '../states.ts'
import type { SettledPayment } from './payment.ts'

/**
 * Lets a publisher's share follow the payment for its extension: earned, taken back with refunds and lost disputes, given again
 * when those fail. Only for what was given: money that goes back unfulfilled is nobody's sale.
 */
export async function followShare(
  ctx: Ctx,
  { kind, extensionId }: CheckoutRow,
  { payment, claim }: SettledPayment,
  { total_details: details }: Stripe.Checkout.Session,
): Promise<void> {
  // Without a claim the money is not here, or the snapshot is none that our row may follow.
  if (kind !== 'extension' || extensionId === null || payment.licenseId === null || claim === 'none') return
  const disputes = (await listDisputes(ctx.db, payment.id)).map((row) => ({
    ...row,
    status: knownState('dispute', row.status),
  }))
  await followSale(ctx, {
    paymentId: payment.id,
    extensionId,
    currency: payment.currency,
    amountMinor: payment.amountMinor,
    taxMinor: details?.amount_tax ?? 0,
    refundedMinor: payment.refundedMinor,
    lostMinor: disputes.reduce((sum, row) => sum + (row.status === 'lost' ? row.amountMinor : 0), 0),
    isDisputed: disputes.some((row) => isOpenDispute(row.status)),
    refundId: (await listRefunds(ctx.db, [payment.id])).at(-1)?.id ?? null,
    disputeId: disputes.at(-1)?.stripeDisputeId ?? null,
  })
}
