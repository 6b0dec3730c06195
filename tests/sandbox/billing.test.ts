import type Stripe from 'stripe'
import { expect, test } from 'vitest'
import { type Bench, newPayer, newPrice, newSession, openBench } from './support/sandbox.ts'

const MONTHLY = { unit_amount: 1900, recurring: { interval: 'month' } } as const

async function subscribed(
  bench: Bench,
  card = 'pm_card_visa',
  params: Partial<Stripe.SubscriptionCreateParams> = {},
  customer: Stripe.CustomerCreateParams = {},
): Promise<Stripe.Subscription> {
  const payer = await newPayer(bench.stripe, card, customer)
  const price = await newPrice(bench.stripe, MONTHLY)
  return bench.stripe.subscriptions.create({ customer: payer.id, items: [{ price: price.id }], ...params })
}

const typesSince = (bench: Bench, from: number) =>
  bench.sandbox
    .events()
    .slice(from)
    .map((event) => event.type)

test('a month passes: the subscription renews, a draft becomes a paid invoice', async () => {
  await using bench = openBench()
  const { sandbox, stripe } = bench
  const subscription = await subscribed(bench)
  expect(subscription.status).toBe('active')
  const end = subscription.items.data[0]?.current_period_end ?? 0
  const from = sandbox.events().length
  await sandbox.advance(new Date(end * 1000))
  const renewed = await stripe.subscriptions.retrieve(subscription.id, { expand: ['latest_invoice'] })
  expect(renewed.latest_invoice).toMatchObject({ status: 'draft', billing_reason: 'subscription_cycle' })
  expect(renewed.items.data[0]?.current_period_start).toBe(end)
  await sandbox.advance({ days: 0 })
  const invoices = await stripe.invoices.list({ subscription: subscription.id, expand: ['data.payments'] })
  expect(invoices.data.map(({ status, amount_paid }) => [status, amount_paid])).toEqual([
    ['paid', 1900],
    ['paid', 1900],
  ])
  expect(invoices.data[0]?.parent?.subscription_details?.subscription).toBe(subscription.id)
  const types = typesSince(bench, from)
  const wanted = [
    'invoice.created',
    'customer.subscription.updated',
    'invoice.finalized',
    'charge.succeeded',
    'invoice.paid',
    'invoice.payment_succeeded',
  ]
  expect(types.filter((type) => wanted.includes(type))).toEqual(wanted)
  const updated = sandbox.events({ type: 'customer.subscription.updated' }).at(-1)
  expect(updated?.created).toBe(end)
  expect(updated?.data.previous_attributes).toHaveProperty('items')
  await sandbox.advance({ months: 3 })
  expect((await stripe.invoices.list({ subscription: subscription.id, status: 'paid' })).data).toHaveLength(5)
})

test('a failing renewal: past due, retried, recovered by a new card', async () => {
  await using bench = openBench()
  const { sandbox, stripe } = bench
  const session = await newSession(stripe, { mode: 'subscription' })
  await sandbox.pay(session.id, { card: '4000000000000341', email: 'late@example.com' })
  const done = await stripe.checkout.sessions.retrieve(session.id)
  expect(done.payment_status).toBe('paid')
  const id = String(done.subscription)
  await sandbox.advance({ months: 1 })
  const due = await stripe.subscriptions.retrieve(id, { expand: ['latest_invoice'] })
  expect(due).toMatchObject({ status: 'past_due', latest_invoice: { status: 'open', attempt_count: 1 } })
  expect((due.latest_invoice as Stripe.Invoice).next_payment_attempt).toBeGreaterThan(0)
  expect(sandbox.events({ type: 'invoice.payment_failed' })).toHaveLength(1)
  const portal = await stripe.billingPortal.sessions.create({
    customer: String(done.customer),
    return_url: 'https://a.example',
  })
  const form = new URLSearchParams({ action: 'card', card: '4242424242424242' })
  const answer = await sandbox.app.request(new URL(portal.url).pathname, { method: 'POST', body: form })
  expect(answer.status).toBe(303)
  const recovered = await stripe.subscriptions.retrieve(id, { expand: ['latest_invoice'] })
  expect(recovered).toMatchObject({ status: 'active', latest_invoice: { status: 'paid' } })
})

