import type { Ctx } from '../../../../context.ts'
import { AppError } from '../../../../errors.ts'
import { extensionsOfUser } from '../../queries/entitlement.ts'
import {
  findForSale,
  findPrice,
  listCurrentPrices,
  lockForSale,
  type PriceRow,
} from '../../queries/prices.ts'

export interface ExtensionOffer {
  extensionId: string
  /** `publisher.name`, lower case. */
  identifier: string
  displayName: string
  price: PriceRow
}

/** An extension at its present price. @throws EXTENSION_NOT_FOR_SALE when it is free, or not to be had */
export async function offerExtension(ctx: Ctx, id: string): Promise<ExtensionOffer> {
  const found = await findForSale(ctx.db, { identifier: id.toLowerCase() })
  const [price] = found?.status === 'published' ? await listCurrentPrices(ctx.db, [found.extensionId]) : []
  if (!found || !price) throw new AppError('EXTENSION_NOT_FOR_SALE', { extension: id })
  const { extensionId, identifier, displayName } = found
  return { extensionId, identifier, displayName, price }
}

/** What a page sold: the price that it showed, whatever the extension costs by now. */
export async function findOffer(
  ctx: Ctx,
  { extensionId, extensionPriceId }: { extensionId: string | null; extensionPriceId: string | null },
): Promise<ExtensionOffer> {
  const price = extensionPriceId === null ? undefined : await findPrice(ctx.db, extensionPriceId)
  const found = extensionId === null ? undefined : await findForSale(ctx.db, { id: extensionId })
  if (!price || !found) throw new Error('an extension was sold that is not there')
  const { identifier, displayName } = found
  return { extensionId: found.extensionId, identifier, displayName, price }
}

/** Whether somebody has an extension already: bought, license in force, or published by them. */
export async function ownsExtension(ctx: Ctx, by: { userId: string; extensionId: string }): Promise<boolean> {
  return (await extensionsOfUser(ctx.db, { ...by, now: ctx.deps.clock.now() })).length > 0
}

/**
 * Why an extension that was paid for cannot be given; null: it can. Holds the extension, so that it is not taken off the market
 * before the caller commits.
 */
export async function extensionRefusal(
  ctx: Ctx,
  { userId, extensionId }: { userId: string; extensionId: string },
): Promise<'extension_removed' | 'extension_free' | 'already_owned' | null> {
  const extension = await lockForSale(ctx.db, { id: extensionId, strength: 'share' })
  if (extension?.status !== 'published') return 'extension_removed'
  if (!extension.paid) return 'extension_free'
  return (await ownsExtension(ctx, { userId, extensionId })) ? 'already_owned' : null
}
