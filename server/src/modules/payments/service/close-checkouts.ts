import type { Ctx } from '../../../context.ts'
import { lockUser } from '../queries/catalog.ts'
import { openCheckoutIds } from '../queries/checkouts.ts'

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
