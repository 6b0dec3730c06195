import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { failure } from '../support/errors.ts'
import { TEST_MS, until } from './until.ts'
import {
  booksAtStripe,
  type Customer,
  checkoutOfPro,
  createWorld,
  pay,
  quiet,
  RETURN_URLS,
  settledBooks,
  type World,
} from './world.ts'

let world: World
let admin: Customer
beforeAll(async () => {
  world = await createWorld()
  await world.start()
  admin = await world.signUp({ admin: true })
})
// Each test leaves the server running that it started after its kill.
beforeEach(async () => {
  await world.start()
})
afterAll(() => world[Symbol.asyncDispose]())

/** Events of a person's licenses, by type. */
async function eventsOf({ id }: Customer): Promise<string[]> {
  const rows = await world.sql<{ type: string }[]>`
    select e.type from license_events e join licenses l on l.id = e.license_id where l.user_id = ${id} order by e.id`
  return rows.map(({ type }) => type)
}

const mailsOf = async ({ email }: Customer, template: string): Promise<number> =>
  (
    await world.sql`
    select 1 from outbox where dedupe_key like ${`mail:${template}:%`} and payload ->> 'to' = ${email}`
  ).length

async function subscribe(person: Customer) {
  const { url } = await person.forge.payments.createCheckout({
    item: { plan: 'pro-monthly' },
    ...RETURN_URLS,
  })
  await pay(world, url)
  await settledBooks(world, person)
  const [row] = await world.sql`
    select id, stripe_subscription_id as "stripeId", current_period_end as "periodEnd"
    from subscriptions where user_id = ${person.id}`
  return { id: String(row?.id), stripeId: String(row?.stripeId), periodEnd: row?.periodEnd as Date }
}

// Guards: the refund's row and its key are committed before Stripe is asked; the sweep and the webhook find the same row.
test('admin refund: killed after Stripe refunded, before our commit', { timeout: TEST_MS }, async () => {
  const ada = await world.signUp()
  await pay(world, (await checkoutOfPro(ada)).url)
  await settledBooks(world, ada)
  const [payment] = (await ada.forge.payments.list()).items
  // A part, since Stripe itself refuses to give all of it back twice.
  const part = {
    paymentId: payment?.id ?? '',
    amountMinor: 150_00,
    reason: 'asked for',
    idempotencyKey: 'refund-of-ada-0001',
  }
  // Neither the answer nor the webhook's reading back arrives: the server knows nothing of what Stripe did.
  const held = world.stripe.holdAnswers('POST /v1/refunds')
  const reading = world.stripe.holdAnswers('GET /v1/*')
  const cut = failure(admin.forge.payments.refund(part))
  await held.reached
  await world.kill()
  await cut
  const statuses = async () =>
    (await world.sql`select status from refunds where payment_id = ${part.paymentId} order by id`).map(
      ({ status }) => status,
    )
  expect(await booksAtStripe(world, ada)).toMatchObject({ refunds: 1 })
  expect(await statuses()).toEqual(['requested'])
  held.release()
  reading.release()

  await world.start()
  await until('the refund is settled', async () => (await statuses())[0] === 'succeeded')
  // The admin, who never saw an answer, asks again.
  expect(await admin.forge.payments.refund(part)).toMatchObject({ status: 'succeeded', amountMinor: 150_00 })
  await quiet(world)
  expect(await booksAtStripe(world, ada)).toMatchObject({ paid: 1, refunds: 1 })
  expect(await ada.forge.payments.get({ id: part.paymentId })).toMatchObject({
    status: 'partially_refunded',
    refundedMinor: 150_00,
  })
  expect(await mailsOf(ada, 'payment-refunded')).toBe(1)

  // The rest, with the server killed at the same place: the license ends with it, once.
  const rest = { paymentId: part.paymentId, reason: 'all of it', idempotencyKey: 'refund-of-ada-0002' }
  const heldAgain = world.stripe.holdAnswers('POST /v1/refunds')
  const readingAgain = world.stripe.holdAnswers('GET /v1/*')
  const cutAgain = failure(admin.forge.payments.refund(rest))
  await heldAgain.reached
  await world.kill()
  await cutAgain
  heldAgain.release()
  readingAgain.release()
  await world.start()
  await until('the payment is refunded', async () => {
    return (await ada.forge.payments.get({ id: part.paymentId })).status === 'refunded'
  })
  await quiet(world)
  expect(await booksAtStripe(world, ada)).toMatchObject({ paid: 1, refunds: 2 })
  expect(await statuses()).toEqual(['succeeded', 'succeeded'])
  expect((await eventsOf(ada)).filter((type) => type === 'license.revoked')).toHaveLength(1)
  expect(await mailsOf(ada, 'payment-refunded')).toBe(2)
  expect(await mailsOf(ada, 'license-revoked')).toBe(1)
})

