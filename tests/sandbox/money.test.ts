import type Stripe from 'stripe'
import { expect, test } from 'vitest'
import { type Bench, newSession, openBench } from './support/sandbox.ts'

const paid = (bench: Bench, method = 'pm_card_visa', amount = 10_000) =>
  bench.stripe.paymentIntents.create({ amount, currency: 'usd', payment_method: method, confirm: true })
const chargeOf = (bench: Bench, intent: Stripe.PaymentIntent) =>
  bench.stripe.charges.retrieve(String(intent.latest_charge))
const balance = async (bench: Bench) => {
  const { available, pending } = await bench.stripe.balance.retrieve()
  return [...available, ...pending].reduce((sum, { amount }) => sum + amount, 0)
}

test('refunds: part, rest, never more; the balance follows', async () => {
  await using bench = openBench()
  const intent = await paid(bench)
  const part = await bench.stripe.refunds.create({
    payment_intent: intent.id,
    amount: 3000,
    metadata: { why: 'test' },
  })
  expect(part).toMatchObject({ status: 'succeeded', amount: 3000, metadata: { why: 'test' } })
  expect(await chargeOf(bench, intent)).toMatchObject({ amount_refunded: 3000, refunded: false })
  await expect(bench.stripe.refunds.create({ payment_intent: intent.id, amount: 7001 })).rejects.toThrow(
    'Refund amount (70.01 USD) is greater than unrefunded amount on charge (70.00 USD)',
  )
  await bench.stripe.refunds.create({ payment_intent: intent.id })
  expect(await chargeOf(bench, intent)).toMatchObject({ amount_refunded: 10_000, refunded: true })
  await expect(bench.stripe.refunds.create({ payment_intent: intent.id })).rejects.toMatchObject({
    code: 'charge_already_refunded',
  })
  expect(await balance(bench)).toBe(-320)
  expect(
    (await bench.stripe.refunds.list({ payment_intent: intent.id })).data.map(({ amount }) => amount),
  ).toEqual([7000, 3000])
  const [first] = bench.sandbox.events({ type: 'charge.refunded' })
  expect(first?.data.previous_attributes).toEqual({ amount_refunded: 0 })
})

test('refund cards: pending then succeeded, succeeded then failed; a pending one can be canceled', async () => {
  await using bench = openBench({ settings: { asyncSeconds: 60 } })
  const { sandbox, stripe } = bench
  const slow = await paid(bench, 'pm_card_pendingRefund')
  const pending = await stripe.refunds.create({ payment_intent: slow.id, amount: 100 })
  expect(pending.status).toBe('pending')
  const canceled = await stripe.refunds.create({ payment_intent: slow.id, amount: 50 })
  expect((await stripe.refunds.cancel(canceled.id)).status).toBe('canceled')
  const doomed = await paid(bench, 'pm_card_refundFail')
  const failing = await stripe.refunds.create({ payment_intent: doomed.id })
  expect(failing.status).toBe('succeeded')
  await sandbox.advance({ days: 1 })
  expect((await stripe.refunds.retrieve(pending.id)).status).toBe('succeeded')
  const failed = await stripe.refunds.retrieve(failing.id)
  expect(failed.status).toBe('failed')
  expect(failed.failure_balance_transaction).toMatch(/^txn_/)
  expect(await chargeOf(bench, doomed)).toMatchObject({ amount_refunded: 0, refunded: false })
  expect(sandbox.events({ type: 'refund.failed' })).toHaveLength(1)
  const good = await stripe.refunds.create({ payment_intent: (await paid(bench)).id })
  expect(sandbox.refunds.fail(good.id).status).toBe('failed')
})

