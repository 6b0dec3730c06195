import { expect, test } from 'vitest'
import { newPayer, newPrice, newSession, openBench } from './support/sandbox.ts'

test('a paid session redirects, and its events arrive signed and in order', async () => {
  await using bench = openBench()
  const { sandbox, stripe } = bench
  const session = await newSession(stripe, { client_reference_id: 'chk_1', metadata: { order: '7' } })
  expect(session.status).toBe('open')
  expect(session.payment_intent).toBeNull()
  const answer = await sandbox.pay(session.url ?? '', { card: '4242424242424242', email: 'ada@example.com' })
  expect(answer.status).toBe(303)
  expect(answer.headers.get('location')).toBe(`https://shop.example/done?session=${session.id}`)
  await sandbox.settled()
  expect(bench.types().slice(-5)).toEqual([
    'payment_intent.created',
    'charge.succeeded',
    'payment_intent.succeeded',
    'charge.updated',
    'checkout.session.completed',
  ])
  const paid = await stripe.checkout.sessions.retrieve(session.id, {
    expand: ['payment_intent.latest_charge.balance_transaction', 'line_items.data.price.product'],
  })
  expect(paid).toMatchObject({
    status: 'complete',
    payment_status: 'paid',
    url: null,
    metadata: { order: '7' },
  })
  const intent = paid.payment_intent
  if (typeof intent !== 'object' || typeof intent?.latest_charge !== 'object') throw new Error('not expanded')
  expect(intent.latest_charge).toMatchObject({
    paid: true,
    amount: 49_900,
    balance_transaction: { fee: 1477, net: 48_423 },
    payment_method_details: { card: { brand: 'visa', last4: '4242' } },
  })
  expect(paid.line_items?.data[0]).toMatchObject({ price: { product: { name: 'Dev Forge Pro' } } })
})

test('a person can do it: the page shows the order, a declined card an alert, and the second try pays', async () => {
  await using bench = openBench()
  const session = await newSession(bench.stripe)
  const path = new URL(session.url ?? '').pathname
  const page = await bench.sandbox.app.request(path)
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
  const text = await page.text()
  expect(text).toContain('Pay $499.00')
  expect(text).toContain('Dev Forge Pro')
  const declined = await bench.sandbox.pay(session.id, { card: '4000000000009995' })
  expect(declined.status).toBe(402)
  expect(await declined.text()).toContain('Your card has insufficient funds.')
  const paid = await bench.sandbox.pay(session.id, { card: '4242 4242 4242 4242' })
  expect(paid.status).toBe(303)
  const types = bench.sandbox.events().map((event) => event.type)
  expect(types.filter((type) => type === 'payment_intent.created')).toHaveLength(1)
  expect(types).toContain('payment_intent.payment_failed')
  expect((await bench.sandbox.pay(session.id, { card: '4242424242424242' })).status).toBe(409)
})

test.each([
  ['4000000000000002', 'Your card was declined.'],
  ['4000000000000069', 'Your card has expired.'],
  ['4000000000000127', 'security code is incorrect'],
  ['4000000000000119', 'An error occurred while processing your card'],
  ['4111111111111111', 'only the documented test cards'],
])('card %s is declined: %s', async (card, words) => {
  await using bench = openBench()
  const session = await newSession(bench.stripe)
  const answer = await bench.sandbox.pay(session.id, { card })
  expect(answer.status).toBe(402)
  expect((await answer.text()).replaceAll('&#39;', "'")).toContain(words)
  expect((await bench.stripe.checkout.sessions.retrieve(session.id)).status).toBe('open')
})

test.each(['4000002500003155', '4000002760003184', '4000000000003220'])(
  '3-D Secure card %s: completed pays, failed does not',
  async (card) => {
    await using bench = openBench()
    const first = await newSession(bench.stripe)
    expect((await bench.sandbox.pay(first.id, { card, authorize3ds: false })).status).toBe(402)
    expect((await bench.stripe.checkout.sessions.retrieve(first.id)).payment_status).toBe('unpaid')
    const challenge = await bench.sandbox.pay(first.id, { card })
    expect(challenge.headers.get('location')).toContain('/3d_secure/pi_')
    const second = await newSession(bench.stripe)
    const done = await bench.sandbox.pay(second.id, { card, authorize3ds: true })
    expect(done.headers.get('location')).toContain(second.id)
    expect(bench.sandbox.events({ type: 'payment_intent.requires_action' }).length).toBeGreaterThan(0)
  },
)

