import type Stripe from 'stripe'

/** All that Stripe knows at one time about one payment. */
export interface PaymentSnapshot {
  intent: Stripe.PaymentIntent
  charge: Stripe.Charge | null
  refunds: Stripe.Refund[]
  disputes: Stripe.Dispute[]
}

const PAGE = 100

/** Reads a payment whole: the intent with its last charge, every refund, every dispute. */
export async function fetchPayment(stripe: Stripe, intentId: string): Promise<PaymentSnapshot> {
  const intent = await stripe.paymentIntents.retrieve(intentId, { expand: ['latest_charge'] })
  const charge = typeof intent.latest_charge === 'string' ? null : intent.latest_charge
  if (!charge) return { intent, charge: null, refunds: [], disputes: [] }
  const of = { payment_intent: intentId, limit: PAGE }
  const [refunds, disputes] = await Promise.all([all(stripe.refunds.list(of)), all(stripe.disputes.list(of))])
  return { intent, charge, refunds, disputes }
}

/** Every item of a paged list. */
export async function all<T>(list: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of list) items.push(item)
  return items
}
