import { behaviorOf } from '../cards.ts'
import type { Context } from '../context.ts'
import { invalid } from '../errors.ts'
import type { CheckoutSession, Customer, PaymentIntent, PaymentMethod } from '../types.ts'
import { startSubscription } from './billing.ts'
import { applyTotals } from './checkout-lines.ts'
import { complete, createPaidInvoice, customerOf, redeemFor } from './checkout-session.ts'
import { findPromotionCode, redeemable } from './discounts.ts'
import { newLine } from './invoice-lines.ts'
import { confirmPaymentIntent, failAuthentication, type Payment } from './payment-attempt.ts'
import { createPaymentIntent } from './payment-intent.ts'
import { attachPaymentMethod } from './payment-method.ts'
import { newSubscription } from './subscription.ts'

export interface Submission {
  email?: string
  name?: string
  country?: string
  /** The customer has passed the bank's challenge. */
  authenticated?: boolean
}

export type Submitted =
  | { state: 'complete' }
  | { state: 'challenge'; url: string }
  | { state: 'declined'; message: string }

/** A code typed on the page: totals follow at once. */
export function applyPromotionCode(ctx: Context, session: CheckoutSession, typed: string): void {
  if (!session.allow_promotion_codes || !session._sandbox)
    throw invalid('This session takes no promotion codes.')
  const code = findPromotionCode(ctx, typed)
  if (!code) throw invalid('This code is invalid.')
  const coupon = redeemable(ctx, code, {
    amountMinor: session.amount_subtotal ?? 0,
    currency: session.currency ?? 'usd',
    customer: session.customer,
  })
  session._sandbox.coupon = coupon.id
  session._sandbox.promotionCode = code.id
  applyTotals(session, coupon)
  ctx.change(session, { discounts: [{ coupon: null, promotion_code: code.id }] })
}

/** The customer presses Pay. Everything that follows is one transaction. */
export function submitSession(
  ctx: Context,
  session: CheckoutSession,
  method: PaymentMethod | undefined,
  form: Submission,
): Submitted {
  const secrets = session._sandbox
  if (session.status !== 'open' || !secrets) throw invalid('This Checkout Session is no longer open.')
  if (form.country && session.automatic_tax.enabled) {
    secrets.taxCountry = form.country
    session.automatic_tax = { ...session.automatic_tax, status: 'complete' }
    applyTotals(session, ctx.find('coupon', secrets.coupon))
  } else if (session.automatic_tax.enabled) {
    session.automatic_tax = { ...session.automatic_tax, status: 'complete' }
  }
  const email = session.customer_details?.email ?? session.customer_email ?? form.email ?? null
  ctx.change(session, {
    customer_details: {
      address: {
        city: null,
        country: form.country ?? 'US',
        line1: null,
        line2: null,
        postal_code: null,
        state: null,
      } as unknown as NonNullable<CheckoutSession['customer_details']>['address'],
      business_name: null,
      email,
      individual_name: null,
      name: form.name ?? null,
      phone: null,
      tax_exempt: 'none',
      tax_ids: [],
    },
  })
  return session.mode === 'subscription'
    ? submitSubscription(ctx, session, method, form)
    : submitPayment(ctx, session, method, form)
}

function submitPayment(
  ctx: Context,
  session: CheckoutSession,
  method: PaymentMethod | undefined,
  form: Submission,
): Submitted {
  if (session.customer || session.customer_creation === 'always') customerOf(ctx, session)
  const amount = session.amount_total ?? 0
  if (amount === 0) {
    redeemFor(ctx, session, null)
    complete(ctx, session, 'no_payment_required')
    return { state: 'complete' }
  }
  if (!method) throw invalid('A payment method is required.')
  const data = session._sandbox?.paymentIntentData ?? {}
  const intent =
    ctx.find('payment_intent', session.payment_intent) ??
    createPaymentIntent(ctx, {
      amountMinor: amount,
      currency: session.currency ?? 'usd',
      customer: session.customer,
      data: { ...data, receiptEmail: data.receiptEmail ?? session.customer_details?.email ?? undefined },
      hidden: { session: session.id },
    })
  // A promotion code may have changed the total since an earlier attempt.
  if (intent.amount !== amount) ctx.change(intent, { amount })
  if (session.payment_intent !== intent.id) ctx.change(session, { payment_intent: intent.id })
  const payment = confirmPaymentIntent(ctx, intent, method, {
    authenticated: form.authenticated,
    returnUrl: session.url ?? undefined,
  })
  return concludePayment(ctx, session, payment)
}

function concludePayment(ctx: Context, session: CheckoutSession, payment: Payment): Submitted {
  switch (payment.outcome) {
    case 'requires_action':
      return { state: 'challenge', url: `${ctx.url}/3d_secure/${session.payment_intent}` }
    case 'failed':
      return { state: 'declined', message: payment.fault.message }
    case 'processing':
      redeemFor(ctx, session, null)
      complete(ctx, session, 'unpaid')
      return { state: 'complete' }
    default:
      redeemFor(ctx, session, null)
      if (session.invoice_creation?.enabled) createPaidInvoice(ctx, session)
      complete(ctx, session, 'paid')
      return { state: 'complete' }
  }
}

