import { addMs } from '../../clock.ts'
import type { Ctx } from '../../context.ts'
import { AppError } from '../../errors.ts'
import { type SweepData, sweptBefore } from '../../jobs/types.ts'
import { checkoutsWithoutSession, findCheckout, purgeSealedKeys } from './queries/checkouts.ts'
import { requestedRefunds } from './queries/refunds.ts'
import { waitingEvents } from './queries/webhooks.ts'
import { KEY_SHOWN_MS } from './service/checkout.ts'
import { openSession } from './service/open-session.ts'

const BATCH = 500

/**
 * The rows are the truth: whatever a crash left behind is taken up again. Runs each minute and when a worker starts.
 * Also empties the sealed license keys whose hour of showing is over.
 */
export async function sweep(ctx: Ctx, data: SweepData = {}): Promise<void> {
  const left = { before: sweptBefore(ctx, data), limit: BATCH }
  await purgeSealedKeys(ctx.db, addMs(ctx.deps.clock.now(), -KEY_SHOWN_MS))
  const { jobs } = ctx.deps
  for (const eventId of await waitingEvents(ctx.db, left)) {
    await jobs.enqueue(ctx.db, 'stripe.event', { eventId }, { singletonKey: eventId })
  }
  for (const refundId of await requestedRefunds(ctx.db, left)) {
    await jobs.enqueue(ctx.db, 'stripe.refund', { refundId }, { singletonKey: refundId })
  }
  for (const checkoutId of await checkoutsWithoutSession(ctx.db, left)) {
    await jobs.enqueue(ctx.db, 'stripe.checkout', { checkoutId }, { singletonKey: checkoutId })
  }
}

/** Goes on with a checkout whose call to Stripe never came back. */
export async function resumeCheckout(ctx: Ctx, checkoutId: string): Promise<void> {
  const checkout = await findCheckout(ctx.db, checkoutId)
  if (checkout?.status !== 'open' || checkout.stripeSessionId !== null) return
  try {
    await openSession(ctx, checkout)
  } catch (error) {
    // Too old to be opened: marked so, nothing was paid.
    if (!(error instanceof AppError && error.code === 'CHECKOUT_EXPIRED')) throw error
  }
}