test('disputes: open, won, lost, by evidence, as inquiry; a disputed charge is not refundable', async () => {
  await using bench = openBench()
  const { sandbox, stripe } = bench
  const before = await balance(bench)
  const intent = await paid(bench, 'pm_card_createDispute')
  const [dispute] = (await stripe.disputes.list({ payment_intent: intent.id })).data
  expect(dispute).toMatchObject({ status: 'needs_response', reason: 'fraudulent', amount: 10_000 })
  expect(await balance(bench)).toBe(before + 10_000 - 320 - 10_000 - 1500)
  await expect(stripe.refunds.create({ payment_intent: intent.id })).rejects.toMatchObject({
    code: 'charge_disputed',
  })
  expect(sandbox.disputes.win(dispute?.id ?? '').status).toBe('won')
  expect(await balance(bench)).toBe(before + 10_000 - 320 - 1500)
  await expect(stripe.disputes.close(dispute?.id ?? '')).rejects.toThrow(/already closed/)

  const second = await paid(bench)
  const opened = sandbox.disputes.open(String(second.latest_charge), { reason: 'product_not_received' })
  await stripe.disputes.update(opened.id, {
    evidence: { uncategorized_text: 'losing_evidence' },
    submit: true,
  })
  expect((await stripe.disputes.retrieve(opened.id)).status).toBe('under_review')
  await sandbox.advance({ days: 1 })
  expect((await stripe.disputes.retrieve(opened.id)).status).toBe('lost')
  expect(sandbox.events({ type: 'charge.dispute.closed' }).map((event) => event.data.object.status)).toEqual([
    'won',
    'lost',
  ])
  expect(sandbox.events({ type: 'charge.dispute.funds_reinstated' })).toHaveLength(1)

  const asked = await paid(bench, 'pm_card_createDisputeInquiry')
  const [inquiry] = (await stripe.disputes.list({ payment_intent: asked.id })).data
  expect(inquiry).toMatchObject({
    status: 'warning_needs_response',
    is_charge_refundable: true,
    balance_transactions: [],
  })
  expect((await stripe.refunds.create({ payment_intent: asked.id })).status).toBe('succeeded')
})

test('an early fraud warning is a warning and nothing else', async () => {
  await using bench = openBench()
  const intent = await paid(bench, 'pm_card_createIssuerFraudRecord')
  expect((await bench.stripe.radar.earlyFraudWarnings.list({ payment_intent: intent.id })).data).toHaveLength(
    1,
  )
  expect(await chargeOf(bench, intent)).toMatchObject({ disputed: false, refunded: false })
  const charge = String((await paid(bench)).latest_charge)
  expect(bench.sandbox.earlyFraudWarning(charge)).toMatchObject({ charge, actionable: true })
})

test('intents: manual capture, partial capture, cancel, and what their states forbid', async () => {
  await using bench = openBench()
  const { stripe } = bench
  const held = await stripe.paymentIntents.create({
    amount: 5000,
    currency: 'usd',
    payment_method: 'pm_card_visa',
    confirm: true,
    capture_method: 'manual',
  })
  expect(held).toMatchObject({ status: 'requires_capture', amount_capturable: 5000 })
  expect(await stripe.paymentIntents.capture(held.id, { amount_to_capture: 4000 })).toMatchObject({
    status: 'succeeded',
    amount_received: 4000,
  })
  await expect(stripe.paymentIntents.capture(held.id)).rejects.toMatchObject({
    code: 'payment_intent_unexpected_state',
  })
  const open = await stripe.paymentIntents.create({ amount: 700, currency: 'usd' })
  expect(open.status).toBe('requires_payment_method')
  await stripe.paymentIntents.update(open.id, { amount: 800, metadata: { a: 'b' } })
  expect(await stripe.paymentIntents.cancel(open.id, { cancellation_reason: 'abandoned' })).toMatchObject({
    status: 'canceled',
    amount: 800,
  })
  await expect(
    stripe.paymentIntents.confirm(open.id, { payment_method: 'pm_card_visa' }),
  ).rejects.toMatchObject({ code: 'payment_intent_unexpected_state' })
})

test('off session, 3-D Secure is a decline; on session it is a redirect', async () => {
  await using bench = openBench()
  const { sandbox, stripe } = bench
  const base = {
    amount: 900,
    currency: 'usd',
    payment_method: 'pm_card_threeDSecure2Required',
    confirm: true,
  }
  await expect(stripe.paymentIntents.create({ ...base, off_session: true })).rejects.toMatchObject({
    code: 'authentication_required',
  })
  const asked = await stripe.paymentIntents.create({ ...base, return_url: 'https://a.example/back' })
  const challenge = new URL(asked.next_action?.redirect_to_url?.url ?? '')
  expect((await sandbox.app.request(challenge.pathname)).status).toBe(200)
  const back = await sandbox.app.request(challenge.pathname, {
    method: 'POST',
    body: new URLSearchParams({ action: 'complete' }),
  })
  expect(back.headers.get('location')).toContain(`payment_intent=${asked.id}`)
  expect((await stripe.paymentIntents.retrieve(asked.id)).status).toBe('succeeded')
  expect((await sandbox.app.request(challenge.pathname)).status).toBe(410)
})

