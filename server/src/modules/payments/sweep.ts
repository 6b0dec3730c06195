import { addMs, DAY } from '../../clock.ts'
import type { Ctx } from '../../context.ts'
import { AppError } from '../../errors.ts'
import { type SweepData, sweptBefore } from '../../jobs/types.ts'
import { sweepSales } from '../marketplace/service/sales/sweep.ts'
import { checkoutsWithoutSession, closeUnopened, findCheckout, purgeSealedKeys } from './queries/checkouts.ts'
import { requestedRefunds } from './queries/refunds.ts'
import { reducePayloads, waitingEvents } from './queries/webhooks.ts'
import { KEY_SHOWN_MS } from './service/checkout.ts'
import { openSession } from './service/open-session.ts'
import { settleCheckout } from './settle/checkout.ts'
import { askStripe, isRefused } from './stripe/api.ts'

const BATCH = 500
const CLOSED: ReadonlySet<string> = new Set(['CHECKOUT_EXPIRED', 'CHECKOUT_FAILED', 'PROMOTION_CODE_INVALID'])

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
  await sweepSales(ctx, left)
}

/** As long as Stripe itself keeps events: older ones are never fetched again. */
const PAYLOAD_KEPT_MS = 30 * DAY

/** What Stripe told about people is kept as long as it may be needed to try again, then only the ids. Runs daily. */
export async function purgePayloads(ctx: Ctx): Promise<void> {
  const before = addMs(ctx.deps.clock.now(), -PAYLOAD_KEPT_MS)
  while ((await reducePayloads(ctx.db, { before, limit: BATCH })) === BATCH);
}

/** Goes on with a checkout whose call to Stripe never came back. */
export async function resumeCheckout(ctx: Ctx, checkoutId: string): Promise<void> {
  const checkout = await findCheckout(ctx.db, checkoutId)
  if (checkout?.status !== 'open' || checkout.stripeSessionId !== null) return
  try {
    await openSession(ctx, checkout)
  } catch (error) {
    // Too old, or refused: marked so, nothing was paid.
    if (!(error instanceof AppError && CLOSED.has(error.code))) throw error
  }
}

/** Ends a checkout that nobody shall pay any more: its account was deleted. What was paid just before is settled as ever. */
export async function expireCheckout(ctx: Ctx, checkoutId: string): Promise<void> {
  const updatedAt = ctx.deps.clock.now()
  await closeUnopened(ctx.db, checkoutId, { status: 'expired', updatedAt })
  const sessionId = (await findCheckout(ctx.db, checkoutId))?.stripeSessionId
  if (!sessionId) return
  try {
    await askStripe(ctx, (stripe) => stripe.checkout.sessions.expire(sessionId))
  } catch (error) {
    // Paid or expired already.
    if (!isRefused(error)) throw error
  }
  await settleCheckout(ctx, sessionId)
}