test('bank debit: unpaid at completion, then settled or failed', async () => {
  await using bench = openBench()
  const good = await newSession(bench.stripe)
  await bench.sandbox.pay(good.id, { card: 'bank_debit' })
  expect(await bench.stripe.checkout.sessions.retrieve(good.id)).toMatchObject({
    status: 'complete',
    payment_status: 'unpaid',
  })
  const bad = await newSession(bench.stripe)
  await bench.sandbox.pay(bad.id, { card: 'bank_debit:000111111116' })
  await bench.sandbox.advance({ days: 5 })
  expect((await bench.stripe.checkout.sessions.retrieve(good.id)).payment_status).toBe('paid')
  expect((await bench.stripe.checkout.sessions.retrieve(bad.id)).payment_status).toBe('unpaid')
  const ids = (type: string) => bench.sandbox.events({ type }).map((event) => event.data.object.id)
  expect(ids('checkout.session.async_payment_succeeded')).toEqual([good.id])
  expect(ids('checkout.session.async_payment_failed')).toEqual([bad.id])
})

test('sessions expire by call and by time, and then take no payment', async () => {
  await using bench = openBench()
  const called = await newSession(bench.stripe)
  expect((await bench.stripe.checkout.sessions.expire(called.id)).status).toBe('expired')
  await expect(bench.stripe.checkout.sessions.expire(called.id)).rejects.toThrow(/Only Checkout Sessions/)
  const timed = await newSession(bench.stripe)
  await bench.sandbox.advance({ days: 1 })
  expect((await bench.stripe.checkout.sessions.retrieve(timed.id)).status).toBe('expired')
  expect((await bench.sandbox.pay(timed.id, { card: '4242424242424242' })).status).toBe(409)
  expect(bench.sandbox.events({ type: 'checkout.session.expired' })).toHaveLength(2)
})

test('inline prices, quantities, several currencies, tax and a promotion code add up', async () => {
  await using bench = openBench()
  const { stripe } = bench
  const coupon = await stripe.coupons.create({ percent_off: 10 })
  await stripe.promotionCodes.create({ promotion: { type: 'coupon', coupon: coupon.id }, code: 'SAVE10' })
  const session = await newSession(stripe, {
    line_items: [
      { price_data: { currency: 'eur', unit_amount: 10_000, product_data: { name: 'Seats' } }, quantity: 3 },
      { price_data: { currency: 'eur', unit_amount: 5000, product_data: { name: 'Extra' } } },
    ],
    automatic_tax: { enabled: true },
    allow_promotion_codes: true,
    customer_creation: 'always',
    invoice_creation: { enabled: true },
  })
  expect(session.amount_total).toBe(35_000)
  await bench.sandbox.pay(session.id, { card: '4242424242424242', promotionCode: 'save10', country: 'DE' })
  const paid = await stripe.checkout.sessions.retrieve(session.id, {
    expand: ['invoice.payments', 'customer', 'line_items'],
  })
  expect(paid).toMatchObject({
    amount_subtotal: 35_000,
    amount_total: 37_485,
    total_details: { amount_discount: 3500, amount_tax: 5985 },
    customer: { email: 'customer@example.com' },
    invoice: { status: 'paid', amount_paid: 37_485 },
  })
  expect(paid.line_items?.data.map((item) => item.amount_discount)).toEqual([3000, 500])
  expect((await stripe.coupons.retrieve(coupon.id)).times_redeemed).toBe(1)

  const price = await newPrice(stripe, { currency_options: { gbp: { unit_amount: 39_900 } } })
  const pounds = await newSession(stripe, { line_items: [{ price: price.id, quantity: 1 }], currency: 'gbp' })
  expect(pounds).toMatchObject({ currency: 'gbp', amount_total: 39_900 })
  await expect(newSession(stripe, { line_items: [{ price: price.id }], currency: 'chf' })).rejects.toThrow(
    /supports currencies/,
  )
})

test('a free order needs no payment', async () => {
  await using bench = openBench()
  const coupon = await bench.stripe.coupons.create({ percent_off: 100 })
  const session = await newSession(bench.stripe, { discounts: [{ coupon: coupon.id }] })
  expect(session.amount_total).toBe(0)
  await bench.sandbox.pay(session.id, { card: '' })
  expect((await bench.stripe.checkout.sessions.retrieve(session.id)).payment_status).toBe(
    'no_payment_required',
  )
})

test('subscription checkout: trial, saved card, and a declined card leaves nothing behind', async () => {
  await using bench = openBench()
  const { sandbox, stripe } = bench
  const session = await newSession(stripe, {
    mode: 'subscription',
    subscription_data: { trial_period_days: 14, metadata: { plan: 'pro-monthly' } },
  })
  await sandbox.pay(session.id, { card: '4242424242424242', email: 'sub@example.com' })
  const done = await stripe.checkout.sessions.retrieve(session.id, {
    expand: ['subscription.default_payment_method'],
  })
  expect(done).toMatchObject({
    payment_status: 'no_payment_required',
    subscription: {
      status: 'trialing',
      metadata: { plan: 'pro-monthly' },
      default_payment_method: { card: { last4: '4242' } },
    },
  })
  const declined = await newSession(stripe, { mode: 'subscription' })
  expect((await sandbox.pay(declined.id, { card: '4000000000000002', email: 'no@example.com' })).status).toBe(
    402,
  )
  expect((await stripe.customers.list({ email: 'no@example.com' })).data).toEqual([])
  const asked = await newSession(stripe, { mode: 'subscription' })
  expect(
    (await sandbox.pay(asked.id, { card: '4000002500003155', authorize3ds: true })).headers.get('location'),
  ).toContain(asked.id)
  expect((await stripe.checkout.sessions.retrieve(asked.id)).payment_status).toBe('paid')
})

