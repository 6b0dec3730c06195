import { type Db, newId } from '@devforge/db'
import type { Ctx, SessionActor } from '../../../../context.ts'
import { actorLabel } from '../../../../context.ts'
import { AppError } from '../../../../errors.ts'
import { inTx } from '../../../../tx.ts'
import { refuseImpersonation } from '../../../auth/actor.ts'
import { closeExtensionCheckouts } from '../../../payments/service/close-checkouts.ts'
import { stripeOf } from '../../../payments/stripe/api.ts'
import { ensureOffer } from '../../../payments/stripe/catalog.ts'
import { findOpenAccount } from '../../queries/payout-accounts.ts'
import {
  findForSale,
  findPrice,
  keepStripePrice,
  listCurrentPrices,
  lockForSale,
  type PriceRow,
  replacePrice,
} from '../../queries/prices.ts'
import { recordExtensionEvent } from '../history.ts'
import { holdPublisher, requireMember } from '../publishers.ts'
import { indexExtension } from '../search/index-extension.ts'

/** Below, the provider's fees eat the sale; above, a slip of the finger is likelier than a price. Of currencies with two decimals. */
const PRICE_LIMITS = { minMinor: 100, maxMinor: 1_000_000 }

export interface Price {
  amountMinor: number
  currency: string
}

/** What extensions cost now, by id (`ext_…`); those that are free are not in it. */
export async function currentPrices(db: Db, extensionIds: string[]): Promise<Map<string, Price>> {
  const rows = await listCurrentPrices(db, extensionIds)
  return new Map(
    rows.map(({ extensionId, amountMinor, currency }) => [extensionId, { amountMinor, currency }]),
  )
}

/** What an extension costs now; null: it is free. */
export async function currentPrice(ctx: Ctx, extensionId: string): Promise<Price | null> {
  return (await currentPrices(ctx.db, [extensionId])).get(extensionId) ?? null
}

export type SetPrice = { id: string } & (Price | { free: true })

/**
 * Prices an extension, or makes it free. Who bought it keeps it; pages that are open keep the price they show, and are closed when
 * it becomes free. Setting the price it has changes nothing.
 * @throws PUBLISHER_FORBIDDEN, EXTENSION_NOT_FOUND, PAYOUT_ACCOUNT_REQUIRED, PRICE_OUT_OF_RANGE, CURRENCY_NOT_SUPPORTED,
 * PAYMENTS_NOT_CONFIGURED
 */
export async function setPrice(ctx: Ctx<SessionActor>, input: SetPrice) {
  stripeOf(ctx)
  refuseImpersonation(ctx.actor)
  const identifier = input.id.toLowerCase()
  const publisher = await requireMember(ctx, identifier.split('.')[0] ?? '', { role: 'owner' })
  const wanted = 'free' in input ? null : input
  if (wanted) refuseOdd(ctx, wanted)
  return inTx(ctx, async (ctx) => {
    await holdPublisher(ctx, publisher.id)
    const found = await findForSale(ctx.db, { identifier })
    const extension =
      found && (await lockForSale(ctx.db, { id: found.extensionId, strength: 'no key update' }))
    if (!found || !extension || extension.status === 'removed') {
      throw new AppError('EXTENSION_NOT_FOUND', { id: input.id })
    }
    const { extensionId } = found
    const before = await currentPrice(ctx, extensionId)
    if (before?.amountMinor === wanted?.amountMinor && before?.currency === wanted?.currency) {
      return { id: identifier, price: before }
    }
    if (wanted) await refuseUnpayable(ctx, publisher)
    await change(ctx, { publisherId: publisher.id, extensionId, before, wanted })
    return { id: identifier, price: wanted && { amountMinor: wanted.amountMinor, currency: wanted.currency } }
  })
}

function refuseOdd(ctx: Ctx, { amountMinor, currency }: Price): void {
  const supported = ctx.deps.env.MARKETPLACE_CURRENCIES
  if (!supported.some((code) => code === currency)) {
    throw new AppError('CURRENCY_NOT_SUPPORTED', { currency, supported })
  }
  if (amountMinor < PRICE_LIMITS.minMinor || amountMinor > PRICE_LIMITS.maxMinor) {
    throw new AppError('PRICE_OUT_OF_RANGE', { ...PRICE_LIMITS, currency })
  }
}

/** Nobody sells who could not be paid. An account that loses the right later goes on selling: its shares wait. */
async function refuseUnpayable(ctx: Ctx, publisher: { id: string; name: string }): Promise<void> {
  const account = await findOpenAccount(ctx.db, publisher.id)
  if (account?.transfersEnabled) return
  throw new AppError('PAYOUT_ACCOUNT_REQUIRED', {
    publisher: publisher.name,
    requirementsDue: account?.requirementsDue ?? [],
  })
}

async function change(
  ctx: Ctx,
  {
    publisherId,
    extensionId,
    before,
    wanted,
  }: { publisherId: string; extensionId: string; before: Price | null; wanted: Price | null },
): Promise<void> {
  const now = ctx.deps.clock.now()
  const id = newId('prc')
  const next = wanted && {
    id,
    extensionId,
    amountMinor: wanted.amountMinor,
    currency: wanted.currency,
    setBy: actorLabel(ctx.actor),
    createdAt: now,
    updatedAt: now,
  }
  await replacePrice(ctx.db, { extensionId, now, next })
  await indexExtension(ctx.db, extensionId, now)
  await recordExtensionEvent(ctx, {
    publisherId,
    extensionId,
    type: wanted ? 'extension.priced' : 'extension.freed',
    before: { ...before },
    after: wanted ? { amountMinor: wanted.amountMinor, currency: wanted.currency } : {},
  })
  if (wanted) await ctx.deps.jobs.enqueue(ctx.db, 'sales.price', { priceId: id })
  else await closeExtensionCheckouts(ctx, extensionId)
}

/** The price at Stripe that sells an extension for what `price` says; looked up or made there, and remembered. */
export async function ensureExtensionPrice(ctx: Ctx, price: PriceRow): Promise<string> {
  if (price.stripePriceId !== null) return price.stripePriceId
  const extension = await findForSale(ctx.db, { id: price.extensionId })
  if (!extension) throw new Error(`price ${price.id} is of no extension`)
  const productId = `devforge_${price.extensionId}`
  const stripePriceId = await ensureOffer(ctx, {
    lookupKey: [productId, price.currency, price.amountMinor].join('_'),
    productId,
    productName: `${extension.displayName} (${extension.identifier})`,
    amountMinor: price.amountMinor,
    currency: price.currency,
    interval: null,
  })
  await keepStripePrice(ctx.db, price.id, stripePriceId)
  return stripePriceId
}

/** Makes a price at Stripe before the first customer waits for it. For the job. */
export async function syncPrice(ctx: Ctx, { priceId }: { priceId: string }): Promise<void> {
  const price = await findPrice(ctx.db, priceId)
  if (price && ctx.deps.stripe) await ensureExtensionPrice(ctx, price)
}
