import { newId } from '@devforge/db'
import type Stripe from 'stripe'
import type { Ctx } from '../../../context.ts'
import { queueMail } from '../../../mail/outbox.ts'
import { findPlan, userOfStripeCustomer } from '../queries/catalog.ts'
import { findLicenseOfSubscription } from '../queries/owned-licenses.ts'
import { findPaymentByIntent, type PaymentRow } from '../queries/payments.ts'
import {
  findSubscriptionByStripeId,
  insertInvoice,
  lockInvoice,
  lockSubscriptionByStripeId,
  type SubscriptionRow,
  updateInvoice,
} from '../queries/subscriptions.ts'
import { canMove, type InvoiceStatus, knownState } from '../states.ts'
import { askStripe, fromUnix, idOf } from '../stripe/api.ts'
import { all, fetchPayment, type PaymentSnapshot } from '../stripe/snapshots.ts'
import { coalesce } from './coalesce.ts'
import { StaleSnapshot, settle } from './guard.ts'
import { followClaim } from './license.ts'
import { ignored, type Outcome } from './outcome.ts'
import { applyPayment } from './payment.ts'
import { contactOf } from './record.ts'
import { settleSubscription } from './subscription.ts'
import { leaveUnfulfilled, refusalOfSubscription } from './unfulfilled.ts'

/** The subscription an invoice is for: under `parent` since Stripe's API of 2025. */
const subscriptionOf = (invoice: Stripe.Invoice): string | null =>
  idOf(invoice.parent?.subscription_details?.subscription)

/** Reads an invoice with its payments and brings our rows in line; then the subscription, whose state it decides. */
export function settleInvoice(ctx: Ctx, invoiceId: string): Promise<Outcome> {
  return coalesce(ctx, `invoice:${invoiceId}`, () => readInvoice(ctx, invoiceId))
}

async function readInvoice(ctx: Ctx, invoiceId: string): Promise<Outcome> {
  let subscriptionId: string | null = null
  const outcome = await settle(ctx, async (guard): Promise<(ctx: Ctx) => Promise<Outcome>> => {
    await guard.watch('invoice', invoiceId)
    const invoice = await askStripe(ctx, (stripe) => stripe.invoices.retrieve(invoiceId))
    subscriptionId = subscriptionOf(invoice)
    if (subscriptionId && !(await findSubscriptionByStripeId(ctx.db, subscriptionId))) {
      const known = await settleSubscription(ctx, subscriptionId)
      if (known.kind === 'ignored') return async () => known
    }
    const payments: PaymentSnapshot[] = []
    for (const intentId of await intentsOf(ctx, invoiceId)) {
      await guard.watch('payment', intentId)
      payments.push(await askStripe(ctx, (stripe) => fetchPayment(stripe, intentId)))
    }
    return (ctx) => applyInvoice(ctx, invoice, payments)
  })
  if (subscriptionId && outcome.kind === 'settled') await settleSubscription(ctx, subscriptionId)
  return outcome
}

/** Intents that pay, or try to pay, an invoice: a list of their own since Stripe's API of 2025. */
async function intentsOf(ctx: Ctx, invoice: string): Promise<string[]> {
  const payments = await askStripe(ctx, (stripe) => all(stripe.invoicePayments.list({ invoice, limit: 100 })))
  return payments.flatMap(({ payment }) => idOf(payment.payment_intent) ?? [])
}

