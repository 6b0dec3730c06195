import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { SandboxEvent } from '@devforge/server/sandbox/stripe/index'
import { createAdaptorServer } from '@hono/node-server'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Bench, openBench } from './support/sandbox.ts'
import { missingKeys } from './support/stripe-types.ts'

/**
 * Stripe's own CLI replays Stripe's own request sequences against the sandbox. Its word is not taken for anything:
 * each case looks at the event that the sandbox then has to show, and at the object inside.
 */
const stripeCli = fileURLToPath(new URL('../node_modules/.bin/stripe', import.meta.url))

let home: string

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'stripe-cli-'))
})

afterAll(() => rm(home, { recursive: true }))

/** A sandbox on a port of its own for each case, so that they may run side by side. */
async function served(): Promise<Bench & { base: string }> {
  const bench = openBench({ settings: { asyncSeconds: 0 } })
  // The CLI transfers what it has just charged, fees included: the account needs something on it.
  await bench.stripe.paymentIntents.create({
    amount: 100_000,
    currency: 'usd',
    payment_method: 'pm_card_bypassPending',
    confirm: true,
  })
  const server = createAdaptorServer({ fetch: bench.sandbox.app.fetch })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const close = async () => {
    server.close()
    await bench.sandbox.close()
  }
  return {
    ...bench,
    base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: close,
  }
}

async function trigger(base: string, event: string): Promise<{ code: number; output: string }> {
  const child = spawn(
    stripeCli,
    ['trigger', event, '--api-key', 'sk_test_1234567890abcdef', '--api-base', base],
    {
      env: {
        PATH: process.env.PATH,
        HOME: home,
        XDG_CONFIG_HOME: home,
        // It would look for updates and report its use: nothing leaves this machine.
        STRIPE_CLI_TELEMETRY_OPTOUT: 'true',
        HTTPS_PROXY: 'http://127.0.0.1:9',
      },
    },
  )
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  const [code] = (await once(child, 'close')) as [number]
  return { code, output }
}

const SESSION = ['Checkout/Sessions', 'Session'] as const
const INTENT = ['PaymentIntents', 'PaymentIntent'] as const
const CHARGE = ['Charges', 'Charge'] as const
const DISPUTE = ['Disputes', 'Dispute'] as const
const SUBSCRIPTION = ['Subscriptions', 'Subscription'] as const
const INVOICE = ['Invoices', 'Invoice'] as const
const CUSTOMER = ['Customers', 'Customer'] as const
const REFUND = ['Refunds', 'Refund'] as const
const METHOD = ['PaymentMethods', 'PaymentMethod'] as const
const SETUP = ['SetupIntents', 'SetupIntent'] as const

