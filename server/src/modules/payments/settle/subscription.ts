import { newId } from '@devforge/db'
import type Stripe from 'stripe'
import type { Ctx } from '../../../context.ts'
import { followSubscription } from '../../licenses/service/follow.ts'
import { userOfStripeCustomer } from '../queries/catalog.ts'
import { type CheckoutRow, lockCheckout } from '../queries/checkouts.ts'
import { findLicenseEvent, findLicenseOfSubscription, type OwnedLicense } from '../queries/owned-licenses.ts'
import {
  findSubscriptionOfCheckout,
  insertSubscription,
  lockSubscriptionByStripeId,
  type SubscriptionRow,
  updateSubscription,
} from '../queries/subscriptions.ts'
import { canMove, knownState, type SubscriptionStatus } from '../states.ts'
import { askStripe, fromUnix, fromUnixOrNull, idOf } from '../stripe/api.ts'
import { coalesce } from './coalesce.ts'
import { StaleSnapshot, settle } from './guard.ts'
import { fulfil } from './license.ts'
import { type Outcome, unknownToUs } from './outcome.ts'
import { refusalOf } from './unfulfilled.ts'

/** Reads a subscription from Stripe and brings ours, with its license, in line. */
export function settleSubscription(ctx: Ctx, stripeSubscriptionId: string): Promise<Outcome> {
  return coalesce(ctx, `subscription:${stripeSubscriptionId}`, () =>
    readSubscription(ctx, stripeSubscriptionId),
  )
}

function readSubscription(ctx: Ctx, stripeSubscriptionId: string): Promise<Outcome> {
  return settle(ctx, async (guard) => {
    await guard.watch('subscription', stripeSubscriptionId)
    const subscription = await askStripe(ctx, (stripe) => stripe.subscriptions.retrieve(stripeSubscriptionId))
    const checkoutId = subscription.metadata.checkout_id
    guard.lockFirst(checkoutId)
    return async (ctx) => {
      const checkout = checkoutId === undefined ? undefined : await lockCheckout(ctx.db, checkoutId)
      if (!checkout && !(await lockSubscriptionByStripeId(ctx.db, subscription.id))) {
        return unknownToUs(ctx, { checkoutId, created: subscription.created })
      }
      const customerId = idOf(subscription.customer)
      const userId = checkout?.userId ?? (customerId && (await userOfStripeCustomer(ctx.db, customerId)))
      if (!userId) return unknownToUs(ctx, { checkoutId, created: subscription.created })
      await applySubscription(ctx, subscription, { userId, checkout })
      return { kind: 'settled' }
    }
  })
}

/** The paid (or trial) period: on the items since Stripe's API of 2025; items of one subscription of ours share it. */
function periodOf(subscription: Stripe.Subscription): { start: Date; end: Date; quantity: number } {
  const items = subscription.items.data
  const first = items[0]
  if (!first) throw new Error(`subscription ${subscription.id} has no items`)
  return {
    start: fromUnix(Math.min(...items.map((item) => item.current_period_start))),
    end: fromUnix(Math.max(...items.map((item) => item.current_period_end))),
    quantity: first.quantity ?? 1,
  }
}

/**
 * Moves our row of a subscription along the allowed transitions and lets the license follow, in the caller's
 * transaction. A checkout is given (and locked) when it is known; without one the row must exist.
 */
export async function applySubscription(
  ctx: Ctx,
  subscription: Stripe.Subscription,
  { userId, checkout }: { userId: string; checkout: CheckoutRow | undefined },
): Promise<SubscriptionRow> {
  const status = knownState('subscription', subscription.status)
  const now = ctx.deps.clock.now()
  const period = periodOf(subscription)
  const existing = await lockSubscriptionByStripeId(ctx.db, subscription.id)
  if (existing && existing.userId !== userId)
    throw new Error(`subscription ${subscription.id} is another customer's`)
  if (existing && !canMove('subscription', existing.status, status)) {
    return updateSubscription(ctx.db, existing.id, { updatedAt: now })
  }
  const isUnpaid = status === 'past_due' || status === 'unpaid'
  const values = {
    status,
    quantity: period.quantity,
    currentPeriodStart: period.start,
    currentPeriodEnd: period.end,
    trialEnd: fromUnixOrNull(subscription.trial_end),
    cancelAtPeriodEnd: subscription.cancel_at_period_end || subscription.cancel_at !== null,
    canceledAt: fromUnixOrNull(subscription.canceled_at),
    endedAt: fromUnixOrNull(subscription.ended_at),
    // Grace runs from when we learned of it: longer for the customer if the news was late, never shorter.
    pastDueSince: isUnpaid ? (existing?.pastDueSince ?? now) : null,
    updatedAt: now,
  }
  const row = existing
    ? await updateSubscription(ctx.db, existing.id, values)
    : await addSubscription(ctx, subscription, userId, checkout, values)
  await followWithLicense(ctx, row, checkout)
  return row
}

