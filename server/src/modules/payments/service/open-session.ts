import type Stripe from 'stripe'
import { addMs, HOUR } from '../../../clock.ts'
import type { Ctx } from '../../../context.ts'
import { AppError } from '../../../errors.ts'
import { findOffer } from '../../marketplace/service/sales/offer.ts'
import { ensureExtensionPrice } from '../../marketplace/service/sales/price.ts'
import { findPlan, type PlanRow } from '../queries/catalog.ts'
import { type CheckoutRow, closeUnopened, findCheckout, keepSession } from '../queries/checkouts.ts'
import { hadSubscription } from '../queries/subscriptions.ts'
import { askStripe, fromUnix, isKeyReused, isRefused } from '../stripe/api.ts'
import { ensurePrice } from '../stripe/catalog.ts'
import { ensureCustomer } from '../stripe/customer.ts'

/** Stripe forgets idempotency keys after a day; from then on a repeated call would make a second session. */
export const KEY_LIVES_MS = 23 * HOUR

export interface OpenedCheckout {
  id: string
  url: string
  expiresAt: Date
}

/**
 * Asks Stripe for the hosted session of a committed checkout, or gives the one it has. Safe to call again at any time.
 * @throws CHECKOUT_EXPIRED when it was never opened and is too old to be opened now
 * @throws CHECKOUT_FAILED when Stripe refuses it, or refused it before
 */
export async function openSession(ctx: Ctx, checkout: CheckoutRow): Promise<OpenedCheckout> {
  if (checkout.stripeSessionId !== null) return present(checkout)
  refuseClosed(checkout)
  const session = await findOrCreateSession(ctx, checkout)
  await keepSession(ctx.db, checkout.id, {
    stripeSessionId: session.id,
    url: session.url,
    expiresAt: fromUnix(session.expires_at),
    updatedAt: ctx.deps.clock.now(),
  })
  // A webhook may have been faster, or a deletion of the account.
  const kept = (await findCheckout(ctx.db, checkout.id)) ?? checkout
  if (kept.stripeSessionId === null) {
    await askStripe(ctx, (stripe) => stripe.checkout.sessions.expire(session.id))
    refuseClosed(kept)
  }
  return present(kept, session)
}

/** Nothing is opened for what was closed: what is paid there would be a surprise. */
function refuseClosed({ id, status }: CheckoutRow): void {
  if (status === 'failed') throw new AppError('CHECKOUT_FAILED', { id })
  if (status === 'expired') throw new AppError('CHECKOUT_EXPIRED', { id })
}

function present(checkout: CheckoutRow, session?: Stripe.Checkout.Session): OpenedCheckout {
  // A session that is paid or expired has no page any more; where the customer is sent then is still known.
  const url = session?.url ?? checkout.url ?? checkout.successUrl
  const expiresAt = session ? fromUnix(session.expires_at) : checkout.expiresAt
  if (!expiresAt) throw new AppError('CHECKOUT_EXPIRED', { id: checkout.id })
  return { id: checkout.id, url, expiresAt }
}

async function findOrCreateSession(ctx: Ctx, checkout: CheckoutRow): Promise<Stripe.Checkout.Session> {
  const { id } = checkout
  const close = (status: 'failed' | 'expired') =>
    closeUnopened(ctx.db, id, { status, updatedAt: ctx.deps.clock.now() })
  try {
    const customer = await ensureCustomer(ctx, checkout.userId)
    if (checkout.createdAt < addMs(ctx.deps.clock.now(), -KEY_LIVES_MS)) {
      const found = await findSession(ctx, customer, id)
      if (found) return found
      await close('expired')
      throw new AppError('CHECKOUT_EXPIRED', { id })
    }
    return await createSession(ctx, checkout, customer)
  } catch (error) {
    if (!isRefused(error)) throw error
    // What Stripe says is for us: a setting is missing, a customer was deleted there, a code is used up.
    ctx.log.error({ err: error, checkoutId: id }, 'stripe refused a checkout')
    await close('failed')
    throw isAboutPromotion(error)
      ? new AppError('PROMOTION_CODE_INVALID', { code: checkout.promotionCode ?? '' }, { cause: error })
      : new AppError('CHECKOUT_FAILED', { id }, { cause: error })
  }
}