test('a decline carries code, reason, charge and intent, and stays on record', async () => {
  await using bench = openBench()
  const error: Stripe.errors.StripeCardError = await paid(
    bench,
    'pm_card_visa_chargeDeclinedInsufficientFunds',
  ).then(
    () => Promise.reject(new Error('it was not declined')),
    (caught) => caught,
  )
  expect(error).toMatchObject({
    type: 'StripeCardError',
    statusCode: 402,
    code: 'card_declined',
    decline_code: 'insufficient_funds',
  })
  expect(error.payment_intent).toMatchObject({
    status: 'requires_payment_method',
    last_payment_error: { decline_code: 'insufficient_funds' },
  })
  expect(await bench.stripe.charges.retrieve(String(error.charge))).toMatchObject({
    status: 'failed',
    paid: false,
    failure_code: 'card_declined',
  })
})

test('saved cards: a setup makes 3155 usable off session; declining cards cannot be attached', async () => {
  await using bench = openBench()
  const { sandbox, stripe } = bench
  const customer = await stripe.customers.create({})
  const setup = await stripe.setupIntents.create({
    customer: customer.id,
    payment_method: 'pm_card_authenticationRequiredOnSetup',
    confirm: true,
    return_url: 'https://a.example',
  })
  expect(setup.status).toBe('requires_action')
  await sandbox.app.request(`/3d_secure/${setup.id}`, {
    method: 'POST',
    body: new URLSearchParams({ action: 'complete' }),
  })
  const [saved] = (await stripe.customers.listPaymentMethods(customer.id)).data
  const intent = await stripe.paymentIntents.create({
    amount: 900,
    currency: 'usd',
    customer: customer.id,
    payment_method: saved?.id,
    confirm: true,
    off_session: true,
  })
  expect(intent.status).toBe('succeeded')
  await expect(
    stripe.paymentMethods.attach('pm_card_visa_chargeDeclined', { customer: customer.id }),
  ).rejects.toMatchObject({ code: 'card_declined' })
  expect((await stripe.paymentMethods.detach(saved?.id ?? '')).customer).toBeNull()
})

test('Connect: onboarding, destination charge with our fee, refund takes shares back', async () => {
  await using bench = openBench()
  const { sandbox, stripe } = bench
  const account = await stripe.accounts.create({
    type: 'express',
    email: 'author@example.com',
    capabilities: { transfers: { requested: true } },
  })
  expect(account.charges_enabled).toBe(false)
  const link = await stripe.accountLinks.create({
    account: account.id,
    type: 'account_onboarding',
    refresh_url: 'https://a.example/r',
    return_url: 'https://a.example/done',
  })
  const page = new URL(link.url)
  expect(
    (await sandbox.app.request(page.pathname + page.search, { method: 'POST' })).headers.get('location'),
  ).toBe('https://a.example/done')
  expect(await stripe.accounts.retrieve(account.id)).toMatchObject({
    charges_enabled: true,
    payouts_enabled: true,
    details_submitted: true,
  })
  expect(sandbox.events({ type: 'account.updated' }).at(-1)?.account).toBe(account.id)
  const intent = await stripe.paymentIntents.create({
    amount: 10_000,
    currency: 'usd',
    payment_method: 'pm_card_visa',
    confirm: true,
    application_fee_amount: 1500,
    transfer_data: { destination: account.id },
  })
  const theirs = async () =>
    (await stripe.balance.retrieve({}, { stripeAccount: account.id })).available[0]?.amount
  expect(await theirs()).toBe(8500)
  await stripe.refunds.create({
    payment_intent: intent.id,
    amount: 5000,
    reverse_transfer: true,
    refund_application_fee: true,
  })
  expect(await theirs()).toBe(4250)
  const charge = await chargeOf(bench, intent)
  expect(await stripe.transfers.retrieve(String(charge.transfer))).toMatchObject({
    amount: 10_000,
    amount_reversed: 5000,
  })
  await expect(
    stripe.transfers.create({ amount: 9_999_999, currency: 'usd', destination: account.id }),
  ).rejects.toMatchObject({ code: 'balance_insufficient' })
  const own = await paid(bench)
  const share = await stripe.transfers.create({
    amount: 8500,
    currency: 'usd',
    destination: account.id,
    source_transaction: String(own.latest_charge),
  })
  await expect(
    stripe.transfers.create({
      amount: 1501,
      currency: 'usd',
      destination: account.id,
      source_transaction: String(own.latest_charge),
    }),
  ).rejects.toThrow(/greater than/)
  expect(await stripe.transfers.createReversal(share.id, { amount: 500 })).toMatchObject({ amount: 500 })
})

