import { addMs, HOUR, SECOND } from '../../../clock.ts'
import type { Ctx, SessionActor } from '../../../context.ts'
import { AppError, notFound } from '../../../errors.ts'
import { type CheckoutRow, findOwnCheckout } from '../queries/checkouts.ts'
import { findPaymentOfCheckout, newestPaymentOfSubscription } from '../queries/payments.ts'
import { findSubscriptionOfCheckout } from '../queries/subscriptions.ts'
import { settleCheckout } from '../settle/checkout.ts'
import { sealContext } from '../settle/license.ts'

/** How long the key of a new license is shown where it was bought. */
export const KEY_SHOWN_MS = HOUR
/** The page polls; Stripe is asked at most this often per checkout. */
const ASK_AGAIN_MS = 2 * SECOND

/**
 * How a purchase of one's own stands. While it is pending Stripe is asked too, so that the success page does not depend
 * on the webhook: both go the same way, and only one of them fulfils.
 */
export async function checkout(ctx: Ctx<SessionActor>, { id }: { id: string }) {
  const { userId } = ctx.actor
  const found = await findOwnCheckout(ctx.db, { id, userId })
  if (!found) throw notFound('checkout', id)
  const row = (await catchUp(ctx, found)) ? ((await findOwnCheckout(ctx.db, { id, userId })) ?? found) : found
  return {
    id: row.id,
    status: row.status,
    licenseId: row.licenseId,
    licenseKey: openKey(ctx, row),
    paymentId: await paymentIdOf(ctx, row),
    url: row.status === 'open' ? row.url : null,
    expiresAt: row.expiresAt,
  }
}

/** @returns whether the row may have changed */
async function catchUp(ctx: Ctx, row: CheckoutRow): Promise<boolean> {
  const pending = row.status === 'open' || row.status === 'processing'
  if (!pending || row.stripeSessionId === null || ctx.deps.stripe === null) return false
  if (row.updatedAt > addMs(ctx.deps.clock.now(), -ASK_AGAIN_MS)) return false
  try {
    await settleCheckout(ctx, row.stripeSessionId)
  } catch (error) {
    // The webhook will tell; what we know meanwhile is still an answer.
    if (!(error instanceof AppError)) ctx.log.warn({ err: error, checkoutId: row.id }, 'checkout not settled')
  }
  return true
}

function openKey(ctx: Ctx<SessionActor>, row: CheckoutRow): string | null {
  // Whoever acts for somebody sees what they have, not the secret to it.
  if ('impersonatedBy' in ctx.actor && ctx.actor.impersonatedBy !== undefined) return null
  if (!row.sealedLicenseKey || !row.fulfilledAt) return null
  if (row.fulfilledAt <= addMs(ctx.deps.clock.now(), -KEY_SHOWN_MS)) return null
  return ctx.deps.secrets.open(row.sealedLicenseKey, sealContext(row.id))
}

async function paymentIdOf(ctx: Ctx, row: CheckoutRow): Promise<string | null> {
  const payment = await findPaymentOfCheckout(ctx.db, row.id)
  if (payment) return payment.id
  const subscription = await findSubscriptionOfCheckout(ctx.db, row.id)
  if (!subscription) return null
  return (await newestPaymentOfSubscription(ctx.db, subscription.id))?.id ?? null
}