async function applyInvoice(
  ctx: Ctx,
  invoice: Stripe.Invoice,
  snapshots: PaymentSnapshot[],
): Promise<Outcome> {
  const stripeSubscriptionId = subscriptionOf(invoice)
  const subscription = stripeSubscriptionId
    ? await lockSubscriptionByStripeId(ctx.db, stripeSubscriptionId)
    : undefined
  const customerId = idOf(invoice.customer)
  const userId = subscription?.userId ?? (customerId && (await userOfStripeCustomer(ctx.db, customerId)))
  if (!userId || (stripeSubscriptionId && !subscription)) return ignored('not billed by us')
  let payment: PaymentRow | undefined
  for (const snapshot of snapshots) {
    payment = subscription
      ? ((await applyRenewal(ctx, subscription, snapshot)) ?? payment)
      : ((await findPaymentByIntent(ctx.db, snapshot.intent.id)) ?? payment)
  }
  await writeInvoice(ctx, invoice, { userId, subscription, paymentId: payment?.id ?? null })
  if (subscription && hasFailed(invoice)) await mailFailure(ctx, invoice, subscription)
  return { kind: 'settled' }
}

async function applyRenewal(
  ctx: Ctx,
  subscription: SubscriptionRow,
  snapshot: PaymentSnapshot,
): Promise<PaymentRow | undefined> {
  const plan = await findPlan(ctx.db, subscription.planSlug)
  const license = await findLicenseOfSubscription(ctx.db, subscription.id)
  const settled = await applyPayment(ctx, snapshot, {
    userId: subscription.userId,
    description: `Dev Forge ${plan?.name ?? subscription.planSlug}`,
    subscriptionId: subscription.id,
    checkoutId: undefined,
    licenseId: license?.id,
  })
  if (!settled) return undefined
  const isPaid = settled.claim === 'granted' || settled.claim === 'disputed'
  const reason = license || !isPaid ? null : await refusalOfSubscription(ctx, subscription)
  if (reason) {
    const { checkoutId } = subscription
    await leaveUnfulfilled(ctx, settled.payment, { reason, cause: subscription.id, checkoutId })
  }
  await followClaim(ctx, settled)
  return settled.payment
}

async function writeInvoice(
  ctx: Ctx,
  invoice: Stripe.Invoice,
  of: { userId: string; subscription: SubscriptionRow | undefined; paymentId: string | null },
): Promise<void> {
  const status: InvoiceStatus = knownState('invoice', invoice.status ?? 'draft')
  const now = ctx.deps.clock.now()
  const existing = await lockInvoice(ctx.db, invoice.id)
  if (existing && !canMove('invoice', existing.status, status)) {
    return updateInvoice(ctx.db, existing.id, { updatedAt: now })
  }
  const values = {
    subscriptionId: of.subscription?.id ?? null,
    paymentId: of.paymentId ?? existing?.paymentId ?? null,
    number: invoice.number,
    status,
    amountDueMinor: invoice.amount_due,
    amountPaidMinor: invoice.amount_paid,
    currency: invoice.currency,
    hostedUrl: invoice.hosted_invoice_url ?? null,
    pdfUrl: invoice.invoice_pdf ?? null,
    issuedAt: fromUnix(invoice.effective_at ?? invoice.created),
    updatedAt: now,
  }
  if (existing) return updateInvoice(ctx.db, existing.id, values)
  const row = await insertInvoice(ctx.db, {
    id: newId('inv'),
    userId: of.userId,
    stripeInvoiceId: invoice.id,
    createdAt: now,
    ...values,
  })
  if (!row) throw new StaleSnapshot(`invoice ${invoice.id}`)
}

/** A renewal was tried and not collected. The first payment fails before the customer's eyes and needs no mail. */
const hasFailed = (invoice: Stripe.Invoice): boolean =>
  invoice.status === 'open' && invoice.attempt_count > 0 && invoice.billing_reason !== 'subscription_create'

async function mailFailure(ctx: Ctx, invoice: Stripe.Invoice, subscription: SubscriptionRow): Promise<void> {
  const contact = await contactOf(ctx, subscription.userId)
  const plan = await findPlan(ctx.db, subscription.planSlug)
  if (!contact) return
  await queueMail(ctx, {
    dedupeKey: `payment-failed:${invoice.id}`,
    to: contact.email,
    template: 'payment-failed',
    data: { name: contact.name, plan: plan?.name ?? subscription.planSlug },
  })
}