/** Codes are used up, or bound to customers and amounts, which only shows when they are applied. */
const isAboutPromotion = ({ param, code }: Stripe.errors.StripeInvalidRequestError): boolean =>
  /discounts|promotion_code|coupon/.test(`${param ?? ''} ${code ?? ''}`)

async function createSession(
  ctx: Ctx,
  checkout: CheckoutRow,
  customer: string,
): Promise<Stripe.Checkout.Session> {
  const params = await sessionParams(ctx, checkout, customer)
  try {
    return await askStripe(ctx, (stripe) =>
      stripe.checkout.sessions.create(params, { idempotencyKey: checkout.stripeIdempotencyKey }),
    )
  } catch (error) {
    // Something that the request is made of (a price, a setting) changed since the first try, which Stripe has seen.
    const found = isKeyReused(error) ? await findSession(ctx, customer, checkout.id) : null
    if (found) return found
    throw error
  }
}

/** The session of a checkout among the customer's recent ones. */
async function findSession(
  ctx: Ctx,
  customer: string,
  checkoutId: string,
): Promise<Stripe.Checkout.Session | null> {
  const sessions = await askStripe(ctx, (stripe) => stripe.checkout.sessions.list({ customer, limit: 100 }))
  return sessions.data.find((session) => session.metadata?.checkout_id === checkoutId) ?? null
}

async function sessionParams(
  ctx: Ctx,
  checkout: CheckoutRow,
  customer: string,
): Promise<Stripe.Checkout.SessionCreateParams> {
  const sale = await saleOf(ctx, checkout)
  // Carried by everything that follows, so that each object names the row it belongs to.
  const metadata = { checkout_id: checkout.id, user_id: checkout.userId }
  const { env } = ctx.deps
  return {
    customer,
    client_reference_id: checkout.id,
    metadata,
    line_items: [{ price: sale.price, quantity: checkout.quantity }],
    success_url: checkout.successUrl,
    cancel_url: checkout.cancelUrl,
    ...(checkout.promotionCode
      ? { discounts: [{ promotion_code: checkout.promotionCode }] }
      : { allow_promotion_codes: env.STRIPE_PROMOTION_CODES && sale.plan !== null }),
    ...(env.STRIPE_AUTOMATIC_TAX
      ? { automatic_tax: { enabled: true }, customer_update: { address: 'auto' as const } }
      : {}),
    ...(sale.plan?.kind === 'subscription'
      ? {
          mode: 'subscription' as const,
          subscription_data: { metadata, ...(await trialOf(ctx, sale.plan, checkout)) },
        }
      : {
          mode: 'payment' as const,
          payment_intent_data: { metadata },
          // Companies need an invoice for what they buy once, too.
          invoice_creation: { enabled: true, invoice_data: { metadata } },
        }),
  }
}

/** The price that is sold; `plan` is null for an extension, whose price is the one that was shown when the checkout began. */
async function saleOf(ctx: Ctx, checkout: CheckoutRow): Promise<{ price: string; plan: PlanRow | null }> {
  if (checkout.kind === 'extension') {
    const { price } = await findOffer(ctx, checkout)
    return { price: await ensureExtensionPrice(ctx, price), plan: null }
  }
  const plan = checkout.planSlug === null ? undefined : await findPlan(ctx.db, checkout.planSlug)
  if (!plan) throw new Error(`checkout ${checkout.id} has no plan`)
  return { price: await ensurePrice(ctx, plan, checkout.kind === 'renewal' ? 'renewal' : 'license'), plan }
}

/** Free days at the beginning, once per person and plan. */
async function trialOf(
  ctx: Ctx,
  plan: PlanRow,
  checkout: CheckoutRow,
): Promise<{ trial_period_days?: number }> {
  if (plan.trialDays === 0) return {}
  const had = await hadSubscription(ctx.db, {
    userId: checkout.userId,
    planSlug: plan.slug,
    exceptCheckoutId: checkout.id,
  })
  return had ? {} : { trial_period_days: plan.trialDays }
}
