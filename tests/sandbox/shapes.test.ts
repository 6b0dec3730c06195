import { API_VERSION } from '@devforge/server/sandbox/stripe/index'
import Stripe from 'stripe'
import { expect, test } from 'vitest'
import { newPayer, newPrice, newSession, openBench } from './support/sandbox.ts'
import { declarationsOf, missingKeys } from './support/stripe-types.ts'

test('the sandbox speaks the API version that the installed package pins', () => {
  expect(API_VERSION).toBe(Stripe.API_VERSION)
})

test('the reader of declarations sees what is missing', () => {
  expect(declarationsOf('Charges').interfaces.get('Charge')?.length).toBeGreaterThan(40)
  expect(missingKeys('Refunds', 'Refund', { id: 're_1', object: 'refund' })).toContain('Refund.amount')
  const outcome = { outcome: { type: 'authorized' } }
  expect(missingKeys('Charges', 'Charge', outcome)).toContain('Charge.outcome.seller_message')
})

/** One of every kind, made the way the server makes them. */
async function oneOfEach(): Promise<Record<string, [file: string, name: string, value: unknown]>> {
  const bench = openBench({ settings: { asyncSeconds: 0 } })
  await using _ = bench
  const { sandbox, stripe } = bench
  const account = await stripe.accounts.create({
    type: 'express',
    capabilities: { transfers: { requested: true } },
  })
  await sandbox.app.request(`/connect/onboarding/${account.id}`, { method: 'POST' })
  const coupon = await stripe.coupons.create({
    percent_off: 25,
    duration: 'repeating',
    duration_in_months: 3,
  })
  const promotionCode = await stripe.promotionCodes.create({
    promotion: { type: 'coupon', coupon: coupon.id },
  })
  const shared = await stripe.paymentIntents.create({
    amount: 10_000,
    currency: 'usd',
    payment_method: 'pm_card_visa',
    confirm: true,
    application_fee_amount: 1500,
    transfer_data: { destination: account.id },
    expand: ['latest_charge'],
  })
  const charge = shared.latest_charge as Stripe.Charge
  const refund = await stripe.refunds.create({
    payment_intent: shared.id,
    amount: 4000,
    reverse_transfer: true,
    refund_application_fee: true,
  })
  const disputed = await stripe.paymentIntents.create({
    amount: 5000,
    currency: 'usd',
    payment_method: 'pm_card_createDispute',
    confirm: true,
  })
  await stripe.paymentIntents.create({
    amount: 5000,
    currency: 'usd',
    payment_method: 'pm_card_createIssuerFraudRecord',
    confirm: true,
  })
  const declined = await stripe.paymentIntents
    .create({ amount: 5000, currency: 'usd', payment_method: 'pm_card_visa_chargeDeclined', confirm: true })
    .catch((error: Stripe.errors.StripeCardError) => error.payment_intent)
  const customer = await newPayer(stripe)
  const price = await newPrice(stripe, { recurring: { interval: 'month' }, lookup_key: 'pro' })
  const subscription = await stripe.subscriptions.create({
    customer: customer.id,
    items: [{ price: price.id }],
    discounts: [{ coupon: coupon.id }],
    expand: ['latest_invoice.payments', 'discounts'],
  })
  const invoice = subscription.latest_invoice as Stripe.Invoice
  const item = await stripe.invoiceItems.create({ customer: customer.id, amount: 100, currency: 'usd' })
  const session = await newSession(stripe, { customer: customer.id })
  await sandbox.pay(session.id, { card: '4242424242424242' })
  const open = await newSession(stripe, { mode: 'subscription' })
  const portal = await stripe.billingPortal.sessions.create({
    customer: customer.id,
    expand: ['configuration'],
  })
  const transfer = await stripe.transfers.retrieve(charge.transfer as string)
  return {
    account: ['Accounts', 'Account', await stripe.accounts.retrieve(account.id)],
    'application fee': [
      'ApplicationFees',
      'ApplicationFee',
      (await stripe.applicationFees.list({ charge: charge.id })).data[0],
    ],
    balance: ['Balance', 'Balance', await stripe.balance.retrieve()],
    'balance transaction': [
      'BalanceTransactions',
      'BalanceTransaction',
      await stripe.balanceTransactions.retrieve(String(refund.balance_transaction)),
    ],
    charge: ['Charges', 'Charge', charge],
    'failed charge': ['Charges', 'Charge', await stripe.charges.retrieve(String(declined?.latest_charge))],
    'card of a charge': ['Charges', 'Charge.PaymentMethodDetails.Card', charge.payment_method_details?.card],
    coupon: ['Coupons', 'Coupon', coupon],
    customer: ['Customers', 'Customer', customer],
    discount: ['Discounts', 'Discount', subscription.discounts[0]],
    dispute: ['Disputes', 'Dispute', (await stripe.disputes.list({ payment_intent: disputed.id })).data[0]],
    'early fraud warning': [
      'Radar/EarlyFraudWarnings',
      'EarlyFraudWarning',
      (await stripe.radar.earlyFraudWarnings.list()).data[0],
    ],
    event: ['Events', 'EventBase', (await stripe.events.list({ limit: 1 })).data[0]],
    invoice: ['Invoices', 'Invoice', invoice],
    'invoice item': ['InvoiceItems', 'InvoiceItem', item],
    'invoice line': ['InvoiceLineItems', 'InvoiceLineItem', invoice.lines.data[0]],
    'invoice payment': ['InvoicePayments', 'InvoicePayment', invoice.payments?.data[0]],
    'line item': [
      'LineItems',
      'LineItem',
      (await stripe.checkout.sessions.listLineItems(session.id)).data[0],
    ],
    'paid intent': ['PaymentIntents', 'PaymentIntent', shared],
    'declined intent': ['PaymentIntents', 'PaymentIntent', declined],
    'payment method': [
      'PaymentMethods',
      'PaymentMethod',
      await stripe.paymentMethods.retrieve(String(shared.payment_method)),
    ],
    'card of a payment method': [
      'PaymentMethods',
      'PaymentMethod.Card',
      (await stripe.paymentMethods.retrieve(String(shared.payment_method))).card,
    ],
    plan: ['Plans', 'Plan', subscription.items.data[0]?.plan],
    'portal configuration': ['BillingPortal/Configurations', 'Configuration', portal.configuration],
    'portal session': ['BillingPortal/Sessions', 'Session', portal],
    price: ['Prices', 'Price', price],
    product: ['Products', 'Product', await stripe.products.retrieve(String(price.product))],
    'promotion code': ['PromotionCodes', 'PromotionCode', promotionCode],
    refund: ['Refunds', 'Refund', refund],
    'open session': ['Checkout/Sessions', 'Session', open],
    'paid session': ['Checkout/Sessions', 'Session', await stripe.checkout.sessions.retrieve(session.id)],
    'setup intent': [
      'SetupIntents',
      'SetupIntent',
      await stripe.setupIntents.create({ customer: customer.id }),
    ],
    subscription: ['Subscriptions', 'Subscription', subscription],
    'subscription item': ['SubscriptionItems', 'SubscriptionItem', subscription.items.data[0]],
    'test clock': [
      'TestHelpers/TestClocks',
      'TestClock',
      await stripe.testHelpers.testClocks.create({ frozen_time: 1_700_000_000 }),
    ],
    transfer: ['Transfers', 'Transfer', transfer],
    'transfer reversal': ['TransferReversals', 'TransferReversal', transfer.reversals.data[0]],
    payout: [
      'Payouts',
      'Payout',
      await stripe.payouts.create({ amount: 1, currency: 'usd' }, { stripeAccount: account.id }),
    ],
    'webhook endpoint': [
      'WebhookEndpoints',
      'WebhookEndpoint',
      await stripe.webhookEndpoints.create({ url: 'https://a.example/', enabled_events: ['*'] }),
    ],
    'account link': [
      'AccountLinks',
      'AccountLink',
      await stripe.accountLinks.create({
        account: account.id,
        type: 'account_onboarding',
        refresh_url: 'https://a.example',
        return_url: 'https://a.example',
      }),
    ],
  }
}

test('every object carries every required key of its type, nested ones too', async () => {
  const missing = Object.entries(await oneOfEach()).flatMap(([label, [file, name, value]]) =>
    missingKeys(file, name, value).map((key) => `${label}: ${key}`),
  )
  expect(missing).toEqual([])
})

test('nothing of what the sandbox keeps for itself is shown', async () => {
  const shown = JSON.stringify(await oneOfEach())
  expect(shown).not.toContain('"_sandbox"')
  expect(shown).not.toContain('"behavior"')
})
