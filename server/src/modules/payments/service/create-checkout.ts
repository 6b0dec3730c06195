import { newId } from '@devforge/db'
import type { z } from 'zod'
import { addMs, laterOf } from '../../../clock.ts'
import type { Ctx, SessionActor } from '../../../context.ts'
import { AppError, notFound } from '../../../errors.ts'
import { requestHash } from '../../../idempotency.ts'
import { inTx } from '../../../tx.ts'
import { refuseImpersonation } from '../../auth/actor.ts'
import { isRenewable } from '../../licenses/service/follow.ts'
import { type ExtensionOffer, offerExtension, ownsExtension } from '../../marketplace/service/sales/offer.ts'
import { findPlan, lockUser, type PlanRow } from '../queries/catalog.ts'
import {
  type CheckoutRow,
  findCheckoutByKey,
  findOpenTwin,
  insertCheckout,
  isExtensionBeingPaid,
  isPlanBeingPaid,
} from '../queries/checkouts.ts'
import { findLicenseOfProduct, findOwnedLicense, findOwnLicenseWithPlan } from '../queries/owned-licenses.ts'
import type { createCheckoutInput } from '../schemas.ts'
import { askStripe, stripeOf } from '../stripe/api.ts'
import { offerOf, type Sale } from '../stripe/catalog.ts'
import { KEY_LIVES_MS, openSession } from './open-session.ts'

type Input = z.infer<typeof createCheckoutInput>

/** What is bought, found and judged before anything is written. */
type Order =
  | { kind: 'plan' | 'renewal'; plan: PlanRow; quantity: number; renewsLicenseId: string | null }
  | { kind: 'extension'; offer: ExtensionOffer }

/** What an order writes into its checkout. */
function itemOf(order: Order) {
  if (order.kind === 'extension') {
    const { extensionId, price } = order.offer
    return { extensionId, extensionPriceId: price.id, currency: price.currency }
  }
  const { plan, quantity, renewsLicenseId } = order
  return { planSlug: plan.slug, renewsLicenseId, quantity, currency: plan.currency }
}

/** A page made before this moment shows what is not so any more. */
const changedAtOf = (order: Order): Date =>
  order.kind === 'extension' ? order.offer.price.createdAt : order.plan.updatedAt

/**
 * Starts a purchase: our row is committed first, with the key of the call to Stripe; then Stripe is asked for a hosted
 * Checkout Session, outside of any transaction. Whatever dies in between is resumed with the same key, by the same
 * `idempotencyKey` or by the sweep, and finds the same session.
 * @throws PLAN_NOT_FOUND, EXTENSION_NOT_FOR_SALE, ALREADY_OWNED, CURRENCY_NOT_SUPPORTED, QUANTITY_NOT_SUPPORTED, PROMOTION_CODE_INVALID,
 * LICENSE_NOT_RENEWABLE, CHECKOUT_EXPIRED, CHECKOUT_FAILED, IDEMPOTENCY_CONFLICT, PAYMENTS_NOT_CONFIGURED, STRIPE_UNAVAILABLE
 */
export async function createCheckout(ctx: Ctx<SessionActor>, input: Input) {
  stripeOf(ctx)
  refuseImpersonation(ctx.actor)
  const { userId } = ctx.actor
  const hash = requestHash(input).toString('hex')
  const checkout =
    (await findRepeated(ctx, { userId, requestHash: hash, idempotencyKey: input.idempotencyKey })) ??
    (await startCheckout(ctx, { userId, requestHash: hash, input }))
  try {
    return await openSession(ctx, checkout)
  } catch (error) {
    if (!(error instanceof AppError && error.code === 'PROMOTION_CODE_INVALID')) throw error
    // By the name that the customer knows, not by Stripe's.
    throw new AppError('PROMOTION_CODE_INVALID', { code: input.promotionCode ?? '' }, { cause: error })
  }
}

/** The checkout that this key already made. @throws IDEMPOTENCY_CONFLICT when it was for something else */
async function findRepeated(
  ctx: Ctx,
  by: { userId: string; requestHash: string; idempotencyKey: string | undefined },
): Promise<CheckoutRow | undefined> {
  if (by.idempotencyKey === undefined) return undefined
  const row = await findCheckoutByKey(ctx.db, { userId: by.userId, idempotencyKey: by.idempotencyKey })
  if (row && row.requestHash !== by.requestHash) throw new AppError('IDEMPOTENCY_CONFLICT')
  return row
}