async function addSubscription(
  ctx: Ctx,
  subscription: Stripe.Subscription,
  userId: string,
  checkout: CheckoutRow | undefined,
  values: Pick<
    SubscriptionRow,
    'status' | 'quantity' | 'currentPeriodStart' | 'currentPeriodEnd' | 'trialEnd' | 'pastDueSince'
  > &
    Partial<SubscriptionRow>,
): Promise<SubscriptionRow> {
  if (!checkout || checkout.planSlug === null)
    throw new Error(`subscription ${subscription.id} has no checkout of ours`)
  // A checkout has one subscription; a second one is kept without it, to be ended.
  const first = await findSubscriptionOfCheckout(ctx.db, checkout.id)
  const row = await insertSubscription(ctx.db, {
    id: newId('sub'),
    userId,
    planSlug: checkout.planSlug,
    checkoutId: first ? null : checkout.id,
    stripeSubscriptionId: subscription.id,
    createdAt: ctx.deps.clock.now(),
    ...values,
  })
  if (!row) throw new StaleSnapshot(`subscription ${subscription.id}`)
  return row
}

/** What a license is while its subscription is in a state; null: nothing is due yet. */
export function licenseStateOf(status: SubscriptionStatus): 'active' | 'trial' | 'past_due' | 'ended' | null {
  switch (status) {
    case 'incomplete':
      return null
    case 'trialing':
      return 'trial'
    case 'active':
      return 'active'
    // Stripe has given up collecting but not canceled: what is left of the grace still runs.
    case 'unpaid':
    case 'past_due':
      return 'past_due'
    case 'paused':
    case 'canceled':
    case 'incomplete_expired':
      return 'ended'
  }
}

async function followWithLicense(
  ctx: Ctx,
  row: SubscriptionRow,
  checkout: CheckoutRow | undefined,
): Promise<void> {
  const state = licenseStateOf(row.status)
  if (state === null) return
  const license = await findLicenseOfSubscription(ctx.db, row.id)
  if (!license) {
    if (!checkout || (state !== 'active' && state !== 'trial')) return
    const reason = row.checkoutId === null ? 'paid_twice' : await refusalOf(ctx, checkout)
    if (reason) {
      // What it has paid goes back with its invoice, which is read next.
      ctx.log.error({ subscriptionId: row.id, reason }, 'subscribed, but not given: it is ended')
      await ctx.deps.jobs.enqueue(ctx.db, 'stripe.cancel', { subscriptionId: row.id })
      return
    }
    await fulfil(ctx, checkout, {
      id: row.id,
      isTrial: state === 'trial',
      periodEnd: row.currentPeriodEnd,
      quantity: row.quantity,
    })
    return
  }
  const now = ctx.deps.clock.now()
  const isKept = state === 'ended' && (await isPeriodKept(ctx, license, row))
  // Told once: an ended license keeps the moment at which it ended.
  const endedAt = row.endedAt ?? (license.expiresAt && license.expiresAt < now ? license.expiresAt : now)
  await followSubscription(ctx, {
    licenseId: license.id,
    status: isKept && row.currentPeriodEnd > now ? 'active' : state,
    expiresAt: state === 'ended' && !isKept ? endedAt : row.currentPeriodEnd,
    pastDueSince: row.pastDueSince,
    seats: row.quantity,
    reason: `subscription ${row.status}`,
    cause: row.id,
  })
}

/**
 * A refund ended the subscription, and failed: the money stayed with us, so what it paid for stays with the customer, to the
 * end of the period.
 */
async function isPeriodKept(ctx: Ctx, license: OwnedLicense, row: SubscriptionRow): Promise<boolean> {
  const restored = await findLicenseEvent(ctx.db, { licenseId: license.id, types: ['license.restored'] })
  if (!restored) return false
  const status = license.statusBeforeSuspension ?? license.status
  return status !== 'expired' || license.expiresAt?.getTime() === row.currentPeriodEnd.getTime()
}
