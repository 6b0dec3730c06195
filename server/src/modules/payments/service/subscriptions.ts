import type Stripe from 'stripe'
import type { z } from 'zod'
import type { Ctx, SessionActor } from '../../../context.ts'
import { AppError, notFound } from '../../../errors.ts'
import { refuseImpersonation } from '../../auth/actor.ts'
import {
  findSubscription,
  findSubscriptionView,
  listOwnSubscriptions,
  type SubscriptionRow,
} from '../queries/subscriptions.ts'
import type { subscriptionSchema } from '../schemas.ts'
import { settleSubscription } from '../settle/subscription.ts'
import { isFinal } from '../states.ts'
import { askStripe, isRefused, stripeOf } from '../stripe/api.ts'
import { ensureCustomer } from '../stripe/customer.ts'

type View = NonNullable<Awaited<ReturnType<typeof findSubscriptionView>>>

const present = ({ subscription, planName, licenseId }: View): z.infer<typeof subscriptionSchema> => ({
  id: subscription.id,
  plan: subscription.planSlug,
  planName,
  status: subscription.status,
  quantity: subscription.quantity,
  currentPeriodStart: subscription.currentPeriodStart,
  currentPeriodEnd: subscription.currentPeriodEnd,
  trialEnd: subscription.trialEnd,
  cancelAtPeriodEnd: subscription.cancelAtPeriodEnd,
  canceledAt: subscription.canceledAt,
  endedAt: subscription.endedAt,
  licenseId,
})

/** One's own subscriptions, newest first, also those that ended. */
export async function listSubscriptions(
  ctx: Ctx<SessionActor>,
  input: { cursor?: string | undefined; limit: number },
) {
  const rows = await listOwnSubscriptions(ctx.db, { userId: ctx.actor.userId, ...input })
  const page = rows.slice(0, input.limit)
  return {
    items: page.map(present),
    nextCursor: rows.length > input.limit ? (page.at(-1)?.subscription.id ?? null) : null,
  }
}

/** Ends a subscription of one's own: with the paid period, or now. @throws SUBSCRIPTION_NOT_ACTIVE when it has ended */
export function cancelSubscription(
  ctx: Ctx<SessionActor>,
  { id, atPeriodEnd }: { id: string; atPeriodEnd: boolean },
) {
  return change(ctx, id, (stripe, { stripeSubscriptionId }) =>
    atPeriodEnd
      ? stripe.subscriptions.update(stripeSubscriptionId, { cancel_at_period_end: true })
      : stripe.subscriptions.cancel(stripeSubscriptionId),
  )
}

/** Takes a cancellation back before it takes effect, or goes on with a paused one. */
export function resumeSubscription(ctx: Ctx<SessionActor>, { id }: { id: string }) {
  return change(ctx, id, (stripe, { stripeSubscriptionId, status }) =>
    status === 'paused'
      ? stripe.subscriptions.resume(stripeSubscriptionId)
      : stripe.subscriptions.update(stripeSubscriptionId, { cancel_at_period_end: false }),
  )
}

/** Changes a subscription at Stripe, then reads it back the way every webhook does. */
async function change(
  ctx: Ctx<SessionActor>,
  id: string,
  call: (stripe: Stripe, row: SubscriptionRow) => Promise<Stripe.Subscription>,
) {
  stripeOf(ctx)
  refuseImpersonation(ctx.actor)
  const row = await findSubscription(ctx.db, { id, userId: ctx.actor.userId })
  if (!row) throw notFound('subscription', id)
  if (isFinal('subscription', row.status))
    throw new AppError('SUBSCRIPTION_NOT_ACTIVE', { status: row.status })
  let refusal: unknown = null
  try {
    await askStripe(ctx, (stripe) => call(stripe, row))
  } catch (error) {
    if (!isRefused(error)) throw error
    refusal = error
  }
  await settleSubscription(ctx, row.stripeSubscriptionId)
  const view = await findSubscriptionView(ctx.db, row.id)
  if (!view) throw notFound('subscription', id)
  if (!refusal) return present(view)
  // Stripe refuses to change what has ended there; by now we know it too.
  if (isFinal('subscription', view.subscription.status)) {
    throw new AppError('SUBSCRIPTION_NOT_ACTIVE', { status: view.subscription.status })
  }
  throw refusal
}

/** Ends the subscription of a license that was taken. For jobs. */
export async function cancelForRevoked(ctx: Ctx, subscriptionId: string): Promise<void> {
  const row = await findSubscription(ctx.db, { id: subscriptionId })
  if (!row || isFinal('subscription', row.status)) return
  try {
    await askStripe(ctx, (stripe) => stripe.subscriptions.cancel(row.stripeSubscriptionId))
  } catch (error) {
    // Ended there already: reading it back tells.
    if (!isRefused(error)) throw error
  }
  await settleSubscription(ctx, row.stripeSubscriptionId)
}

/** A page at Stripe where customers change cards and addresses and see invoices. */
export async function createPortal(ctx: Ctx<SessionActor>, { returnUrl }: { returnUrl: string }) {
  stripeOf(ctx)
  refuseImpersonation(ctx.actor)
  const customer = await ensureCustomer(ctx, ctx.actor.userId)
  const session = await askStripe(ctx, (stripe) =>
    stripe.billingPortal.sessions.create({ customer, return_url: returnUrl }),
  )
  return { url: session.url }
}
