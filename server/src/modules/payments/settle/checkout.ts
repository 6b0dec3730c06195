import type Stripe from 'stripe'
import type { Ctx } from '../../../context.ts'
import { findOffer } from '../../marketplace/service/sales/offer.ts'
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
import { followShare } from './share.ts'
import { applySubscription } from './subscription.ts'
import { earlierRefusal, leaveUnfulfilled, refusalOf } from './unfulfilled.ts'

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
  const { session, subscription } = snapshot
  const checkoutId = session.metadata?.checkout_id
  const known = checkoutId === undefined ? undefined : await lockCheckout(ctx.db, checkoutId)
  if (!known) return unknownToUs(ctx, { checkoutId, created: session.created })
  const target = checkoutStateOf(snapshot)
  if (known.stripeSessionId !== null && known.stripeSessionId !== session.id) {
    // A call resumed after Stripe forgot its key makes a second session. Only one may be paid.
    if (target !== 'complete') return ignored('not the session of its checkout any more')
    if (known.status === 'complete') return applySecond(ctx, known, snapshot)
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
    await applyOneTime(ctx, checkout, snapshot)
  }
  return { kind: 'settled' }
}

/** A purchase paid at once: the payment first and in any case, then what it bought, if the money is (still) here. */
async function applyOneTime(
  ctx: Ctx,
  checkout: CheckoutRow,
  { session, payment }: CheckoutSnapshot,
): Promise<void> {
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
    if (settled) await followShare(ctx, checkout, settled, session)
    return
  }
  // Refunded, or taken back, before we heard of the purchase: it was never active.
  if (claim !== 'granted' && claim !== 'disputed') return
  const reason =
    (settled && (await earlierRefusal(ctx, settled.payment.id))) ?? (await refusalOf(ctx, checkout))
  if (reason) {
    if (settled)
      await leaveUnfulfilled(ctx, settled.payment, { reason, cause: session.id, checkoutId: checkout.id })
    else ctx.log.warn({ checkoutId: checkout.id, reason }, 'not given; nothing was paid')
    return
  }
  const { licenseId } = await fulfil(ctx, checkout)
  if (!settled) return
  const linked = await updatePayment(ctx.db, settled.payment.id, { licenseId })
  if (claim === 'disputed') await followClaim(ctx, { ...settled, payment: linked, from: null })
  await followShare(ctx, checkout, { ...settled, payment: linked }, session)
}

/**
 * A second session of a checkout that was paid through its first. The first stands; the money of this one goes back.
 * Of a subscription the second one is told by its own row.
 */
async function applySecond(
  ctx: Ctx,
  checkout: CheckoutRow,
  { session, payment, subscription }: CheckoutSnapshot,
): Promise<Outcome> {
  const { userId, id: checkoutId } = checkout
  if (subscription) {
    await applySubscription(ctx, subscription, { userId, checkout })
    return { kind: 'settled' }
  }
  const settled =
    payment &&
    (await applyPayment(ctx, payment, { userId, description: await describe(ctx, checkout), checkoutId }))
  if (settled?.claim === 'granted' || settled?.claim === 'disputed') {
    await leaveUnfulfilled(ctx, settled.payment, { reason: 'paid_twice', cause: session.id, checkoutId })
  }
  return { kind: 'settled' }
}

async function describe(ctx: Ctx, checkout: CheckoutRow): Promise<string> {
  if (checkout.kind === 'extension') {
    const { displayName, identifier } = await findOffer(ctx, checkout)
    return `${displayName} (${identifier})`
  }
  const plan = checkout.planSlug === null ? undefined : await findPlan(ctx.db, checkout.planSlug)
  const what = `Dev Forge ${plan?.name ?? checkout.planSlug ?? ''}`
  const seats = checkout.quantity > 1 ? ` × ${checkout.quantity}` : ''
  return checkout.kind === 'renewal' ? `${what}: updates${seats}` : `${what}${seats}`
}