test('Connect: a subscription shares every invoice with its publisher', async () => {
  await using bench = openBench()
  const { sandbox, stripe } = bench
  const account = await stripe.accounts.create({
    type: 'express',
    capabilities: { transfers: { requested: true } },
  })
  sandbox.accounts.finish(account.id)
  const session = await newSession(stripe, {
    mode: 'subscription',
    subscription_data: { application_fee_percent: 15, transfer_data: { destination: account.id } },
  })
  await sandbox.pay(session.id, { card: '4242424242424242' })
  await sandbox.advance({ months: 1 })
  expect((await stripe.transfers.list({ destination: account.id })).data.map(({ amount }) => amount)).toEqual(
    [1900, 1900],
  )
  expect((await stripe.applicationFees.list()).data.map(({ amount }) => amount)).toEqual([285, 285])
})

test('promotion codes are checked: minimum, customer, first order, count', async () => {
  await using bench = openBench()
  const { stripe } = bench
  const coupon = await stripe.coupons.create({ percent_off: 50 })
  const create = (params: Partial<Stripe.PromotionCodeCreateParams>) =>
    stripe.promotionCodes.create({ promotion: { type: 'coupon', coupon: coupon.id }, ...params })
  const use = (promotion_code: string, customer?: string) =>
    stripe.checkout.sessions.create({
      mode: 'payment',
      success_url: 'https://a.example',
      customer,
      line_items: [
        { price_data: { currency: 'usd', unit_amount: 1000, product_data: { name: 'x' } }, quantity: 1 },
      ],
      discounts: [{ promotion_code }],
    })
  const minimum = await create({ restrictions: { minimum_amount: 1001, minimum_amount_currency: 'usd' } })
  await expect(use(minimum.id)).rejects.toThrow(/below its minimum/)
  const [one, two] = [await stripe.customers.create({}), await stripe.customers.create({})]
  const personal = await create({ customer: one.id, max_redemptions: 1 })
  await expect(use(personal.id, two.id)).rejects.toThrow(/another customer/)
  const session = await use(personal.id, one.id)
  expect(session.amount_total).toBe(500)
  await bench.sandbox.pay(session.id, { card: '4242424242424242' })
  await expect(use(personal.id, one.id)).rejects.toThrow(/cannot be redeemed/)
  const first = await create({ restrictions: { first_time_transaction: true } })
  await expect(use(first.id, one.id)).rejects.toThrow(/first orders only/)
  expect((await use(first.id, two.id)).amount_total).toBe(500)
  await expect(
    stripe.promotionCodes.create({ coupon: coupon.id } as unknown as Stripe.PromotionCodeCreateParams),
  ).rejects.toThrow()
})

test('Connect: nothing is sent to an account that may not take money, nor taken from one that was paid out', async () => {
  await using bench = openBench()
  const { sandbox, stripe } = bench
  const account = await stripe.accounts.create({
    type: 'express',
    capabilities: { transfers: { requested: true } },
  })
  const intent = await stripe.paymentIntents.create({
    amount: 10_000,
    currency: 'usd',
    payment_method: 'pm_card_visa',
    confirm: true,
  })
  const send = () =>
    stripe.transfers.create({
      amount: 8_500,
      currency: 'usd',
      destination: account.id,
      source_transaction: String(intent.latest_charge),
    })
  await expect(send()).rejects.toMatchObject({ code: 'insufficient_capabilities_for_transfer' })
  sandbox.accounts.finish(account.id)
  const transfer = await send()
  const there = { stripeAccount: account.id }
  await expect(stripe.payouts.create({ amount: 9_000, currency: 'usd' }, there)).rejects.toMatchObject({
    code: 'balance_insufficient',
  })
  await stripe.payouts.create({ amount: 8_000, currency: 'usd' }, there)
  expect(sandbox.events({ type: 'payout.created' })[0]).toMatchObject({ account: account.id })
  await expect(stripe.transfers.createReversal(transfer.id)).rejects.toMatchObject({
    code: 'balance_insufficient',
  })
  expect(await stripe.transfers.createReversal(transfer.id, { amount: 500 })).toMatchObject({ amount: 500 })
  sandbox.accounts.restrict(account.id)
  expect(await stripe.accounts.retrieve(account.id)).toMatchObject({
    payouts_enabled: false,
    capabilities: { transfers: 'inactive' },
    requirements: { currently_due: ['individual.verification.document'] },
  })
})
