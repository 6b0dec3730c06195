import type Stripe from 'stripe'
import type { Ctx } from '../../../context.ts'
import { findPlan } from '../queries/catalog.ts'
import { type CheckoutRow, lockCheckout, updateCheckout } from '../queries/checkouts.ts'
import { updatePayment } from '../queries/payments.ts'
import { type CheckoutStatus, canMove } from '../states.ts'
import { askStripe, fromUnix, idOf } from '../stripe/api.ts'
import { fetchPayment, type PaymentSnapshot } from '../stripe/snapshots.ts'
import { coalesce } from './coalesce.ts'
import { settle } from './guard.ts'
import { settleInvoice } from './invoice.ts'
import { followClaim, fulfil } from './license.ts'
import { ignored, type Outcome, unknownToUs } from './outcome.ts'
import { applyPayment } from './payment.ts'
import { applySubscription } from './subscription.ts'

/** A Checkout Session with what it led to, read in that order: the money is never older than the session. */
export interface CheckoutSnapshot {
  session: Stripe.Checkout.Session
  payment: PaymentSnapshot | null
  subscription: Stripe.Subscription | null
}

/**
 * Reads a Checkout Session and its payment or subscription, and brings our rows in line: the one way in which anything
 * bought is given, for webhooks, reconciliation and the success page alike. Keyed by checkout, so once.
 */
export function settleCheckout(ctx: Ctx, sessionId: string): Promise<Outcome> {
  return coalesce(ctx, `checkout:${sessionId}`, () => readCheckout(ctx, sessionId))
}

async function readCheckout(ctx: Ctx, sessionId: string): Promise<Outcome> {
  let invoiceId: string | null = null
  const outcome = await settle(ctx, async (guard) => {
    await guard.watch('checkout', sessionId)
    const session = await askStripe(ctx, (stripe) => stripe.checkout.sessions.retrieve(sessionId))
    guard.lockFirst(session.metadata?.checkout_id)
    const intentId = idOf(session.payment_intent)
    if (intentId) await guard.watch('payment', intentId)
    const payment = intentId ? await askStripe(ctx, (stripe) => fetchPayment(stripe, intentId)) : null
    const subscriptionId = idOf(session.subscription)
    if (subscriptionId) await guard.watch('subscription', subscriptionId)
    const subscription = subscriptionId
      ? await askStripe(ctx, (stripe) => stripe.subscriptions.retrieve(subscriptionId))
      : null
    invoiceId = idOf(session.invoice)
    return (ctx) => applyCheckout(ctx, { session, payment, subscription })
  })
  // Last, so that it finds the payment that it names; that of a subscription is only found through it.
  if (invoiceId && outcome.kind === 'settled') await settleInvoice(ctx, invoiceId)
  return outcome
}

/** Where a checkout stands, by what Stripe says now. */
export function checkoutStateOf({ session, payment, subscription }: CheckoutSnapshot): CheckoutStatus {
  if (session.status === 'expired') return 'expired'
  if (session.status !== 'complete') return 'open'
  if (session.payment_status !== 'unpaid') return 'complete'
  // Completed but unpaid: the bank has not decided (debits take days), or has said no.
  const intent = payment?.intent.status
  if (intent === 'requires_payment_method' || intent === 'canceled') return 'failed'
  if (subscription?.status === 'incomplete_expired' || subscription?.status === 'canceled') return 'failed'
  return 'processing'
}

async function applyCheckout(ctx: Ctx, snapshot: CheckoutSnapshot): Promise<Outcome> {
  const { session, payment, subscription } = snapshot
  const checkoutId = session.metadata?.checkout_id
  const known = checkoutId === undefined ? undefined : await lockCheckout(ctx.db, checkoutId)
  if (!known) return unknownToUs(ctx, { checkoutId, created: session.created })
  const target = checkoutStateOf(snapshot)
  if (known.stripeSessionId !== null && known.stripeSessionId !== session.id) {
    // A call resumed after Stripe forgot its key makes a second session. Only one may be paid.
    if (target === 'complete' && known.status === 'complete') {
      throw new Error(`checkout ${known.id} was paid twice, also through ${session.id}: refund one`)
    }
    if (target !== 'complete') return ignored('not the session of its checkout any more')
  }
  if (target === 'complete' && !canMove('checkout', known.status, target)) {
    throw new Error(`checkout ${known.id} is ${known.status} here but paid at Stripe`)
  }
  const checkout = await updateCheckout(ctx.db, known.id, {
    ...(canMove('checkout', known.status, target) ? { status: target } : {}),
    stripeSessionId: session.id,
    url: session.url ?? known.url,
    expiresAt: fromUnix(session.expires_at),
    updatedAt: ctx.deps.clock.now(),
  })
  if (subscription) {
    await applySubscription(ctx, subscription, { userId: checkout.userId, checkout })
  } else {
    await applyOneTime(ctx, checkout, payment)
  }
  return { kind: 'settled' }
}

/** A purchase paid at once: the payment, and what it bought if the money is (still) here. */
async function applyOneTime(ctx: Ctx, checkout: CheckoutRow, payment: PaymentSnapshot | null): Promise<void> {
  const settled =
    payment &&
    (await applyPayment(ctx, payment, {
      userId: checkout.userId,
      description: await describe(ctx, checkout),
      checkoutId: checkout.id,
      licenseId: checkout.licenseId ?? undefined,
    }))
  if (checkout.status !== 'complete') return
  // Without a payment a promotion code took the whole price.
  const claim = settled?.claim ?? (payment ? 'none' : 'granted')
  if (checkout.fulfilledAt !== null) {
    if (settled) await followClaim(ctx, settled)
    return
  }
  // Refunded, or taken back, before we heard of the purchase: it was never active.
  if (claim !== 'granted' && claim !== 'disputed') return
  const { licenseId } = await fulfil(ctx, checkout)
  if (!settled) return
  const linked = await updatePayment(ctx.db, settled.payment.id, { licenseId })
  if (claim === 'disputed') await followClaim(ctx, { ...settled, payment: linked, from: null })
}

async function describe(ctx: Ctx, checkout: CheckoutRow): Promise<string> {
  const plan = checkout.planSlug === null ? undefined : await findPlan(ctx.db, checkout.planSlug)
  const what = `Dev Forge ${plan?.name ?? checkout.planSlug ?? checkout.extensionId ?? ''}`
  const seats = checkout.quantity > 1 ? ` × ${checkout.quantity}` : ''
  return checkout.kind === 'renewal' ? `${what}: updates${seats}` : `${what}${seats}`
}
