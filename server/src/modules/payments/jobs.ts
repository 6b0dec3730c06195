import { defineJob } from '../../jobs/types.ts'
import { processEvent } from './events.ts'
import { reconcile } from './reconcile.ts'
import { sendRefund } from './service/refund.ts'
import { cancelForRevoked } from './service/subscriptions.ts'
import { syncCatalog } from './stripe/catalog.ts'
import { expireCheckout, purgePayloads, resumeCheckout, sweep } from './sweep.ts'

export const paymentJobs = [
  defineJob({
    name: 'stripe.event',
    concurrency: 4,
    handler: (ctx, { eventId }) => processEvent(ctx, eventId),
  }),
  defineJob({ name: 'stripe.refund', handler: (ctx, { refundId }) => sendRefund(ctx, refundId) }),
  defineJob({ name: 'stripe.checkout', handler: (ctx, { checkoutId }) => resumeCheckout(ctx, checkoutId) }),
  defineJob({
    name: 'stripe.cancel',
    handler: (ctx, { subscriptionId }) => cancelForRevoked(ctx, subscriptionId),
  }),
  defineJob({
    name: 'stripe.expire',
    handler: (ctx, { checkoutId }) => expireCheckout(ctx, checkoutId),
  }),
  defineJob({ name: 'payments.purge', cron: '40 3 * * *', concurrency: 1, handler: purgePayloads }),
  defineJob({
    // At a start, once a day, and after each change of a plan: nobody should wait for it at the checkout.
    name: 'payments.sync',
    cron: '20 3 * * *',
    onStart: {},
    async handler(ctx) {
      if (ctx.deps.stripe) await syncCatalog(ctx)
    },
  }),
  defineJob({
    name: 'payments.reconcile',
    cron: '7 * * * *',
    onStart: {},
    concurrency: 1,
    async handler(ctx) {
      await reconcile(ctx)
    },
  }),
  defineJob({
    name: 'payments.sweep',
    cron: '* * * * *',
    onStart: { all: true },
    concurrency: 1,
    handler: sweep,
  }),
]