test.each([
  ['canceled', 'canceled', 'customer.subscription.deleted'],
  ['unpaid', 'unpaid', 'customer.subscription.updated'],
  ['past_due', 'past_due', 'customer.subscription.updated'],
] as const)('all retries fail: the account ends it as %s', async (dunningEnd, status, type) => {
  await using bench = openBench({ settings: { dunningEnd } })
  const subscription = await subscribed(bench, 'pm_card_visa')
  const failing = await bench.stripe.paymentMethods.attach('pm_card_chargeCustomerFail', {
    customer: String(subscription.customer),
  })
  await bench.stripe.subscriptions.update(subscription.id, { default_payment_method: failing.id })
  await bench.sandbox.advance({ months: 1 })
  await bench.sandbox.advance({ days: 16 })
  const ended = await bench.stripe.subscriptions.retrieve(subscription.id, { expand: ['latest_invoice'] })
  expect(ended).toMatchObject({ status, latest_invoice: { attempt_count: 4 } })
  expect(bench.sandbox.events({ type }).length).toBeGreaterThan(0)
  if (dunningEnd === 'canceled') expect(ended.cancellation_details?.reason).toBe('payment_failed')
})

test('cancel at period end, take it back, cancel again, and it ends by itself', async () => {
  await using bench = openBench()
  const { stripe, sandbox } = bench
  const { id } = await subscribed(bench)
  const leaving = await stripe.subscriptions.update(id, { cancel_at_period_end: true })
  expect(leaving).toMatchObject({ cancel_at_period_end: true, status: 'active' })
  expect(leaving.cancel_at).toBe(leaving.items.data[0]?.current_period_end)
  const event = sandbox.events({ type: 'customer.subscription.updated' }).at(-1)
  expect(event?.data.previous_attributes).toMatchObject({ cancel_at_period_end: false, cancel_at: null })
  expect(await stripe.subscriptions.update(id, { cancel_at_period_end: false })).toMatchObject({
    cancel_at: null,
    canceled_at: null,
  })
  await stripe.subscriptions.update(id, {
    cancel_at_period_end: true,
    cancellation_details: { feedback: 'too_expensive' },
  })
  await sandbox.advance({ months: 1 })
  expect(await stripe.subscriptions.retrieve(id)).toMatchObject({
    status: 'canceled',
    cancellation_details: { reason: 'cancellation_requested', feedback: 'too_expensive' },
  })
  expect(sandbox.events({ type: 'customer.subscription.deleted' })).toHaveLength(1)
  expect((await stripe.invoices.list({ subscription: id })).data).toHaveLength(1)
  await expect(stripe.subscriptions.update(id, { cancel_at_period_end: true })).rejects.toThrow(
    /canceled subscription/,
  )
  await expect(stripe.subscriptions.cancel(id)).rejects.toMatchObject({ code: 'resource_missing' })
})

test('a trial warns three days before, then bills; without a card it cancels when told to', async () => {
  await using bench = openBench()
  const { sandbox, stripe } = bench
  const { id } = await subscribed(bench, 'pm_card_visa', { trial_period_days: 14 })
  expect((await stripe.invoices.list({ subscription: id })).data[0]).toMatchObject({
    status: 'paid',
    total: 0,
  })
  await sandbox.advance({ days: 10 })
  expect(sandbox.events({ type: 'customer.subscription.trial_will_end' })).toHaveLength(0)
  await sandbox.advance({ days: 1 })
  expect(sandbox.events({ type: 'customer.subscription.trial_will_end' })).toHaveLength(1)
  await sandbox.advance({ days: 3 })
  expect(await stripe.subscriptions.retrieve(id, { expand: ['latest_invoice'] })).toMatchObject({
    status: 'active',
    latest_invoice: { status: 'paid', amount_paid: 1900 },
  })
  const bare = await stripe.customers.create({})
  const price = await newPrice(stripe, MONTHLY)
  const trial = await stripe.subscriptions.create({
    customer: bare.id,
    items: [{ price: price.id }],
    trial_period_days: 7,
    trial_settings: { end_behavior: { missing_payment_method: 'cancel' } },
  })
  await sandbox.advance({ days: 8 })
  expect((await stripe.subscriptions.retrieve(trial.id)).status).toBe('canceled')
})