async function startCheckout(
  ctx: Ctx,
  { userId, requestHash, input }: { userId: string; requestHash: string; input: Input },
): Promise<CheckoutRow> {
  const order = await judge(ctx, userId, input)
  const promotionCode = input.promotionCode ? await findPromotion(ctx, input.promotionCode) : null
  return inTx(ctx, async (ctx) => {
    // One account buys one thing after the other: two requests with one key meet here.
    await lockUser(ctx.db, userId)
    const repeated = await findRepeated(ctx, { userId, requestHash, idempotencyKey: input.idempotencyKey })
    if (repeated) return repeated
    await refuseOwned(ctx, userId, order)
    const now = ctx.deps.clock.now()
    // Two clicks, two windows: one page, so that it is not paid twice. A plan that was changed since has a new page.
    const limit = addMs(now, -KEY_LIVES_MS)
    const startedAfter = laterOf(changedAtOf(order), limit)
    const twin = await findOpenTwin(ctx.db, { userId, requestHash, startedAfter, now })
    if (twin) return twin
    const id = newId('chk')
    const row = await insertCheckout(ctx.db, {
      id,
      userId,
      kind: order.kind,
      ...itemOf(order),
      promotionCode,
      successUrl: input.successUrl,
      cancelUrl: input.cancelUrl,
      idempotencyKey: input.idempotencyKey ?? null,
      requestHash,
      stripeIdempotencyKey: `checkout_${id}`,
      createdAt: now,
      updatedAt: now,
    })
    if (!row) throw new AppError('CONFLICT')
    return row
  })
}

async function judge(ctx: Ctx, userId: string, input: Input): Promise<Order> {
  const { item } = input
  const order =
    'extension' in item
      ? await orderExtension(ctx, item.extension, input)
      : 'plan' in item
        ? await orderPlan(ctx, item.plan, input)
        : await orderRenewal(ctx, userId, item.renew)
  const { currency } = itemOf(order)
  if (input.currency !== undefined && input.currency !== currency) {
    throw new AppError('CURRENCY_NOT_SUPPORTED', { currency: input.currency, supported: [currency] })
  }
  return order
}

async function orderExtension(ctx: Ctx, id: string, { quantity = 1, promotionCode }: Input): Promise<Order> {
  const offer = await offerExtension(ctx, id)
  if (quantity !== 1) throw new AppError('QUANTITY_NOT_SUPPORTED', { plan: offer.identifier })
  // Our codes would give away what is its publisher's.
  if (promotionCode !== undefined) throw new AppError('PROMOTION_CODE_INVALID', { code: promotionCode })
  return { kind: 'extension', offer }
}

async function orderPlan(ctx: Ctx, slug: string, { quantity = 1 }: Input): Promise<Order> {
  const plan = await findPlan(ctx.db, slug)
  if (!plan?.active || !isSold(plan, 'license')) throw new AppError('PLAN_NOT_FOUND', { plan: slug })
  if (!plan.seats && quantity !== 1) throw new AppError('QUANTITY_NOT_SUPPORTED', { plan: slug })
  return { kind: 'plan', plan, quantity, renewsLicenseId: null }
}

async function orderRenewal(ctx: Ctx, userId: string, licenseId: string): Promise<Order> {
  const owned = await findOwnLicenseWithPlan(ctx.db, { licenseId, userId })
  if (!owned) throw notFound('license', licenseId)
  const { license, plan } = owned
  if (!isRenewable(license) || !isSold(plan, 'renewal')) throw new AppError('LICENSE_NOT_RENEWABLE')
  return { kind: 'renewal', plan, quantity: license.seats, renewsLicenseId: license.id }
}

const isSold = (plan: PlanRow, sale: Sale): boolean => offerOf(plan, sale) !== null

/** Seats may be bought again and again; one's own single license, or a running subscription, not. */
async function refuseOwned(ctx: Ctx, userId: string, order: Order): Promise<void> {
  if (order.kind === 'extension') return refuseOwnedExtension(ctx, userId, order.offer)
  const { kind, plan } = order
  if (kind !== 'plan' || (plan.seats && plan.kind === 'perpetual')) return
  const owned = await findOwnedLicense(ctx.db, { userId, planSlug: plan.slug, now: ctx.deps.clock.now() })
  if (owned) throw new AppError('ALREADY_OWNED', { licenseId: owned.id })
  if (await isPlanBeingPaid(ctx.db, { userId, planSlug: plan.slug })) {
    throw new AppError('ALREADY_OWNED', { licenseId: null })
  }
}

async function refuseOwnedExtension(
  ctx: Ctx,
  userId: string,
  { extensionId, identifier }: ExtensionOffer,
): Promise<void> {
  const product = `extension:${identifier}`
  const owned = await findLicenseOfProduct(ctx.db, { userId, product, now: ctx.deps.clock.now() })
  if (owned) throw new AppError('ALREADY_OWNED', { licenseId: owned.id })
  const paying = await isExtensionBeingPaid(ctx.db, { userId, extensionId })
  if (paying || (await ownsExtension(ctx, { userId, extensionId }))) {
    throw new AppError('ALREADY_OWNED', { licenseId: null })
  }
}

async function findPromotion(ctx: Ctx, code: string): Promise<string> {
  const found = await askStripe(ctx, (stripe) => stripe.promotionCodes.list({ code, active: true, limit: 1 }))
  const promotion = found.data[0]
  if (!promotion) throw new AppError('PROMOTION_CODE_INVALID', { code })
  return promotion.id
}
