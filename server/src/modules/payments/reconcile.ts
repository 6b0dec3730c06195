import type Stripe from 'stripe'
import { addMs, DAY, HOUR, MINUTE } from '../../clock.ts'
import type { Ctx } from '../../context.ts'
import { describe } from '../../errors/describe.ts'
import { inTx } from '../../tx.ts'
import { moveSale } from '../marketplace/service/sales/move.ts'
import { settleAccount } from '../marketplace/service/sales/settle-account.ts'
import { staleOfSales } from '../marketplace/service/sales/sweep.ts'
import { handledEvents } from './events.ts'
import { staleCheckoutSessions } from './queries/checkouts.ts'
import { stalePaymentIntents } from './queries/payments.ts'
import { staleSubscriptions, subscriptionsOfRevokedLicenses } from './queries/subscriptions.ts'
import { failedEvents, findCursor, insertMissingEvents, keepCursor } from './queries/webhooks.ts'
import { settleCheckout } from './settle/checkout.ts'
import { settlePayment } from './settle/route.ts'
import { settleSubscription } from './settle/subscription.ts'
import { fromUnix, stripeOf, toUnix } from './stripe/api.ts'

/** Stripe lists events of the last 30 days. */
const HORIZON_MS = 30 * DAY
/** Events may become listed a little after their time. */
const OVERLAP_MS = 2 * HOUR
const CURSOR = 'events'
/** Failed events are tried again by themselves for this long, an hour apart; then they wait for an admin. */
const RETRY_FAILED_MS = 3 * DAY
const LOOK_AGAIN = { checkoutMs: 30 * MINUTE, paymentMs: HOUR, subscriptionMs: 6 * HOUR }
const BATCH = 100

export interface ReconcileReport {
  /** Events that Stripe had and we had not. */
  recovered: number
  /** Objects read again although no event told of them. */
  checked: number
  /** What could not be read; tried again with the next run. */
  failures: string[]
}

/**
 * Repairs what webhooks missed: fetches the events since the last good run (with overlap) and processes the ones that
 * never came, then reads again whatever has been undecided for long. Nothing is lost by an outage shorter than Stripe's
 * 30 days, nor by a single delivery that was dropped.
 */
export async function reconcile(ctx: Ctx): Promise<ReconcileReport> {
  if (!ctx.deps.stripe) return { recovered: 0, checked: 0, failures: [] }
  const recovered = await recoverEvents(ctx)
  await retryFailed(ctx)
  const report = await checkPending(ctx)
  ctx.log.info(
    { recovered, checked: report.checked, failed: report.failures.length },
    'reconciled with Stripe',
  )
  return { recovered, ...report }
}

async function recoverEvents(ctx: Ctx): Promise<number> {
  const startedAt = ctx.deps.clock.now()
  const horizon = addMs(startedAt, -HORIZON_MS)
  const cursor = await findCursor(ctx.db, CURSOR)
  const since = cursor ? addMs(cursor, -OVERLAP_MS) : horizon
  const created = { gte: Math.max(toUnix(since), toUnix(horizon)) }
  let recovered = 0
  let page: Stripe.Event[] = []
  for await (const event of stripeOf(ctx).events.list({ created, limit: BATCH })) {
    // Stripe's own filter takes twenty types at most.
    if (!Object.hasOwn(handledEvents, event.type)) continue
    page.push(event)
    if (page.length < BATCH) continue
    recovered += await storeMissing(ctx, page)
    page = []
  }
  recovered += await storeMissing(ctx, page)
  await keepCursor(ctx.db, CURSOR, startedAt)
  return recovered
}

/**
 * Listed events come in the account's API version, not the endpoint's. Processing believes nothing of them but the id
 * of their object, so they are not quarantined.
 */
async function storeMissing(ctx: Ctx, events: Stripe.Event[]): Promise<number> {
  const receivedAt = ctx.deps.clock.now()
  return inTx(ctx, async (ctx) => {
    const missing = await insertMissingEvents(
      ctx.db,
      events.map((event) => ({
        id: event.id,
        type: event.type,
        apiVersion: event.api_version,
        livemode: event.livemode,
        payload: JSON.parse(JSON.stringify(event)) as Record<string, unknown>,
        occurredAt: fromUnix(event.created),
        receivedAt,
      })),
    )
    for (const eventId of missing) await ctx.deps.jobs.enqueue(ctx.db, 'stripe.event', { eventId })
    return missing.length
  })
}

async function retryFailed(ctx: Ctx): Promise<void> {
  const after = addMs(ctx.deps.clock.now(), -RETRY_FAILED_MS)
  for (const eventId of await failedEvents(ctx.db, { after, limit: BATCH })) {
    await ctx.deps.jobs.enqueue(ctx.db, 'stripe.event', { eventId })
  }
}

async function checkPending(ctx: Ctx): Promise<{ checked: number; failures: string[] }> {
  const now = ctx.deps.clock.now()
  const olderThan = (ms: number) => ({ before: addMs(now, -ms), limit: BATCH })
  const failures: string[] = []
  let checked = 0
  const each = async (ids: string[], settle: (ctx: Ctx, id: string) => Promise<unknown>) => {
    for (const id of ids) {
      try {
        await settle(ctx, id)
        checked++
      } catch (error) {
        // One that cannot be read must not keep the others from being repaired.
        ctx.log.warn({ err: error, id }, 'not reconciled')
        failures.push(`${id}: ${describe(error)}`)
      }
    }
  }
  await each(await staleCheckoutSessions(ctx.db, olderThan(LOOK_AGAIN.checkoutMs)), settleCheckout)
  await each(await stalePaymentIntents(ctx.db, olderThan(LOOK_AGAIN.paymentMs)), settlePayment)
  await each(await staleSubscriptions(ctx.db, olderThan(LOOK_AGAIN.subscriptionMs)), settleSubscription)
  const sales = await staleOfSales(ctx, { limit: BATCH })
  await each(sales.accounts, settleAccount)
  await each(sales.sales, (ctx, saleId) => moveSale(ctx, { saleId }))
  for (const subscriptionId of await subscriptionsOfRevokedLicenses(ctx.db, BATCH)) {
    await ctx.deps.jobs.enqueue(ctx.db, 'stripe.cancel', { subscriptionId })
  }
  return { checked, failures }
}
