import { describe, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { failure } from '../support/errors.ts'
import { licensed } from '../support/licenses.ts'
import { buy } from '../support/payments.ts'
import { type Person, signUp } from '../support/people.ts'
import { booksOf, impatient, losingAnswers, pay, RETURN_URLS, start, stripeDown } from './support.ts'

const checkouts = (t: TestApp) => t.deps.sql`select id, status, stripe_session_id from checkouts order by id`
const sessions = async (t: TestApp) =>
  (await t.deps.stripe?.checkout.sessions.list({ limit: 100 }))?.data ?? []
const customers = async (t: TestApp) => (await t.deps.stripe?.customers.list({ limit: 100 }))?.data ?? []

describe('what is asked of Stripe', () => {
  test('a hosted session over a price with our amount, naming our row in all that follows from it', async () => {
    await using t = await createTestApp()
    const ada = await signUp(t)
    const started = await start(t, ada, { plan: 'enterprise' }, { quantity: 4 })
    const session = await t.deps.stripe?.checkout.sessions.retrieve(started.sessionId, {
      expand: ['line_items'],
    })
    expect(session).toMatchObject({
      mode: 'payment',
      ui_mode: 'hosted_page',
      client_reference_id: started.id,
      metadata: { checkout_id: started.id, user_id: ada.id },
      success_url: RETURN_URLS.successUrl,
      amount_total: 4 * 199_900,
      currency: 'usd',
      allow_promotion_codes: true,
      automatic_tax: { enabled: false },
    })
    expect(session?.line_items?.data[0]?.price?.lookup_key).toBe('devforge_enterprise_usd_199900')
    const [customer] = await customers(t)
    expect(customer).toMatchObject({ email: ada.email, metadata: { user_id: ada.id } })
    await pay(t, started)
    const [intent] = (await t.deps.stripe?.paymentIntents.list())?.data ?? []
    expect(intent?.metadata).toEqual({ checkout_id: started.id, user_id: ada.id })
  })

  test('deep links of the editor may be returned to; nothing that a browser would run', async () => {
    await using t = await createTestApp()
    const ada = await signUp(t)
    const call = (successUrl: string) =>
      ada.forge.payments.createCheckout({ item: { plan: 'pro' }, successUrl, cancelUrl: 'devforge://no' })
    await expect(call('devforge://checkout/done?id=1')).resolves.toMatchObject({
      id: expect.stringMatching(/^chk_/),
    })
    for (const bad of [
      'javascript:alert(1)',
      'data:text/html,x',
      'file:///etc/passwd',
      'vscode://x',
      '/ok',
      'x'.repeat(3_000),
    ]) {
      expect(await failure(call(bad))).toBe('INVALID_INPUT')
    }
  })

  test('tax and promotion codes by setting; a code named in the call is applied', async () => {
    await using t = await createTestApp({
      env: { STRIPE_AUTOMATIC_TAX: 'true', STRIPE_PROMOTION_CODES: 'false' },
    })
    const ada = await signUp(t)
    const plain = await start(t, ada)
    expect(await t.deps.stripe?.checkout.sessions.retrieve(plain.sessionId)).toMatchObject({
      automatic_tax: { enabled: true },
      allow_promotion_codes: false,
    })
    const coupon = await t.deps.stripe?.coupons.create({ percent_off: 100, duration: 'once' })
    await t.deps.stripe?.promotionCodes.create({
      promotion: { type: 'coupon', coupon: coupon?.id ?? '' },
      code: 'FREEBIRD',
    })
    expect(await failure(start(t, ada, { plan: 'pro' }, { promotionCode: 'NOPE' }))).toBe(
      'PROMOTION_CODE_INVALID',
    )
    const free = await start(t, ada, { plan: 'pro' }, { promotionCode: 'FREEBIRD' })
    await pay(t, free)
    expect(await t.drain()).toEqual([])
    // The whole price was taken off: there is a license, and no payment.
    expect(await booksOf(t, ada)).toMatchObject({
      licenses: [{ status: 'active' }],
      payments: [],
      keyMails: 1,
    })
  })

  test('products and prices are made once; a new amount is a new price; old checkouts keep theirs', async () => {
    await using t = await createTestApp()
    const [ada, admin] = [await signUp(t), await signUp(t, { role: 'admin' })]
    const first = await start(t, ada)
    await Promise.all([start(t, ada), start(t, ada)])
    expect((await t.deps.stripe?.prices.list())?.data).toHaveLength(1)

    await admin.forge.admin.updatePlan({ slug: 'pro', amountMinor: 59_900 })
    expect(await t.drain()).toEqual([])
    const second = await start(t, ada)
    const total = async (id: string) => (await t.deps.stripe?.checkout.sessions.retrieve(id))?.amount_total
    expect([await total(first.sessionId), await total(second.sessionId)]).toEqual([49_900, 59_900])
    const products = (await t.deps.stripe?.products.list({ limit: 100 }))?.data.map((product) => product.id)
    expect(products?.filter((id) => id === 'devforge_pro')).toHaveLength(1)
  })
})

describe('what is refused', () => {
  test('unknown, free and archived plans, extensions, other currencies, seats where there are none', async () => {
    await using t = await createTestApp()
    const [ada, admin] = [await signUp(t), await signUp(t, { role: 'admin' })]
    await admin.forge.admin.archivePlan({ slug: 'pro-monthly' })
    const call = (input: Partial<Parameters<Person['forge']['payments']['createCheckout']>[0]>) =>
      failure(ada.forge.payments.createCheckout({ item: { plan: 'pro' }, ...RETURN_URLS, ...input }))
    expect(await call({ item: { plan: 'nope' } })).toBe('PLAN_NOT_FOUND')
    expect(await call({ item: { plan: 'free' } })).toBe('PLAN_NOT_FOUND')
    expect(await call({ item: { plan: 'pro-monthly' } })).toBe('PLAN_NOT_FOUND')
    expect(await call({ item: { extension: 'acme.tools' } })).toBe('EXTENSION_NOT_FOR_SALE')
    expect(await call({ currency: 'eur' })).toBe('CURRENCY_NOT_SUPPORTED')
    expect(await call({ quantity: 2 })).toBe('QUANTITY_NOT_SUPPORTED')
    expect(await call({ item: { renew: 'lic_none' } })).toBe('NOT_FOUND')
    expect(await checkouts(t)).toHaveLength(0)
  })

  test('what is owned already: a license of the plan, a running subscription; seats may be added', async () => {
    await using t = await createTestApp()
    const ada = await signUp(t)
    const { licenseId } = await buy(t, ada, { plan: 'pro' })
    const again = ada.forge.payments.createCheckout({ item: { plan: 'pro' }, ...RETURN_URLS })
    await expect(again).rejects.toMatchObject({ code: 'ALREADY_OWNED', details: { licenseId } })
    await buy(t, ada, { plan: 'pro-monthly' })
    expect(await failure(start(t, ada, { plan: 'pro-monthly' }))).toBe('ALREADY_OWNED')
    await buy(t, ada, { plan: 'enterprise' })
    await buy(t, ada, { plan: 'enterprise' })
  })

  test('without Stripe: PAYMENTS_NOT_CONFIGURED, while plans are still shown', async () => {
    await using t = await createTestApp({ env: { STRIPE_SECRET_KEY: '', STRIPE_WEBHOOK_SECRETS: '' } })
    const ada = await signUp(t)
    expect((await t.forge().payments.plans()).items.map((plan) => plan.slug)).toContain('pro')
    expect(await failure(ada.forge.payments.createCheckout({ item: { plan: 'pro' }, ...RETURN_URLS }))).toBe(
      'PAYMENTS_NOT_CONFIGURED',
    )
    expect(await failure(ada.forge.payments.createPortal({ returnUrl: 'https://app.example' }))).toBe(
      'PAYMENTS_NOT_CONFIGURED',
    )
  })

  test('an admin who acts for the customer', async () => {
    await using t = await createTestApp()
    const [ada, admin] = [await signUp(t), await signUp(t, { role: 'admin' })]
    const started = await start(t, ada)
    await t.deps.sql`update sessions set impersonated_by = ${admin.id} where user_id = ${ada.id}`
    const call = ada.forge.payments.createCheckout({ item: { plan: 'pro' }, ...RETURN_URLS })
    expect(await failure(call)).toBe('FORBIDDEN')
    expect(await failure(ada.forge.payments.createPortal({ returnUrl: 'https://app.example' }))).toBe(
      'FORBIDDEN',
    )
    // Looking is allowed.
    expect(await ada.forge.payments.checkout({ id: started.id })).toMatchObject({ status: 'open' })
  })
})

describe('idempotency', () => {
  test('the same key is the same checkout, also for 20 calls at once; another request under it is refused', async () => {
    await using t = await createTestApp()
    const ada = await signUp(t)
    const call = () =>
      ada.forge.payments.createCheckout({ item: { plan: 'pro' }, ...RETURN_URLS, idempotencyKey: 'cart-1' })
    const answers = await Promise.all(Array.from({ length: 20 }, call))
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    expect(await checkouts(t)).toHaveLength(1)
    expect(await sessions(t)).toHaveLength(1)
    expect(await customers(t)).toHaveLength(1)
    expect(await failure(start(t, ada, { plan: 'enterprise' }, { idempotencyKey: 'cart-1' }))).toBe(
      'IDEMPOTENCY_CONFLICT',
    )
    // Keys are each person's own.
    const bob = await signUp(t)
    expect((await start(t, bob, { plan: 'enterprise' }, { idempotencyKey: 'cart-1' })).id).not.toBe(
      answers[0]?.id,
    )
  })

  test('Stripe down: a typed error, our row is kept, and the same key opens the same session later', async () => {
    await using t = await createTestApp()
    const ada = await impatient(t, await signUp(t))
    await start(t, ada, { plan: 'enterprise' })
    const down = stripeDown(t)
    const call = () => start(t, ada, { plan: 'pro' }, { idempotencyKey: 'k' })
    expect(await failure(call())).toBe('STRIPE_UNAVAILABLE')
    expect((await checkouts(t)).at(-1)).toMatchObject({ status: 'open', stripe_session_id: null })
    down.on = false
    const resumed = await call()
    expect((await checkouts(t)).map((row) => row.id)).toHaveLength(2)
    expect(resumed.sessionId).toMatch(/^cs_test_/)
  })

  test('the answer of Stripe is lost after it made the session: the retry and the sweep find that very session', async () => {
    await using t = await createTestApp()
    const ada = await impatient(t, await signUp(t))
    await start(t, ada, { plan: 'enterprise' })
    const lost = losingAnswers(t, 'POST /v1/checkout/sessions')
    // The same request would share a page; these are two.
    const call = (idempotencyKey: 'a' | 'b') =>
      start(t, ada, { plan: idempotencyKey === 'a' ? 'pro' : 'pro-monthly' }, { idempotencyKey })
    expect(await failure(call('a'))).toBe('STRIPE_UNAVAILABLE')
    expect(await failure(call('b'))).toBe('STRIPE_UNAVAILABLE')
    expect(await sessions(t)).toHaveLength(3)
    lost.on = false

    const retried = await call('a')
    t.clock.advance(2 * 60_000)
    await t.deps.jobs.enqueue(t.deps.db, 'payments.sweep', {})
    expect(await t.drain()).toEqual([])
    const rows = await checkouts(t)
    expect(rows.every((row) => row.stripe_session_id !== null)).toBe(true)
    expect(await sessions(t)).toHaveLength(3)
    expect((await call('b')).sessionId).toBe(rows[2]?.stripe_session_id)
    expect(retried.sessionId).toBe(rows[1]?.stripe_session_id)
  })

  test('something the request is made of changed before the retry: the session of the first try is found', async () => {
    await using t = await createTestApp()
    const ada = await impatient(t, await signUp(t))
    const admin = await signUp(t, { role: 'admin' })
    const lost = losingAnswers(t, 'POST /v1/checkout/sessions')
    expect(await failure(start(t, ada, { plan: 'pro' }, { idempotencyKey: 'k' }))).toBe('STRIPE_UNAVAILABLE')
    lost.on = false
    await admin.forge.admin.updatePlan({ slug: 'pro', amountMinor: 59_900 })
    const resumed = await start(t, ada, { plan: 'pro' }, { idempotencyKey: 'k' })
    expect(await sessions(t)).toHaveLength(1)
    expect((await sessions(t))[0]?.id).toBe(resumed.sessionId)
  })

  test('a checkout that was never opened and outlived Stripe’s memory of keys is closed, not opened twice', async () => {
    await using t = await createTestApp()
    let ada = await impatient(t, await signUp(t))
    const down = stripeDown(t)
    expect(await failure(start(t, ada, { plan: 'pro' }, { idempotencyKey: 'k' }))).toBe('STRIPE_UNAVAILABLE')
    down.on = false
    t.clock.advance(24 * 3_600_000)
    ada = await impatient(t, ada)
    expect(await failure(start(t, ada, { plan: 'pro' }, { idempotencyKey: 'k' }))).toBe('CHECKOUT_EXPIRED')
    expect(await checkouts(t)).toMatchObject([{ status: 'expired' }])
    expect(await sessions(t)).toHaveLength(0)
  })
})

describe('renewing updates', () => {
  test('one more window from the end of the present one, once; taken back by a refund, given again if that fails', async () => {
    await using t = await createTestApp()
    const { owner, admin, licenseId } = await licensed(t)
    const until = async () =>
      (await owner.forge.licenses.get({ id: licenseId })).updatesUntil?.toISOString() ?? ''
    const before = await until()
    const started = await start(t, owner, { renew: licenseId })
    await pay(t, started)
    expect(await t.drain()).toEqual([])
    const checkout = await owner.forge.payments.checkout({ id: started.id })
    expect(checkout).toMatchObject({ status: 'complete', licenseId, licenseKey: null })
    const years = (a: string, b: string) => Number(b.slice(0, 4)) - Number(a.slice(0, 4))
    const renewed = await until()
    expect(years(before, renewed)).toBe(2)
    for (const event of t.sandbox.events()) await t.sandbox.deliver(event.id)
    await t.deps.sql`update webhook_events set status = 'received'`
    t.clock.advance(2 * 60_000)
    await t.deps.jobs.enqueue(t.deps.db, 'payments.sweep', {})
    expect(await t.drain()).toEqual([])
    expect(await until()).toBe(renewed)

    const paymentId = checkout.paymentId ?? ''
    await admin.forge.payments.refund({ paymentId, reason: 'changed their mind', idempotencyKey: 'r' })
    expect(await t.drain()).toEqual([])
    expect(await until()).toBe(before)
    expect((await owner.forge.licenses.get({ id: licenseId })).status).toBe('active')
    const [refund] = await t.deps.sql`select stripe_refund_id from refunds`
    t.sandbox.refunds.fail(String(refund?.stripe_refund_id))
    expect(await t.drain()).toEqual([])
    expect(await until()).toBe(renewed)
  })

  test('only one’s own, only what can be renewed', async () => {
    await using t = await createTestApp()
    const { licenseId, admin } = await licensed(t)
    const bob = await signUp(t)
    expect(await failure(start(t, bob, { renew: licenseId }))).toBe('NOT_FOUND')
    const monthly = await buy(t, bob, { plan: 'pro-monthly' })
    expect(await failure(start(t, bob, { renew: monthly.licenseId }))).toBe('LICENSE_NOT_RENEWABLE')
    const mine = await licensed(t, { owner: bob, admin })
    await admin.forge.licenses.revoke({ licenseId: mine.licenseId, reason: 'test' })
    expect(await failure(start(t, bob, { renew: mine.licenseId }))).toBe('LICENSE_NOT_RENEWABLE')
  })
})
