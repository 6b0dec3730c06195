import { adminProcedure, publicProcedure, router, sessionProcedure } from '../../trpc.ts'
import * as s from './schemas.ts'
import { checkout } from './service/checkout.ts'
import { createCheckout } from './service/create-checkout.ts'
import { getPayment, listInvoices, listPayments } from './service/list.ts'
import { plans } from './service/plans.ts'
import { refund } from './service/refund.ts'
import { requestRefund } from './service/request-refund.ts'
import {
  cancelSubscription,
  createPortal,
  listSubscriptions,
  resumeSubscription,
} from './service/subscriptions.ts'

export const paymentsRouter = router({
  plans: publicProcedure
    .meta({ openapi: { method: 'GET', path: '/payments/plans', summary: 'List what is on sale' } })
    .output(s.plansOutput)
    .query(({ ctx }) => plans(ctx)),

  createCheckout: sessionProcedure
    .meta({ openapi: { method: 'POST', path: '/payments/checkouts', summary: 'Start a purchase' } })
    .input(s.createCheckoutInput)
    .output(s.createCheckoutOutput)
    .mutation(({ ctx, input }) => createCheckout(ctx, input)),
  checkout: sessionProcedure
    .meta({
      openapi: { method: 'GET', path: '/payments/checkouts/{id}', summary: 'See how a purchase stands' },
    })
    .input(s.byIdInput)
    .output(s.checkoutOutput)
    .query(({ ctx, input }) => checkout(ctx, input)),

  list: sessionProcedure
    .meta({ openapi: { method: 'GET', path: '/payments', summary: 'List your payments' } })
    .input(s.listInput)
    .output(s.paymentsOutput)
    .query(({ ctx, input }) => listPayments(ctx, input)),
  invoices: sessionProcedure
    .meta({ openapi: { method: 'GET', path: '/payments/invoices', summary: 'List your invoices' } })
    .input(s.listInput)
    .output(s.invoicesOutput)
    .query(({ ctx, input }) => listInvoices(ctx, input)),
  subscriptions: sessionProcedure
    .meta({ openapi: { method: 'GET', path: '/payments/subscriptions', summary: 'List your subscriptions' } })
    .input(s.listInput)
    .output(s.subscriptionsOutput)
    .query(({ ctx, input }) => listSubscriptions(ctx, input)),
  get: sessionProcedure
    .meta({ openapi: { method: 'GET', path: '/payments/{id}', summary: 'Get one of your payments' } })
    .input(s.byIdInput)
    .output(s.paymentSchema)
    .query(({ ctx, input }) => getPayment(ctx, input)),

  cancelSubscription: sessionProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/payments/subscriptions/{id}/cancel',
        summary: 'Cancel a subscription',
      },
    })
    .input(s.cancelSubscriptionInput)
    .output(s.subscriptionSchema)
    .mutation(({ ctx, input }) => cancelSubscription(ctx, input)),
  resumeSubscription: sessionProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/payments/subscriptions/{id}/resume',
        summary: 'Take a cancellation back',
      },
    })
    .input(s.byIdInput)
    .output(s.subscriptionSchema)
    .mutation(({ ctx, input }) => resumeSubscription(ctx, input)),
  createPortal: sessionProcedure
    .meta({ openapi: { method: 'POST', path: '/payments/portal', summary: 'Open the billing page' } })
    .input(s.createPortalInput)
    .output(s.createPortalOutput)
    .mutation(({ ctx, input }) => createPortal(ctx, input)),
  requestRefund: sessionProcedure
    .meta({
      openapi: { method: 'POST', path: '/payments/{paymentId}/refund-request', summary: 'Ask for a refund' },
    })
    .input(s.requestRefundInput)
    .output(s.requestRefundOutput)
    .mutation(({ ctx, input }) => requestRefund(ctx, input)),

  refund: adminProcedure
    .meta({ openapi: { method: 'POST', path: '/payments/{paymentId}/refunds', summary: 'Refund a payment' } })
    .input(s.refundInput)
    .output(s.refundSchema)
    .mutation(({ ctx, input }) => refund(ctx, input)),
})