/** CLI event → type of the object inside, and what must be true of it. */
const CASES: [trigger: string, shape: readonly [string, string], object: object, emitted?: string][] = [
  ['checkout.session.completed', SESSION, { status: 'complete', payment_status: 'paid', amount_total: 3000 }],
  [
    'checkout.session.async_payment_succeeded',
    SESSION,
    { status: 'complete', payment_status: 'paid', currency: 'eur' },
  ],
  ['checkout.session.async_payment_failed', SESSION, { status: 'complete', payment_status: 'unpaid' }],
  ['checkout.session.expired', SESSION, { status: 'expired', url: null }],
  ['payment_intent.created', INTENT, { status: 'requires_payment_method', amount: 2000 }],
  ['payment_intent.succeeded', INTENT, { status: 'succeeded', amount_received: 2000 }],
  [
    'payment_intent.payment_failed',
    INTENT,
    { status: 'requires_payment_method', last_payment_error: { decline_code: 'generic_decline' } },
  ],
  ['payment_intent.requires_action', INTENT, { status: 'requires_action' }],
  [
    'payment_intent.amount_capturable_updated',
    INTENT,
    { status: 'requires_capture', amount_capturable: 2000 },
  ],
  ['payment_intent.canceled', INTENT, { status: 'canceled', cancellation_reason: 'requested_by_customer' }],
  ['payment_intent.processing', INTENT, { status: 'processing' }],
  ['charge.succeeded', CHARGE, { status: 'succeeded', paid: true, amount: 100 }],
  ['charge.failed', CHARGE, { status: 'failed', failure_code: 'card_declined' }],
  ['charge.captured', CHARGE, { captured: true }],
  ['charge.refunded', CHARGE, { refunded: true, amount_refunded: 100 }],
  ['charge.refund.updated', REFUND, { metadata: { order_id: '6735' } }],
  ['charge.dispute.created', DISPUTE, { status: 'warning_needs_response' }],
  ['charge.dispute.updated', DISPUTE, { metadata: { foo: 'bar' } }],
  ['charge.dispute.closed', DISPUTE, { status: 'lost' }],
  ['customer.created', CUSTOMER, { description: '(created by Stripe CLI)' }],
  ['customer.updated', CUSTOMER, { metadata: { foo: 'bar' } }],
  ['customer.deleted', CUSTOMER, { description: '(created by Stripe CLI)' }],
  ['customer.discount.created', ['Discounts', 'Discount'], { source: { type: 'coupon' } }],
  ['customer.subscription.created', SUBSCRIPTION, { object: 'subscription' }],
  ['customer.subscription.updated', SUBSCRIPTION, { metadata: { foo: 'bar' } }],
  ['customer.subscription.deleted', SUBSCRIPTION, { status: 'canceled' }],
  ['customer.subscription.trial_will_end', SUBSCRIPTION, { status: 'trialing' }],
  ['customer.subscription.paused', SUBSCRIPTION, { status: 'paused' }],
  ['invoice.created', INVOICE, { status: 'draft', total: 2000 }],
  ['invoice.finalized', INVOICE, { status: 'open' }],
  ['invoice.paid', INVOICE, { status: 'paid', amount_paid: 2000 }],
  ['invoice.payment_succeeded', INVOICE, { status: 'paid' }],
  ['invoice.payment_failed', INVOICE, { status: 'open', attempt_count: 1 }],
  ['invoice.payment_action_required', INVOICE, { status: 'open' }],
  ['invoice.updated', INVOICE, { metadata: { foo: 'bar' } }],
  ['invoice.voided', INVOICE, { status: 'void' }],
  ['invoice.marked_uncollectible', INVOICE, { status: 'uncollectible' }],
  ['invoice.sent', INVOICE, { status: 'open' }],
  ['invoice.deleted', INVOICE, { status: 'draft' }],
  ['invoiceitem.created', ['InvoiceItems', 'InvoiceItem'], { amount: 2000 }],
  ['invoiceitem.deleted', ['InvoiceItems', 'InvoiceItem'], { amount: 2000 }],
  [
    'subscription.payment_succeeded',
    INVOICE,
    { status: 'paid', amount_paid: 2000 },
    'invoice.payment_succeeded',
  ],
  ['subscription.payment_failed', INVOICE, { status: 'open', attempted: true }, 'invoice.payment_failed'],
  ['payment_method.attached', METHOD, { type: 'card', customer: expect.stringMatching(/^cus_/) }],
  ['payment_method.detached', METHOD, { customer: null }],
  ['payment_method.updated', METHOD, { metadata: { foo: 'bar' } }],
  ['setup_intent.created', SETUP, { status: 'requires_payment_method' }],
  ['setup_intent.succeeded', SETUP, { status: 'succeeded' }],
  ['setup_intent.requires_action', SETUP, { status: 'requires_action' }],
  ['setup_intent.setup_failed', SETUP, { status: 'requires_payment_method' }],
  ['setup_intent.canceled', SETUP, { status: 'canceled' }],
  ['product.created', ['Products', 'Product'], { name: 'myproduct' }],
  ['product.updated', ['Products', 'Product'], { metadata: { foo: 'bar' } }],
  ['product.deleted', ['Products', 'Product'], { name: 'myproduct' }],
  ['price.created', ['Prices', 'Price'], { unit_amount: 1500, recurring: { interval: 'month' } }],
  ['price.updated', ['Prices', 'Price'], { metadata: { foo: 'bar' } }],
  ['plan.created', ['Plans', 'Plan'], { amount: 2000 }],
  ['plan.updated', ['Plans', 'Plan'], { metadata: { foo: 'bar' } }],
  ['plan.deleted', ['Plans', 'Plan'], { amount: 2000 }],
  ['coupon.created', ['Coupons', 'Coupon'], { percent_off: 20 }],
  ['coupon.updated', ['Coupons', 'Coupon'], { metadata: { foo: 'bar' } }],
  ['coupon.deleted', ['Coupons', 'Coupon'], { percent_off: 20 }],
  ['promotion_code.created', ['PromotionCodes', 'PromotionCode'], { promotion: { type: 'coupon' } }],
  ['promotion_code.updated', ['PromotionCodes', 'PromotionCode'], { metadata: { foo: 'bar' } }],
  ['account.updated', ['Accounts', 'Account'], { metadata: { foo: 'bar' } }],
  ['transfer.created', ['Transfers', 'Transfer'], { amount: 1000 }],
  ['transfer.updated', ['Transfers', 'Transfer'], { metadata: { foo: 'bar' } }],
  ['transfer.reversed', ['Transfers', 'Transfer'], { amount_reversed: 100 }],
  [
    'billing_portal.configuration.created',
    ['BillingPortal/Configurations', 'Configuration'],
    { features: { subscription_cancel: { enabled: true } } },
  ],
  [
    'billing_portal.configuration.updated',
    ['BillingPortal/Configurations', 'Configuration'],
    { metadata: { foo: 'bar' } },
  ],
  [
    'billing_portal.session.created',
    ['BillingPortal/Sessions', 'Session'],
    { url: expect.stringContaining('/p/session/') },
  ],
  ['test_helpers.test_clock.created', ['TestHelpers/TestClocks', 'TestClock'], { status: 'ready' }],
  ['test_helpers.test_clock.advancing', ['TestHelpers/TestClocks', 'TestClock'], { status: 'advancing' }],
  ['test_helpers.test_clock.ready', ['TestHelpers/TestClocks', 'TestClock'], { frozen_time: 1_580_515_200 }],
]

test.concurrent.for(CASES)(
  'stripe trigger %s',
  async ([name, [file, shape], object, emitted = name], { expect }) => {
    await using bench = await served()
    const from = bench.sandbox.events().length
    const { code, output } = await trigger(bench.base, name)
    expect(code, output).toBe(0)
    const found = () =>
      bench.sandbox
        .events()
        .slice(from)
        .filter((event) => event.type === emitted)
    await expect.poll(found, { timeout: 5000 }).not.toHaveLength(0)
    const event = found().at(-1) as SandboxEvent
    expect(event.data.object).toMatchObject(object)
    expect(missingKeys('Events', 'EventBase', event)).toEqual([])
    expect(missingKeys(file, shape, event.data.object)).toEqual([])
    await bench.sandbox.settled()
    expect(bench.received.map((arrived) => arrived.event.id)).toContain(event.id)
  },
)

test('an event that the sandbox does not know fails loudly in the CLI', async () => {
  await using bench = await served()
  const { code, output } = await trigger(bench.base, 'issuing_card.created')
  expect(code).not.toBe(0)
  expect(output).toContain('The sandbox does not know this call')
})
