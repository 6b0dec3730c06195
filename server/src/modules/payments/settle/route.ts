import type { Ctx } from '../../../context.ts'
import { findCheckout } from '../queries/checkouts.ts'
import { findPaymentByIntent, findPaymentEvent } from '../queries/payments.ts'
import { findInvoiceOfPayment } from '../queries/subscriptions.ts'
import { askStripe, idOf } from '../stripe/api.ts'
import { settleCheckout } from './checkout.ts'
import { settleInvoice } from './invoice.ts'
import { ignored, type Outcome, unknownToUs } from './outcome.ts'
import { UNFULFILLED } from './unfulfilled.ts'

/**
 * Settles a payment through what it pays for: its checkout, or the invoice of its subscription. News of charges, refunds
 * and disputes all come here, since each is only a part of the same payment.
 */
export async function settlePayment(ctx: Ctx, intentId: string): Promise<Outcome> {
  const known = await findPaymentByIntent(ctx.db, intentId)
  const refused = known && (await findPaymentEvent(ctx.db, { paymentId: known.id, type: UNFULFILLED }))
  // What was paid twice came through a session that its checkout does not name.
  if (refused?.cause?.startsWith('cs_')) return settleCheckout(ctx, refused.cause)
  const metadata = known
    ? null
    : (await askStripe(ctx, (stripe) => stripe.paymentIntents.retrieve(intentId))).metadata
  const checkoutId = known?.checkoutId ?? metadata?.checkout_id
  if (checkoutId) return settleCheckoutOf(ctx, checkoutId, intentId)
  const invoice = known ? await findInvoiceOfPayment(ctx.db, known.id) : undefined
  const invoiceId = invoice?.stripeInvoiceId ?? (await invoiceOf(ctx, intentId))
  if (invoiceId) return settleInvoice(ctx, invoiceId)
  return ignored('pays for nothing of ours')
}

async function settleCheckoutOf(ctx: Ctx, checkoutId: string, intentId: string): Promise<Outcome> {
  const checkout = await findCheckout(ctx.db, checkoutId)
  if (checkout?.stripeSessionId) return settleCheckout(ctx, checkout.stripeSessionId)
  const sessions = await askStripe(ctx, (stripe) =>
    stripe.checkout.sessions.list({ payment_intent: intentId, limit: 1 }),
  )
  const session = sessions.data[0]
  if (session) return settleCheckout(ctx, session.id)
  const intent = await askStripe(ctx, (stripe) => stripe.paymentIntents.retrieve(intentId))
  return unknownToUs(ctx, { checkoutId, created: intent.created })
}

async function invoiceOf(ctx: Ctx, intentId: string): Promise<string | null> {
  const payments = await askStripe(ctx, (stripe) =>
    stripe.invoicePayments.list({ payment: { type: 'payment_intent', payment_intent: intentId }, limit: 1 }),
  )
  return idOf(payments.data[0]?.invoice)
}

/** Settles the payment of a charge, for objects that name only the charge. */
export async function settleCharge(ctx: Ctx, chargeId: string): Promise<Outcome> {
  const charge = await askStripe(ctx, (stripe) => stripe.charges.retrieve(chargeId))
  const intentId = idOf(charge.payment_intent)
  return intentId ? settlePayment(ctx, intentId) : ignored('a charge without an intent is not ours')
}