// Guards: a renewal is settled by reading, keyed by its invoice; twice is once.
test('renewal: killed while the paid invoice is being settled', { timeout: TEST_MS }, async () => {
  const ada = await world.signUp()
  const before = await subscribe(ada)
  const events = await eventsOf(ada)
  const held = world.stripe.holdAnswers('GET /v1/invoices/*')
  const advancing = world.stripe.sandbox.advance({ months: 1 })
  await held.reached
  await world.kill()
  held.release()
  await advancing
  await world.start()
  await until('the period moves', async () => {
    const [row] = await world.sql`select current_period_end as at from subscriptions where id = ${before.id}`
    return row?.at > before.periodEnd
  })
  await quiet(world)
  const invoices = await world.sql`
    select i.status, p.status as paid from invoices i join payments p on p.id = i.payment_id
    where i.subscription_id = ${before.id}`
  expect([...invoices]).toEqual([
    { status: 'paid', paid: 'succeeded' },
    { status: 'paid', paid: 'succeeded' },
  ])
  expect(await world.sql`select 1 from payments where user_id = ${ada.id}`).toHaveLength(2)
  const [license] = await world.sql`
    select l.status, l.expires_at = s.current_period_end as current
    from licenses l join subscriptions s on s.id = l.subscription_id where l.user_id = ${ada.id}`
  expect(license).toEqual({ status: 'active', current: true })
  expect((await eventsOf(ada)).length - events.length).toBe(1)
})

// Guards: what is told to Stripe about a deleted account is a job of the same transaction.
test('deleted account: killed after Stripe cancelled the subscription, before we knew', {
  timeout: TEST_MS,
}, async () => {
  const ada = await world.signUp()
  const subscription = await subscribe(ada)
  const held = world.stripe.holdAnswers('DELETE /v1/subscriptions/*')
  const reading = world.stripe.holdAnswers('GET /v1/*')
  await ada.forge.users.deleteAccount({ password: ada.password })
  await held.reached
  await world.kill()
  const statusHere = async () => {
    const [row] = await world.sql`select status from subscriptions where id = ${subscription.id}`
    return row?.status
  }
  expect(await statusHere()).toBe('active')
  held.release()
  reading.release()
  await world.start()
  await until('the subscription has ended here', async () => (await statusHere()) === 'canceled')
  await quiet(world)
  const there = await world.stripe.client.subscriptions.retrieve(subscription.stripeId)
  expect(there.status).toBe('canceled')
  expect((await eventsOf(ada)).filter((type) => type === 'license.revoked')).toHaveLength(1)
  expect((await world.mails(ada.email)).filter(({ id }) => id.includes('account-deleted'))).toHaveLength(1)
})

// Guards: what the customer ended at Stripe through us is learned from Stripe, whoever asks.
test('cancelled subscription: killed after Stripe cancelled it, before we knew', {
  timeout: TEST_MS,
}, async () => {
  const ada = await world.signUp()
  const { id } = await subscribe(ada)
  const held = world.stripe.holdAnswers('DELETE /v1/subscriptions/*')
  const reading = world.stripe.holdAnswers('GET /v1/*')
  const cut = failure(ada.forge.payments.cancelSubscription({ id, atPeriodEnd: false }))
  await held.reached
  await world.kill()
  await cut
  held.release()
  reading.release()
  await world.start()
  await until('the subscription has ended here', async () => {
    const [subscription] = (await ada.forge.payments.subscriptions()).items
    return subscription?.status === 'canceled'
  })
  await quiet(world)
  const [license] = (await ada.forge.licenses.list()).items
  expect(license?.status).toBe('expired')
  expect((await eventsOf(ada)).filter((type) => type === 'subscription.ended')).toHaveLength(1)
  expect(await world.sql`select 1 from payments where user_id = ${ada.id}`).toHaveLength(1)
})
