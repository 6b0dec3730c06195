import type { Ctx } from '../../../context.ts'
import { findContact } from '../../users/contact.ts'
import { keepStripeCustomer, stripeCustomerOf } from '../queries/catalog.ts'
import { askStripe } from './api.ts'

/**
 * The Stripe customer of an account, made at the first purchase. Concurrent calls, also from several servers, make one:
 * the key is derived from the account, and what is sent under it never changes; name and address follow in a second call.
 */
export async function ensureCustomer(ctx: Ctx, userId: string): Promise<string> {
  const known = await stripeCustomerOf(ctx.db, userId)
  if (known) return known
  const { name, email } = await findContact(ctx.db, userId)
  const created = await askStripe(ctx, (stripe) =>
    stripe.customers.create({ metadata: { user_id: userId } }, { idempotencyKey: `customer_${userId}` }),
  )
  await askStripe(ctx, (stripe) => stripe.customers.update(created.id, { name, email }))
  return keepStripeCustomer(ctx.db, userId, created.id)
}
