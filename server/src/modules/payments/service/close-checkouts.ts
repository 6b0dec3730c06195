import type { Ctx } from '../../../context.ts'
import { lockUser } from '../queries/catalog.ts'
import { openCheckoutIds, openCheckoutsOfExtension } from '../queries/checkouts.ts'

/**
 * Nothing is bought for an account that goes: its pages at Stripe are ended by jobs of the caller's transaction. Holds the
 * account, so that a purchase in this moment is given before, or refused and paid back after.
 */
export async function closeCheckouts(ctx: Ctx, userId: string): Promise<void> {
  await lockUser(ctx.db, userId)
  for (const checkoutId of await openCheckoutIds(ctx.db, userId)) {
    await ctx.deps.jobs.enqueue(ctx.db, 'stripe.expire', { checkoutId })
  }
}

/** Ends the pages on which an extension could still be bought (by one buyer, if named), by jobs of the caller's transaction. */
export async function closeExtensionCheckouts(ctx: Ctx, extensionId: string, userId?: string): Promise<void> {
  for (const checkoutId of await openCheckoutsOfExtension(ctx.db, { extensionId, userId })) {
    await ctx.deps.jobs.enqueue(ctx.db, 'stripe.expire', { checkoutId })
  }
}