/** The bank's challenge of a session's payment was answered. */
export function answerChallenge(
  ctx: Context,
  session: CheckoutSession,
  intent: PaymentIntent,
  passed: boolean,
): Submitted {
  const method = ctx.find('payment_method', intent.payment_method)
  if (!passed || !method) return concludePayment(ctx, session, failAuthentication(ctx, intent))
  return concludePayment(ctx, session, confirmPaymentIntent(ctx, intent, method, { authenticated: true }))
}

function submitSubscription(
  ctx: Context,
  session: CheckoutSession,
  method: PaymentMethod | undefined,
  form: Submission,
): Submitted {
  const secrets = session._sandbox
  if (!secrets) throw invalid('This Checkout Session is no longer open.')
  if (!method && (session.payment_method_collection === 'always' || (session.amount_total ?? 0) > 0)) {
    throw invalid('A payment method is required.')
  }
  const asks = method && behaviorOf(method._sandbox?.behavior ?? '').threeDSecure
  if (method && asks && !form.authenticated) {
    secrets.pendingPaymentMethod = method.id
    ctx.change(session, { _sandbox: secrets })
    return { state: 'challenge', url: `${ctx.url}/3d_secure/${session.id}` }
  }
  // A declined first payment leaves neither a customer nor a subscription behind, as at Stripe's Checkout.
  ctx.store.db.exec('SAVEPOINT first_payment')
  const before = structuredClone(session)
  const payment = buySubscription(ctx, session, method, form)
  if (payment.outcome === 'failed') {
    ctx.store.db.exec('ROLLBACK TO first_payment')
    ctx.store.db.exec('RELEASE first_payment')
    Object.assign(session, before)
    return { state: 'declined', message: payment.fault.message }
  }
  ctx.store.db.exec('RELEASE first_payment')
  const unpaid = payment.outcome === 'processing'
  const free = (session.amount_total ?? 0) === 0
  complete(ctx, session, unpaid ? 'unpaid' : free ? 'no_payment_required' : 'paid')
  return { state: 'complete' }
}

function buySubscription(
  ctx: Context,
  session: CheckoutSession,
  method: PaymentMethod | undefined,
  form: Submission,
): Payment {
  const customer = customerOf(ctx, session)
  const declines = method && behaviorOf(method._sandbox?.behavior ?? '').decline
  if (method && declines) {
    return failedFirst(ctx, session, customer, method, form)
  }
  if (method) {
    attachPaymentMethod(ctx, method, customer.id, { authenticated: form.authenticated })
    if (!customer.invoice_settings.default_payment_method) {
      ctx.changeAndEmit('customer.updated', customer, {
        invoice_settings: { ...customer.invoice_settings, default_payment_method: method.id },
      })
    }
  }
  const items = session._sandbox?.lineItems ?? []
  const subscription = newSubscription(ctx, {
    customer,
    currency: session.currency ?? 'usd',
    items: items
      .filter((item) => item.price.recurring)
      .map((item) => ({ price: item.price, quantity: item.quantity ?? 1 })),
    data: session._sandbox?.subscriptionData ?? {},
    defaultPaymentMethod: method?.id ?? null,
    automaticTax: { enabled: session.automatic_tax.enabled, country: session._sandbox?.taxCountry },
    hidden: { session: session.id },
  })
  const discount = redeemFor(ctx, session, subscription.id)
  if (discount) ctx.change(subscription, { discounts: [discount.id] })
  ctx.change(session, { subscription: subscription.id })
  const oneTime = items.filter((item) => !item.price.recurring)
  const payment = startSubscription(ctx, subscription, {
    // The card behind 0341 is attached by Checkout and pays once: only later charges fail.
    method: method ? { ...method, customer: null } : undefined,
    authenticated: form.authenticated,
    session: session.id,
    extraLines: (invoice) =>
      oneTime.map((item) =>
        newLine(ctx, invoice, {
          amountMinor: item.amount_subtotal,
          currency: item.currency,
          description: item.description,
          quantity: item.quantity ?? 1,
          period: { start: ctx.now, end: ctx.now },
          price: item.price,
          unitMinor: Math.round(item.amount_subtotal / (item.quantity ?? 1)),
        }),
      ),
  })
  ctx.change(session, { invoice: subscription.latest_invoice })
  return payment
}

/** A card that declines cannot even be attached: the bank's words come from an attempt that is rolled back with the rest. */
function failedFirst(
  ctx: Context,
  session: CheckoutSession,
  customer: Customer,
  method: PaymentMethod,
  form: Submission,
): Payment {
  const intent = createPaymentIntent(ctx, {
    amountMinor: Math.max(50, session.amount_total ?? 0),
    currency: session.currency ?? 'usd',
    customer: customer.id,
  })
  return confirmPaymentIntent(ctx, intent, method, { authenticated: form.authenticated })
}
