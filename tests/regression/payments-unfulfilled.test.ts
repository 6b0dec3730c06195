import { describe, expect, test } from 'vitest'
import { between, booksOf, isCall, pay, RETURN_URLS, start } from '../payments/support.ts'
import { createTestApp, type TestApp } from '../support/app.ts'
import { failure } from '../support/errors.ts'
import { buy } from '../support/payments.ts'
import { type Person, signUp } from '../support/people.ts'

const refunds = async (t: TestApp) => (await t.deps.stripe?.refunds.list({ limit: 100 }))?.data ?? []
const refusals = async (t: TestApp) => [
  ...(await t.deps.sql`
    select pe.reason, a.reason as audited from payment_events pe
    left join audit_log a on a.action = pe.type and a.subject = pe.payment_id
    where pe.type = 'payment.unfulfilled' order by pe.id`),
]
/** All that Stripe told is told again; nothing may come of it. */
async function again(t: TestApp): Promise<void> {
  for (const event of t.sandbox.events()) await t.sandbox.deliver(event.id)
  await t.deps.sql`update webhook_events set status = 'received', processed_at = null`
  t.clock.advance(2 * 60_000)
  await t.deps.jobs.enqueue(t.deps.db, 'payments.sweep', {})
  expect(await t.drain()).toEqual([])
}
async function leave(t: TestApp, person: Person): Promise<void> {
  await person.forge.users.deleteAccount({ password: person.password })
  // The page is paid before the job that ends it has run.
  await t.deps.sql`delete from pgboss.job where name = 'stripe.expire'`
}

describe('money that came is on record, also when what it bought cannot be given, and goes back', () => {
  test('a renewal of a license that was revoked while the page was open', async () => {
    await using t = await createTestApp()
    const [ada, admin] = [await signUp(t), await signUp(t, { role: 'admin' })]
    const { licenseId } = await buy(t, ada, { plan: 'pro' })
    const renewal = await start(t, ada, { renew: licenseId })
    await admin.forge.licenses.revoke({ licenseId, reason: 'sold on' })
    await pay(t, renewal)
    expect(await t.drain()).toEqual([])
    const books = await booksOf(t, ada)
    expect(books.payments).toMatchObject([{ status: 'succeeded' }, { status: 'refunded', licenseId: null }])
    expect(books.checkouts.at(-1)).toMatchObject({ status: 'complete', licenseId: null })
    expect(books.licenses).toMatchObject([{ status: 'revoked', revokedReason: 'sold on' }])
    expect(await refusals(t)).toEqual([{ reason: 'license_not_renewable', audited: 'license_not_renewable' }])
    await again(t)
    expect(await booksOf(t, ada)).toEqual(books)
    expect(await refunds(t)).toHaveLength(1)
    const [row] = await t.deps.sql`select idempotency_key from refunds`
    expect(String(row?.idempotency_key)).toMatch(new RegExp(`^unfulfilled:${renewal.id}`))
  })

  test('bought once, by an account that was deleted meanwhile', async () => {
    await using t = await createTestApp()
    const ada = await signUp(t)
    const checkout = await start(t, ada)
    await leave(t, ada)
    await pay(t, checkout)
    expect(await t.drain()).toEqual([])
    await again(t)
    expect(await booksOf(t, ada)).toMatchObject({
      licenses: [],
      payments: [{ status: 'refunded' }],
      checkouts: [{ status: 'complete', licenseId: null }],
    })
    expect(await refunds(t)).toHaveLength(1)
  })

  test('subscribed, by an account that was deleted meanwhile: ended at once, and paid back', async () => {
    await using t = await createTestApp()
    const ada = await signUp(t)
    const checkout = await start(t, ada, { plan: 'pro-monthly' })
    await leave(t, ada)
    await pay(t, checkout)
    expect(await t.drain()).toEqual([])
    await again(t)
    expect(await booksOf(t, ada)).toMatchObject({ licenses: [], payments: [{ status: 'refunded' }] })
    const theirs = (await t.deps.stripe?.subscriptions.list({ status: 'all' }))?.data
    expect(theirs?.map(({ status }) => status)).toEqual(['canceled'])
    expect([...(await t.deps.sql`select status from subscriptions`)]).toEqual([{ status: 'canceled' }])
    expect(await refusals(t)).toEqual([{ reason: 'account_deleted', audited: 'account_deleted' }])
    expect(await refunds(t)).toHaveLength(1)
  })

  test.each(['failed', 'expired'])('a page of a checkout that we had %s is fulfilled', async (status) => {
    await using t = await createTestApp()
    const ada = await signUp(t)
    const checkout = await start(t, ada)
    await t.deps.sql`update checkouts set status = ${status}::checkout_status`
    await pay(t, checkout)
    expect(await t.drain()).toEqual([])
    expect(await booksOf(t, ada)).toMatchObject({
      licenses: [{ status: 'active' }],
      payments: [{ status: 'succeeded' }],
      checkouts: [{ status: 'complete' }],
    })
  })

  test.each(['pro', 'pro-monthly'])('a second session of one checkout of %s, paid too', async (plan) => {
    await using t = await createTestApp()
    const ada = await signUp(t)
    const checkout = await start(t, ada, { plan })
    const first = await t.deps.stripe?.checkout.sessions.retrieve(checkout.sessionId, {
      expand: ['line_items'],
    })
    const metadata = { checkout_id: checkout.id, user_id: ada.id }
    const second = await t.deps.stripe?.checkout.sessions.create({
      customer: String(first?.customer),
      metadata,
      line_items: [{ price: first?.line_items?.data[0]?.price?.id ?? '', quantity: 1 }],
      success_url: RETURN_URLS.successUrl,
      ...(plan === 'pro'
        ? { mode: 'payment', payment_intent_data: { metadata } }
        : { mode: 'subscription', subscription_data: { metadata } }),
    })
    await pay(t, checkout)
    expect(await t.drain()).toEqual([])
    const before = await booksOf(t, ada)
    await t.sandbox.pay(second?.url ?? '', { card: '4242424242424242' })
    expect(await t.drain()).toEqual([])
    await again(t)
    const books = await booksOf(t, ada)
    expect(books.licenses).toEqual(before.licenses)
    expect(books.licenses).toMatchObject([{ status: 'active' }])
    expect(books.payments).toMatchObject([{ status: 'succeeded' }, { status: 'refunded', licenseId: null }])
    expect(await refusals(t)).toEqual([{ reason: 'paid_twice', audited: 'paid_twice' }])
    expect(await refunds(t)).toHaveLength(1)
    const shown = await ada.forge.payments.checkout({ id: checkout.id })
    expect(shown.paymentId).toBe(before.payments[0]?.id)
    if (plan === 'pro') return
    const theirs = (await t.deps.stripe?.subscriptions.list({ status: 'all' }))?.data
    expect(theirs?.map(({ status }) => status).sort()).toEqual(['active', 'canceled'])
  })
})