test('first payments: incomplete waits for the customer and expires; error_if_incomplete leaves nothing', async () => {
  await using bench = openBench()
  const { sandbox, stripe } = bench
  const customer = await stripe.customers.create({})
  const price = await newPrice(stripe, MONTHLY)
  const items = [{ price: price.id }]
  await expect(
    stripe.subscriptions.create({ customer: customer.id, items, payment_behavior: 'error_if_incomplete' }),
  ).rejects.toThrow()
  expect((await stripe.subscriptions.list({ status: 'all' })).data).toEqual([])
  const waiting = await stripe.subscriptions.create({
    customer: customer.id,
    items,
    payment_behavior: 'default_incomplete',
    expand: ['latest_invoice.confirmation_secret', 'latest_invoice.payments'],
  })
  expect(waiting.status).toBe('incomplete')
  const invoice = waiting.latest_invoice as Stripe.Invoice
  expect(invoice.confirmation_secret?.client_secret).toMatch(/^pi_.*_secret_/)
  const intent = invoice.payments?.data[0]?.payment.payment_intent
  await stripe.paymentIntents.confirm(String(intent), { payment_method: 'pm_card_visa' })
  expect((await stripe.subscriptions.retrieve(waiting.id)).status).toBe('active')
  const never = await stripe.subscriptions.create({
    customer: customer.id,
    items,
    payment_behavior: 'default_incomplete',
  })
  await sandbox.advance({ days: 1 })
  expect((await stripe.subscriptions.retrieve(never.id)).status).toBe('incomplete_expired')
  expect((await stripe.invoices.list({ subscription: never.id })).data[0]?.status).toBe('void')
})

test('changing the plan prorates: credit for the old, charge for the new, and the preview agrees', async () => {
  await using bench = openBench()
  const { sandbox, stripe } = bench
  const subscription = await subscribed(bench)
  const item = subscription.items.data[0]
  if (!item) throw new Error('no item')
  const half = (item.current_period_start + item.current_period_end) / 2
  await sandbox.advance(new Date(half * 1000))
  const bigger = await newPrice(stripe, { ...MONTHLY, unit_amount: 4900 })
  const change = { items: [{ id: item.id, price: bigger.id, quantity: 2 }] }
  const preview = await stripe.invoices.createPreview({
    subscription: subscription.id,
    subscription_details: change,
  })
  expect(preview.lines.data.map(({ amount }) => amount)).toEqual([-950, 4900, 9800])
  expect((await stripe.subscriptions.retrieve(subscription.id)).items.data[0]?.price.id).toBe(item.price.id)
  await stripe.subscriptions.update(subscription.id, { ...change, proration_behavior: 'always_invoice' })
  const [invoice] = (await stripe.invoices.list({ subscription: subscription.id })).data
  expect(invoice).toMatchObject({ status: 'paid', total: 3950, billing_reason: 'subscription_update' })
  const added = await stripe.subscriptionItems.create({
    subscription: subscription.id,
    price: (await newPrice(stripe, MONTHLY)).id,
    proration_behavior: 'none',
  })
  expect((await stripe.subscriptionItems.list({ subscription: subscription.id })).data).toHaveLength(2)
  await stripe.subscriptionItems.del(added.id, { proration_behavior: 'none' })
  await sandbox.advance({ months: 1 })
  expect((await stripe.invoices.list({ subscription: subscription.id })).data[0]).toMatchObject({
    total: 9800,
    status: 'paid',
  })
})

test('a coupon for some months, then the full price', async () => {
  await using bench = openBench()
  const { sandbox, stripe } = bench
  const once = await stripe.coupons.create({ amount_off: 900, currency: 'usd', duration: 'once' })
  const { id } = await subscribed(bench, 'pm_card_visa', { discounts: [{ coupon: once.id }] })
  await sandbox.advance({ months: 1 })
  const totals = (await stripe.invoices.list({ subscription: id })).data.map(({ total }) => total)
  expect(totals).toEqual([1900, 1000])
  const repeating = await stripe.coupons.create({
    percent_off: 50,
    duration: 'repeating',
    duration_in_months: 2,
  })
  const other = await subscribed(bench, 'pm_card_visa', { discounts: [{ coupon: repeating.id }] })
  await sandbox.advance({ months: 2 })
  expect((await stripe.invoices.list({ subscription: other.id })).data.map(({ total }) => total)).toEqual([
    1900, 950, 950,
  ])
})

