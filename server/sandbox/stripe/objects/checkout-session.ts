import type { Context } from '../context.ts'
import { invalid } from '../errors.ts'
import type { CheckoutSession, Customer, Discount } from '../types.ts'
import { newCustomer } from './customer.ts'
import { redeem } from './discounts.ts'
import { finalizeInvoice, markPaid } from './invoice.ts'
import { draftInvoice } from './invoice-draft.ts'
import { newLine } from './invoice-lines.ts'

export function customerOf(ctx: Context, session: CheckoutSession): Customer {
  const known = ctx.find('customer', session.customer)
  if (known) return known
  const customer = newCustomer(ctx, {
    email: session.customer_details?.email ?? null,
    name: session.customer_details?.name ?? null,
    currency: session.currency,
  })
  ctx.emit('customer.created', customer)
  ctx.change(session, { customer: customer.id })
  return customer
}

export function redeemFor(
  ctx: Context,
  session: CheckoutSession,
  subscription: string | null,
): Discount | undefined {
  const coupon = ctx.find('coupon', session._sandbox?.coupon)
  if (!coupon) return undefined
  return redeem(ctx, coupon, session._sandbox?.promotionCode ?? null, {
    customer: session.customer,
    checkoutSession: session.id,
    subscription,
  })
}

/** `invoice_creation`: a paid invoice that documents a one-time purchase. */
export function createPaidInvoice(ctx: Context, session: CheckoutSession): void {
  const customer = customerOf(ctx, session)
  const data = session.invoice_creation?.invoice_data
  const invoice = draftInvoice(ctx, {
    customer,
    currency: session.currency ?? 'usd',
    reason: 'manual',
    description: data?.description,
    footer: data?.footer,
    metadata: data?.metadata ?? {},
    hidden: { session: session.id },
    lines: (id) =>
      (session._sandbox?.lineItems ?? []).map((item) =>
        newLine(ctx, id, {
          amountMinor: item.amount_total,
          currency: item.currency,
          description: item.description,
          quantity: item.quantity ?? 1,
          period: { start: ctx.now, end: ctx.now },
          price: item.price,
          unitMinor: Math.round(item.amount_total / (item.quantity ?? 1)),
        }),
      ),
  })
  // The money is in already: finalizing must not open a second payment.
  ctx.change(session, { invoice: invoice.id })
  finalizeInvoice(ctx, invoice, session.payment_intent ?? undefined)
  if (invoice.status === 'open') markPaid(ctx, invoice)
}

export function complete(
  ctx: Context,
  session: CheckoutSession,
  paymentStatus: CheckoutSession['payment_status'],
): void {
  ctx.unschedule('session_expires', session.id)
  ctx.change(session, { status: 'complete', payment_status: paymentStatus, url: null })
  ctx.emit('checkout.session.completed', session)
}

/** A delayed payment of a completed session has come in, or has not. */
export function settleSession(ctx: Context, session: CheckoutSession, paid: boolean): void {
  if (session.status !== 'complete' || session.payment_status !== 'unpaid') return
  if (!paid) {
    ctx.emit('checkout.session.async_payment_failed', session)
    return
  }
  if (session.invoice_creation?.enabled && !session.invoice) createPaidInvoice(ctx, session)
  ctx.change(session, { payment_status: 'paid' })
  ctx.emit('checkout.session.async_payment_succeeded', session)
}

export function expireSession(ctx: Context, session: CheckoutSession): void {
  if (session.status !== 'open') {
    throw invalid(
      `Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of ${session.status}.`,
    )
  }
  ctx.unschedule('session_expires', session.id)
  ctx.change(session, { status: 'expired', url: null })
  ctx.emit('checkout.session.expired', session)
}

/** Where the customer goes after paying. */
export function successUrl(session: CheckoutSession): string {
  return (session.success_url ?? '/').replaceAll('{CHECKOUT_SESSION_ID}', session.id)
}