test('deleting an account ends its pages at Stripe', async () => {
  await using t = await createTestApp()
  const ada = await signUp(t)
  const checkout = await start(t, ada)
  await ada.forge.users.deleteAccount({ password: ada.password })
  expect(await t.drain()).toEqual([])
  expect((await t.deps.stripe?.checkout.sessions.retrieve(checkout.sessionId))?.status).toBe('expired')
  expect(await booksOf(t, ada)).toMatchObject({ payments: [], checkouts: [{ status: 'expired' }] })
})

describe('what Stripe refuses when a page is opened', () => {
  /** Stripe says no, while `broken.on`. */
  function refusing(t: TestApp, error: Record<string, string>) {
    const broken = { on: true }
    between(t, (sandbox) => async (input, init) => {
      if (!broken.on || !isCall('POST /v1/checkout/sessions', input, init)) return sandbox(input, init)
      const body = JSON.stringify({ error: { type: 'invalid_request_error', ...error } })
      return new Response(body, { status: 400, headers: { 'content-type': 'application/json' } })
    })
    return broken
  }

  test('is told by a code, without Stripe’s words, and is not opened later under the same key', async () => {
    await using t = await createTestApp()
    const ada = await signUp(t)
    const broken = refusing(t, { message: 'You must have a valid head office address' })
    const call = (idempotencyKey: string) =>
      ada.forge.payments.createCheckout({ item: { plan: 'pro' }, ...RETURN_URLS, idempotencyKey })
    const refused = await call('k').catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: 'CHECKOUT_FAILED' })
    expect(String(refused)).not.toContain('head office')
    expect((await booksOf(t, ada)).checkouts).toMatchObject([{ status: 'failed' }])
    broken.on = false
    expect(await failure(call('k'))).toBe('CHECKOUT_FAILED')
    expect((await t.deps.stripe?.checkout.sessions.list())?.data).toEqual([])
    expect(await call('other')).toMatchObject({ url: expect.stringContaining('http') })
  })

  test('a promotion code that shows to be used up only then', async () => {
    await using t = await createTestApp()
    const ada = await signUp(t)
    const coupon = await t.deps.stripe?.coupons.create({ percent_off: 10, duration: 'once' })
    await t.deps.stripe?.promotionCodes.create({
      promotion: { type: 'coupon', coupon: coupon?.id ?? '' },
      code: 'SPRING',
    })
    refusing(t, { message: 'This promotion code cannot be redeemed', param: 'discounts[0][promotion_code]' })
    const call = start(t, ada, { plan: 'pro' }, { promotionCode: 'SPRING' })
    await expect(call).rejects.toMatchObject({ code: 'PROMOTION_CODE_INVALID', details: { code: 'SPRING' } })
  })
})