test('a subscription checkout announces subscription, invoice and session', async () => {
  await using bench = openBench()
  const customer = await newPayer(bench.stripe)
  const session = await newSession(bench.stripe, { mode: 'subscription', customer: customer.id })
  const before = bench.sandbox.events().length
  await bench.sandbox.pay(session.id, { card: '4242424242424242' })
  const types = bench.sandbox
    .events()
    .slice(before)
    .map((event) => event.type)
  const wanted = [
    'customer.subscription.created',
    'invoice.created',
    'invoice.finalized',
    'payment_intent.created',
    'charge.succeeded',
    'payment_intent.succeeded',
    'invoice.paid',
    'invoice.payment_succeeded',
    'invoice_payment.paid',
    'customer.subscription.updated',
    'checkout.session.completed',
  ]
  expect(types.filter((type) => wanted.includes(type))).toEqual(wanted)
})

test('what the session call refuses', async () => {
  await using bench = openBench()
  const { stripe } = bench
  const recurring = await newPrice(stripe, { recurring: { interval: 'month' } })
  await expect(newSession(stripe, { line_items: [{ price: recurring.id }] })).rejects.toMatchObject({
    type: 'StripeInvalidRequestError',
    param: 'line_items',
  })
  await expect(newSession(stripe, { line_items: [] })).rejects.toMatchObject({ code: 'parameter_missing' })
  await expect(newSession(stripe, { customer: 'cus_nobody' })).rejects.toMatchObject({
    code: 'resource_missing',
    param: 'customer',
  })
  await expect(newSession(stripe, { expires_at: 5 })).rejects.toMatchObject({ param: 'expires_at' })
  const unknown = { success_url: 'https://a.example', payment_method_types: ['card'] } as object
  await expect(newSession(stripe, unknown)).rejects.toMatchObject({ code: 'parameter_unknown' })
})

test('a subscription by bank debit counts as active until the bank says no', async () => {
  await using bench = openBench()
  const { sandbox, stripe } = bench
  const buy = async (card: string) => {
    const session = await newSession(stripe, { mode: 'subscription' })
    await sandbox.pay(session.id, { card })
    return stripe.checkout.sessions.retrieve(session.id, { expand: ['subscription'] })
  }
  const good = await buy('bank_debit')
  const bad = await buy('bank_debit:000222222227')
  expect(good).toMatchObject({ payment_status: 'unpaid', subscription: { status: 'active' } })
  await sandbox.advance({ days: 1 })
  const after = (id: string) => stripe.checkout.sessions.retrieve(id, { expand: ['subscription', 'invoice'] })
  expect(await after(good.id)).toMatchObject({ payment_status: 'paid', invoice: { status: 'paid' } })
  expect(await after(bad.id)).toMatchObject({
    payment_status: 'unpaid',
    subscription: { status: 'past_due' },
    invoice: { status: 'open' },
  })
  expect(sandbox.events({ type: 'checkout.session.async_payment_failed' })).toHaveLength(1)
})

test('the page shows a typed promotion code at once; it has a form of its own, so that Enter elsewhere pays', async () => {
  await using bench = openBench()
  const coupon = await bench.stripe.coupons.create({ percent_off: 50 })
  await bench.stripe.promotionCodes.create({ promotion: { type: 'coupon', coupon: coupon.id }, code: 'HALF' })
  const session = await newSession(bench.stripe, { allow_promotion_codes: true })
  const path = `/c/pay/${session.id}`
  const form = (fields: Record<string, string>) =>
    bench.sandbox.app.request(path, { method: 'POST', body: new URLSearchParams(fields) })
  const wrong = await form({ action: 'apply_code', promotion_code: 'NOPE' })
  expect(wrong.status).toBe(400)
  expect(await wrong.text()).toContain('This code is invalid.')
  expect((await form({ action: 'apply_code', promotion_code: 'half' })).status).toBe(303)
  const page = await (await bench.sandbox.app.request(path)).text()
  expect(page).toContain('Pay $249.50')
  expect(page.match(/<form/g)).toHaveLength(2)
  expect((await form({ card: '4242424242424242', email: 'a@example.com' })).status).toBe(303)
  expect((await bench.stripe.checkout.sessions.retrieve(session.id)).amount_total).toBe(24_950)
})