test('a test clock moves only its own customers, each thing at its own time', async () => {
  await using bench = openBench()
  const { stripe, sandbox } = bench
  const frozen = Math.floor(Date.UTC(2030, 0, 31) / 1000)
  const clock = await stripe.testHelpers.testClocks.create({ frozen_time: frozen })
  const clocked = await subscribed(bench, 'pm_card_visa', {}, { test_clock: clock.id })
  const free = await subscribed(bench)
  expect(clocked).toMatchObject({ created: frozen, test_clock: clock.id })
  const advanced = await stripe.testHelpers.testClocks.advance(clock.id, {
    frozen_time: Date.UTC(2030, 3, 1) / 1000,
  })
  expect(advanced.status).toBe('ready')
  const starts = (await stripe.invoices.list({ subscription: clocked.id })).data.map(({ period_start }) =>
    new Date(period_start * 1000).toISOString().slice(0, 10),
  )
  expect(starts).toEqual(['2030-03-31', '2030-02-28', '2030-01-31'])
  expect((await stripe.invoices.list({ subscription: free.id })).data).toHaveLength(1)
  expect(sandbox.events({ type: 'test_helpers.test_clock.ready' })).toHaveLength(1)
})

test('the portal cancels and resumes its own customer’s subscription only', async () => {
  await using bench = openBench()
  const { sandbox, stripe } = bench
  const mine = await subscribed(bench)
  const other = await subscribed(bench)
  const portal = await stripe.billingPortal.sessions.create({
    customer: String(mine.customer),
    return_url: 'https://a.example/',
  })
  const path = new URL(portal.url).pathname
  const act = (action: string, subscription: string) =>
    sandbox.app.request(path, { method: 'POST', body: new URLSearchParams({ action, subscription }) })
  const text = await (await sandbox.app.request(path)).text()
  expect(text).toContain('Dev Forge Pro')
  expect(text).toContain('visa ending in 4242')
  expect((await act('cancel', mine.id)).status).toBe(303)
  expect((await stripe.subscriptions.retrieve(mine.id)).cancel_at_period_end).toBe(true)
  await act('resume', mine.id)
  expect((await stripe.subscriptions.retrieve(mine.id)).cancel_at).toBeNull()
  expect((await act('cancel', other.id)).status).toBe(400)
  expect((await stripe.subscriptions.retrieve(other.id)).cancel_at_period_end).toBe(false)
  await sandbox.advance({ days: 1 })
  expect((await sandbox.app.request(path)).status).toBe(410)
})

test('invoices by hand: items, finalize, page, pdf, pay, void, delete', async () => {
  await using bench = openBench()
  const { sandbox, stripe } = bench
  const customer = await newPayer(stripe)
  await stripe.invoiceItems.create({
    customer: customer.id,
    amount: 2500,
    currency: 'usd',
    description: 'Consulting',
  })
  const draft = await stripe.invoices.create({
    customer: customer.id,
    pending_invoice_items_behavior: 'include',
  })
  expect(draft).toMatchObject({ status: 'draft', total: 2500, number: null })
  const open = await stripe.invoices.finalizeInvoice(draft.id)
  expect(open).toMatchObject({ status: 'open', number: expect.stringMatching(/-0001$/) })
  const path = new URL(open.hosted_invoice_url ?? '').pathname
  expect(await (await sandbox.app.request(path)).text()).toContain('Consulting')
  const pdf = await (await sandbox.app.request(`${path}/pdf`)).text()
  expect(pdf.startsWith('%PDF-')).toBe(true)
  expect(pdf).toContain('Consulting')
  expect(await stripe.invoices.pay(open.id)).toMatchObject({ status: 'paid', amount_paid: 2500 })
  await expect(stripe.invoices.pay(open.id)).rejects.toThrow(/already paid/)
  await stripe.invoiceItems.create({ customer: customer.id, amount: 100, currency: 'usd' })
  const second = await stripe.invoices.create({
    customer: customer.id,
    pending_invoice_items_behavior: 'include',
  })
  await stripe.invoices.finalizeInvoice(second.id)
  expect((await stripe.invoices.voidInvoice(second.id)).status).toBe('void')
  const third = await stripe.invoices.create({ customer: customer.id })
  expect(await stripe.invoices.del(third.id)).toMatchObject({ deleted: true })
})

test('deleting a customer ends the subscriptions', async () => {
  await using bench = openBench()
  const subscription = await subscribed(bench)
  await bench.stripe.customers.del(String(subscription.customer))
  expect((await bench.stripe.subscriptions.retrieve(subscription.id)).status).toBe('canceled')
  expect(await bench.stripe.customers.retrieve(String(subscription.customer))).toMatchObject({
    deleted: true,
  })
  await bench.sandbox.advance({ months: 2 })
  expect((await bench.stripe.invoices.list({ subscription: subscription.id })).data).toHaveLength(1)
})
