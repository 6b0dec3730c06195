import { z } from 'zod'
import { id, idempotencyKey, line, pageInput, pageOf, reason } from '../../wire.ts'

const currency = z
  .string()
  .trim()
  .toLowerCase()
  .regex(/^[a-z]{3}$/)
  .describe('ISO 4217')
const amountMinor = z.number().int().describe('In minor units (cents) of the currency')
/** Stripe redirects here: web pages, or the editor's own deep links. Nothing that a browser would run. */
const returnUrl = z
  .url({ protocol: /^(https?|devforge)$/ })
  .max(2_000)
  .describe('http(s):// or devforge:// URL')

export const listInput = z.strictObject(pageInput())
export const byIdInput = z.strictObject({ id })

export const planSchema = z.object({
  slug: z.string(),
  name: z.string(),
  kind: z.enum(['perpetual', 'subscription']),
  amountMinor,
  currency: z.string(),
  interval: z.enum(['month', 'year']).nullable(),
  maxDevices: z.number(),
  seats: z.boolean().describe('Whether a buyer chooses a number of seats'),
  updatesMonths: z.number().nullable(),
  renewalAmountMinor: z.number().nullable(),
  trialDays: z.number(),
  entitlements: z.array(z.string()),
})
export const plansOutput = z.object({ items: z.array(planSchema) })

export const createCheckoutInput = z.strictObject({
  item: z.union([
    z.strictObject({ plan: line(64) }),
    z.strictObject({ renew: id.describe('License whose updates are renewed') }),
    z.strictObject({ extension: line(200) }),
  ]),
  quantity: z
    .number()
    .int()
    .min(1)
    .max(10_000)
    .optional()
    .describe('Seats, for plans that have them; default 1'),
  currency: currency.optional(),
  promotionCode: line(100).optional(),
  successUrl: returnUrl,
  cancelUrl: returnUrl,
  idempotencyKey: idempotencyKey.optional(),
})
export const createCheckoutOutput = z.object({ id: z.string(), url: z.string(), expiresAt: z.date() })

export const checkoutOutput = z.object({
  id: z.string(),
  status: z.enum(['open', 'processing', 'complete', 'failed', 'expired']),
  licenseId: z.string().nullable(),
  /** Shown for one hour after the purchase, to its owner alone; afterwards the mail has it. */
  licenseKey: z.string().nullable(),
  paymentId: z.string().nullable(),
  url: z.string().nullable(),
  expiresAt: z.date().nullable(),
})

const refundStatus = z.enum(['requested', 'pending', 'requires_action', 'succeeded', 'failed', 'canceled'])
export const refundSchema = z.object({
  id: z.string(),
  paymentId: z.string(),
  status: refundStatus,
  amountMinor,
  currency: z.string(),
  failureReason: z.string().nullable(),
  createdAt: z.date(),
})

export const paymentSchema = z.object({
  id: z.string(),
  status: z.enum(['processing', 'succeeded', 'failed', 'partially_refunded', 'refunded', 'disputed']),
  amountMinor,
  refundedMinor: amountMinor,
  currency: z.string(),
  description: z.string(),
  licenseId: z.string().nullable(),
  subscriptionId: z.string().nullable(),
  receiptUrl: z.string().nullable(),
  failureMessage: z.string().nullable(),
  createdAt: z.date(),
  refunds: z.array(refundSchema),
  timeline: z.array(
    z.object({
      type: z.string(),
      at: z.date(),
      status: z.string().nullable(),
      amountMinor: z.number().nullable(),
    }),
  ),
})
export const paymentsOutput = pageOf(paymentSchema)

export const invoiceSchema = z.object({
  id: z.string(),
  number: z.string().nullable(),
  status: z.enum(['draft', 'open', 'paid', 'uncollectible', 'void']),
  amountDueMinor: amountMinor,
  amountPaidMinor: amountMinor,
  currency: z.string(),
  subscriptionId: z.string().nullable(),
  paymentId: z.string().nullable(),
  hostedUrl: z.string().nullable(),
  pdfUrl: z.string().nullable(),
  issuedAt: z.date(),
})
export const invoicesOutput = pageOf(invoiceSchema)

export const subscriptionSchema = z.object({
  id: z.string(),
  plan: z.string(),
  planName: z.string(),
  status: z.enum([
    'incomplete',
    'incomplete_expired',
    'trialing',
    'active',
    'past_due',
    'canceled',
    'unpaid',
    'paused',
  ]),
  quantity: z.number(),
  currentPeriodStart: z.date(),
  currentPeriodEnd: z.date(),
  trialEnd: z.date().nullable(),
  cancelAtPeriodEnd: z.boolean(),
  canceledAt: z.date().nullable(),
  endedAt: z.date().nullable(),
  licenseId: z.string().nullable(),
})
export const subscriptionsOutput = z.object({
  items: z.array(subscriptionSchema),
  nextCursor: z.string().nullable(),
})
export const cancelSubscriptionInput = z.strictObject({
  id,
  atPeriodEnd: z.boolean().describe('true: it runs to the end of what is paid; false: it ends now'),
})

export const createPortalInput = z.strictObject({ returnUrl })
export const createPortalOutput = z.object({ url: z.string() })

export const requestRefundInput = z.strictObject({ paymentId: id, reason })
export const requestRefundOutput = z.object({
  /** The billing ticket that the request opened; null for one from before there were tickets. */
  ticketId: z.string().nullable(),
  requestedAt: z.date(),
})

export const refundInput = z.strictObject({
  paymentId: id,
  amountMinor: z.number().int().min(1).optional().describe('Default: all that is left of the payment'),
  reason,
  idempotencyKey,
})
