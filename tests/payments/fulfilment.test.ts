import { newId } from '@devforge/db'
import { drainJobs } from '@devforge/server/jobs/worker'
import { processEvent } from '@devforge/server/modules/payments/events'
import { settleCheckout } from '@devforge/server/modules/payments/settle/checkout'
import { settlePayment } from '@devforge/server/modules/payments/settle/route'
import { serve } from '@hono/node-server'
import { describe, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { signUp } from '../support/people.ts'
import {
  asWorker,
  BANK_DEBIT,
  booksOf,
  eventIds,
  eventStates,
  FAILING_DEBIT,
  hurry,
  pay,
  RETURN_URLS,
  start,
} from './support.ts'

/** Another server on the same database and the same Stripe. */
const copyOf = (t: TestApp) =>
  createTestApp({ databaseUrl: t.databaseUrl, clock: t.clock, stripeFetch: () => t.sandbox.fetch })

const once = { licenses: [{ status: 'active' }], payments: [{ status: 'succeeded' }], keyMails: 1 }

describe('one purchase is fulfilled once', () => {
  test('50 parallel deliveries of one event over sockets: stored once, one job, one license, one payment, one mail', async () => {
    await using t = await createTestApp({ sandbox: { autoDeliver: false } })
    const ada = await signUp(t)
    const checkout = await start(t, ada)
    await pay(t, checkout)
    const [eventId = ''] = eventIds(t, 'checkout.session.completed')

    const port = await new Promise<number>((resolve) => {
      const server = serve({ fetch: t.app.fetch, port: 0, hostname: '127.0.0.1' }, (info) =>
        resolve(info.port),
      )
      closers.push(() => server.close())
    })
    const statuses = await Promise.all(
      Array.from({ length: 50 }, async () => {
        const request = t.sandbox.signedRequest(eventId)
        const response = await fetch(`http://127.0.0.1:${port}/webhooks/stripe`, {
          method: 'POST',
          headers: request.headers,
          body: await request.text(),
        })
        return response.status
      }),
    )
    for (const close of closers.splice(0)) close()
    expect(new Set(statuses)).toEqual(new Set([200]))
    expect(await eventStates(t)).toEqual({ received: 1 })
    const jobs = await t.deps.sql`select count(*)::int as count from pgboss.job where name = 'stripe.event'`
    expect(jobs[0]?.count).toBe(1)

    expect(await t.drain()).toEqual([])
    expect(await booksOf(t, ada)).toMatchObject(once)
    expect((await t.mails(ada.email)).filter((mail) => mail.subject.includes('license for'))).toHaveLength(1)
  })

  test('all events of a checkout worked on at once by two servers, again and again: still one of each', async () => {
    await using t = await createTestApp({ sandbox: { autoDeliver: false } })
    await using other = await copyOf(t)
    const ada = await signUp(t)
    const checkout = await start(t, ada)
    await pay(t, checkout)
    for (const event of t.sandbox.events()) await t.sandbox.deliver(event.id, { times: 3 })
    const ids = t.sandbox.events().map((event) => event.id)
    const drained = await Promise.all([
      drainJobs(t.deps),
      drainJobs(other.deps),
      ...[t, other].flatMap(({ deps }) => [
        ...ids.map((id) => processEvent(asWorker(deps), id).then(() => ({ errors: [] }))),
        ...[1, 2, 3].map(() =>
          settleCheckout(asWorker(deps), checkout.sessionId).then(() => ({ errors: [] })),
        ),
      ]),
    ])
    expect(drained.flatMap(({ errors }) => errors)).toEqual([])
    expect(await t.drain()).toEqual([])
    expect(await booksOf(t, ada)).toMatchObject(once)
    const issued = await t.deps
      .sql`select count(*)::int as count from license_events where type = 'license.issued'`
    expect(issued[0]?.count).toBe(1)
    const paid = await t.deps.sql`select type from payment_events`
    expect(paid.map((row) => row.type)).toEqual(['payment.succeeded'])
  })
})

const closers: (() => void)[] = []

describe('the order of our commits and Stripe’s news', () => {
  test('the webhook is there before Stripe has answered our own call', async () => {
    let early: ((sessionId: string) => Promise<void>) | undefined
    await using t = await createTestApp({
      stripeFetch: (sandbox) => async (input, init) => {
        const answer = await sandbox(input, init)
        if (init?.method === 'POST' && String(input).endsWith('/v1/checkout/sessions')) {
          const session = (await answer.clone().json()) as { id: string }
          await early?.(session.id)
        }
        return answer
      },
    })
    const ada = await signUp(t)
    early = async (sessionId) => {
      const [row] = await t.deps.sql`select stripe_session_id from checkouts`
      expect(row).toEqual({ stripe_session_id: null })
      await t.sandbox.pay(sessionId, { card: '4242424242424242' })
      expect(await t.drain()).toEqual([])
    }
    const { id } = await ada.forge.payments.createCheckout({ item: { plan: 'pro' }, ...RETURN_URLS })
    const books = await booksOf(t, ada)
    expect(books).toMatchObject(once)
    expect(books.checkouts).toMatchObject([{ id, status: 'complete' }])
  })

  test('an event about a checkout whose row is not committed yet is tried again and then fulfils', async () => {
    await using t = await createTestApp()
    const ada = await signUp(t)
    const real = await start(t, ada)
    const future = newId('chk')
    const session = await t.deps.stripe?.checkout.sessions.create({
      mode: 'payment',
      line_items: [
        { quantity: 1, price_data: { currency: 'usd', unit_amount: 49_900, product_data: { name: 'Pro' } } },
      ],
      success_url: 'https://app.example/ok',
      metadata: { checkout_id: future },
      payment_intent_data: { metadata: { checkout_id: future } },
    })
    await t.sandbox.pay(session?.id ?? '', { card: '4242424242424242' })
    const errors = await t.drain()
    expect(errors.map(String).join()).toMatch(/is not known here yet/)
    expect((await booksOf(t, ada)).licenses).toEqual([])
    expect((await eventStates(t)).failed).toBeGreaterThan(0)

    await t.deps.sql`insert into checkouts
      select ${future} as id, user_id, kind, plan_slug, renews_license_id, extension_id, quantity, currency, promotion_code,
        success_url, cancel_url, status, null, request_hash, stripe_idempotency_key || 'x', null, null, null, null, null, null,
        created_at, updated_at from checkouts where id = ${real.id}`
    await hurry(t)
    expect(await t.drain()).toEqual([])
    const books = await booksOf(t, ada)
    expect(books).toMatchObject(once)
    expect(books.checkouts).toContainEqual({
      id: future,
      status: 'complete',
      licenseId: books.licenses[0]?.id,
    })
    expect((await eventStates(t)).failed).toBeUndefined()
  })

  test('the success page races the webhook: fulfilled once, both see it', async () => {
    await using t = await createTestApp({ sandbox: { autoDeliver: false } })
    const ada = await signUp(t)
    const checkout = await start(t, ada)
    await pay(t, checkout)
    t.clock.advance(3_000)
    for (const event of t.sandbox.events()) await t.sandbox.deliver(event.id)
    const [, ...polls] = await Promise.all([
      t.drain().then((errors) => expect(errors).toEqual([])),
      ...Array.from({ length: 5 }, () => ada.forge.payments.checkout({ id: checkout.id }, { batch: false })),
    ])
    expect(polls.length).toBe(5)
    expect(await booksOf(t, ada)).toMatchObject(once)
    expect(await ada.forge.payments.checkout({ id: checkout.id })).toMatchObject({ status: 'complete' })
  })

  test('with no webhook at all the success page fulfils by itself', async () => {
    await using t = await createTestApp({ sandbox: { autoDeliver: false } })
    const ada = await signUp(t)
    const checkout = await start(t, ada)
    await pay(t, checkout)
    t.clock.advance(3_000)
    const done = await ada.forge.payments.checkout({ id: checkout.id })
    expect(done.status).toBe('complete')
    expect(done.licenseKey).toMatch(/^DF(-[0-9A-Z]{5}){5}$/)
    expect(done.paymentId).toMatch(/^pay_/)
    expect(await eventStates(t)).toEqual({})
  })
})

describe('money that takes days', () => {
  test('completed but unpaid gives nothing; the debit that succeeds gives the license', async () => {
    await using t = await createTestApp({ sandbox: { settings: { asyncSeconds: 86_400 } } })
    const ada = await signUp(t)
    const checkout = await start(t, ada)
    await pay(t, checkout, BANK_DEBIT)
    expect(await t.drain()).toEqual([])
    expect(eventIds(t, 'checkout.session.completed')).toHaveLength(1)
    expect(await booksOf(t, ada)).toMatchObject({
      licenses: [],
      payments: [{ status: 'processing' }],
      checkouts: [{ status: 'processing', licenseId: null }],
      keyMails: 0,
    })

    await t.sandbox.advance({ days: 2 })
    expect(await t.drain()).toEqual([])
    expect(eventIds(t, 'checkout.session.async_payment_succeeded')).toHaveLength(1)
    expect(await booksOf(t, ada)).toMatchObject({ ...once, checkouts: [{ status: 'complete' }] })
  })

  test('the debit that fails gives nothing, also after every event is replayed', async () => {
    await using t = await createTestApp({ sandbox: { settings: { asyncSeconds: 86_400 } } })
    const [ada, admin] = [await signUp(t), await signUp(t, { role: 'admin' })]
    const checkout = await start(t, ada)
    await pay(t, checkout, FAILING_DEBIT)
    expect(await t.drain()).toEqual([])
    await t.sandbox.advance({ days: 2 })
    expect(await t.drain()).toEqual([])
    expect(eventIds(t, 'checkout.session.async_payment_failed')).toHaveLength(1)
    const failed = {
      licenses: [],
      payments: [{ status: 'failed' }],
      checkouts: [{ status: 'failed', licenseId: null }],
      keyMails: 0,
    }
    expect(await booksOf(t, ada)).toMatchObject(failed)

    for (const { id } of (await admin.forge.admin.webhookEvents({ limit: 100 })).items) {
      await admin.forge.admin.replayWebhook({ id })
    }
    expect(await t.drain()).toEqual([])
    expect(await booksOf(t, ada)).toMatchObject(failed)
  })

  test('a declined card is a failed payment, and a good card in the same session then buys', async () => {
    await using t = await createTestApp()
    const ada = await signUp(t)
    const checkout = await start(t, ada)
    expect((await t.sandbox.pay(checkout.url, { card: '4000000000000002' })).status).toBe(402)
    expect(await t.drain()).toEqual([])
    const declined = await ada.forge.payments.list()
    expect(declined.items).toMatchObject([{ status: 'failed', licenseId: null }])
    expect(declined.items[0]?.failureMessage).toMatch(/declined/)

    await pay(t, checkout)
    expect(await t.drain()).toEqual([])
    expect(await booksOf(t, ada)).toMatchObject(once)
    expect((await ada.forge.payments.list()).items[0]?.failureMessage).toBeNull()
  })

  test('a session that expires unpaid leaves nothing behind', async () => {
    await using t = await createTestApp()
    const ada = await signUp(t)
    await start(t, ada)
    await t.sandbox.advance({ days: 2 })
    expect(await t.drain()).toEqual([])
    expect(await booksOf(t, ada)).toMatchObject({
      licenses: [],
      payments: [],
      checkouts: [{ status: 'expired' }],
    })
  })
})

test('a payment of somebody else on the same Stripe account is ignored', async () => {
  await using t = await createTestApp()
  const stripe = t.deps.stripe
  const intent = await stripe?.paymentIntents.create({
    amount: 100,
    currency: 'usd',
    confirm: true,
    payment_method: 'pm_card_visa',
    return_url: 'https://other.example',
  })
  expect(await t.drain()).toEqual([])
  expect(await settlePayment(asWorker(t.deps), intent?.id ?? '')).toMatchObject({ kind: 'ignored' })
  const rows = await t.deps.sql`select count(*)::int as count from payments`
  expect(rows[0]?.count).toBe(0)
  expect((await eventStates(t)).failed).toBeUndefined()
})
