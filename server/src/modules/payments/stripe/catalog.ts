import type Stripe from 'stripe'
import type { Ctx } from '../../../context.ts'
import { AppError } from '../../../errors.ts'
import { listPlans, type PlanRow } from '../queries/catalog.ts'
import { askStripe, isRefused } from './api.ts'

/** What a plan is sold as: itself, or one more window of updates. */
export type Sale = 'license' | 'renewal'

/** A price as Stripe must have it, with its product. */
export interface Offer {
  /** Names the price at Stripe. The amount must be part of it: a price is never changed, a new amount is a new price. */
  lookupKey: string
  productId: string
  productName: string
  amountMinor: number
  currency: string
  interval: 'month' | 'year' | null
}

/** What Stripe must have for a sale. @returns null when the plan is not sold that way */
export function offerOf(plan: PlanRow, sale: Sale): Offer | null {
  const isRenewal = sale === 'renewal'
  const amountMinor = isRenewal ? plan.renewalAmountMinor : plan.amountMinor
  if (amountMinor === null || amountMinor === 0) return null
  const subject = `devforge_${plan.slug}${isRenewal ? '_renewal' : ''}`
  const interval = isRenewal ? null : plan.interval
  return {
    // The amount stands in the key: a price is never changed, a new amount is a new price, and two servers with
    // different plans during a rollout do not take the key from each other.
    lookupKey: [subject, plan.currency, amountMinor, ...(interval ? [interval] : [])].join('_'),
    productId: subject,
    productName: isRenewal ? `Dev Forge ${plan.name}: updates` : `Dev Forge ${plan.name}`,
    amountMinor,
    currency: plan.currency,
    interval,
  }
}

/** Known prices by lookup key; per client, so that two servers in one process (tests) do not mix. */
const known = new WeakMap<Stripe, Map<string, Promise<string>>>()

/**
 * The Stripe price of a sale, looked up or made once per process and price.
 * @throws PLAN_NOT_FOUND when the plan is not sold that way
 */
export async function ensurePrice(ctx: Ctx, plan: PlanRow, sale: Sale): Promise<string> {
  const offer = offerOf(plan, sale)
  if (!offer) throw new AppError('PLAN_NOT_FOUND', { plan: plan.slug })
  return ensureOffer(ctx, offer)
}

/** The Stripe price of an offer, looked up or made once per process and price. */
export function ensureOffer(ctx: Ctx, offer: Offer): Promise<string> {
  return askStripe(ctx, (stripe) => {
    const prices = known.get(stripe) ?? new Map<string, Promise<string>>()
    known.set(stripe, prices)
    const price = prices.get(offer.lookupKey) ?? findOrCreatePrice(stripe, offer)
    prices.set(offer.lookupKey, price)
    // A failure is not remembered.
    price.catch(() => prices.delete(offer.lookupKey))
    return price
  })
}

async function findOrCreatePrice(stripe: Stripe, offer: Offer): Promise<string> {
  const found = await stripe.prices.list({ lookup_keys: [offer.lookupKey], active: true, limit: 1 })
  if (found.data[0]) return found.data[0].id
  await ensureProduct(stripe, offer)
  const price = await stripe.prices.create(
    {
      product: offer.productId,
      currency: offer.currency,
      unit_amount: offer.amountMinor,
      lookup_key: offer.lookupKey,
      // An archived price may still hold the key.
      transfer_lookup_key: true,
      metadata: { devforge: offer.productId },
      ...(offer.interval ? { recurring: { interval: offer.interval } } : {}),
    },
    { idempotencyKey: `price_${offer.lookupKey}` },
  )
  return price.id
}

async function ensureProduct(stripe: Stripe, { productId, productName }: Offer): Promise<void> {
  try {
    await stripe.products.create({ id: productId, name: productName })
  } catch (error) {
    // We choose the id, so a second creation is refused instead of making a second product.
    if (!isRefused(error) || error.code !== 'resource_already_exists') throw error
    await stripe.products.update(productId, { name: productName, active: true })
  }
}

/** Makes products and prices of all plans on sale, so that the first customer does not wait for it. */
export async function syncCatalog(ctx: Ctx): Promise<void> {
  for (const plan of await listPlans(ctx.db, { onlyActive: true })) {
    for (const sale of ['license', 'renewal'] as const) {
      if (offerOf(plan, sale)) await ensurePrice(ctx, plan, sale)
    }
  }
}
