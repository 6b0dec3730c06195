import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { failure } from '../support/errors.ts'
import { obstruct } from './obstacle.ts'
import { TEST_MS, until } from './until.ts'
import {
  booksAtStripe,
  booksOf,
  type Customer,
  checkoutOfPro,
  createWorld,
  ONCE,
  pay,
  quiet,
  RETURN_URLS,
  settledBooks,
  type World,
} from './world.ts'

const PRO = { item: { plan: 'pro' }, ...RETURN_URLS }
/** The sessions that our rows of checkouts have. */
const sessionsOf = async (person: Customer) =>
  (await world.sql`select stripe_session_id as id from checkouts where user_id = ${person.id}`).map(
    ({ id }) => id,
  )

const NOTHING = { licenses: [], issued: 0, payments: [], keyMails: 0, keyMailsSent: 0 }

let world: World
beforeAll(async () => {
  world = await createWorld()
})
// Each test leaves the server running that it started after its kill.
beforeEach(async () => {
  await world.start()
})
afterAll(() => world[Symbol.asyncDispose]())

describe('killed between Stripe having made the session and our row having it', () => {
  // Guards: our row and the key of the call are committed before Stripe is asked.
  test('the same idempotency key finds the same session', { timeout: TEST_MS }, async () => {
    const ada = await world.signUp()
    const held = world.stripe.holdAnswers('POST /v1/checkout/sessions')
    const request = { ...PRO, idempotencyKey: 'the-purchase-of-ada' }
    const cut = failure(ada.forge.payments.createCheckout(request))
    await held.reached
    await world.kill()
    expect(await cut).toBe('NETWORK')
    expect(await sessionsOf(ada)).toEqual([null])
    held.release()

    await world.start()
    const checkout = await ada.forge.payments.createCheckout(request)
    expect((await ada.forge.payments.createCheckout(request)).id).toBe(checkout.id)
    expect(await booksAtStripe(world, ada)).toMatchObject({ customers: 1, sessions: 1 })
    await pay(world, checkout.url)
    expect(await settledBooks(world, ada)).toEqual(ONCE)
    expect(await booksAtStripe(world, ada)).toMatchObject({ sessions: 1, paid: 1 })
  })

  // Guards: a start takes up at once what a crash left, also what is younger than the sweep's minute.
  test('without a retry the next start completes it by itself', { timeout: TEST_MS }, async () => {
    const ada = await world.signUp()
    const held = world.stripe.holdAnswers('POST /v1/checkout/sessions')
    const cut = failure(checkoutOfPro(ada))
    await held.reached
    await world.kill()
    await cut
    held.release()

    await world.start()
    await until('the row has its session', async () => {
      return (await sessionsOf(ada))[0] !== null
    })
    expect(await booksAtStripe(world, ada)).toMatchObject({ customers: 1, sessions: 1 })
  })

  // Guards: the SDK repeats a call with its idempotency key, so that a user of it does not even notice.
  test('a client that goes on trying lives through the crash', { timeout: TEST_MS }, async () => {
    const ada = await world.signUp({ retries: 1_000, timeoutMs: 50_000 })
    const held = world.stripe.holdAnswers('POST /v1/checkout/sessions')
    const pending = checkoutOfPro(ada)
    const killed = held.reached.then(() => world.kill()).then(held.release)
    const [checkout] = await Promise.all([pending, killed.then(() => world.start())])
    expect(checkout.url).toContain(world.stripe.url)
    expect(await booksAtStripe(world, ada)).toMatchObject({ sessions: 1 })
  })
})

describe('killed between the intake of the webhook and its processing', () => {
  // Guards: nothing is acknowledged that is not stored; what is stored is processed by whoever comes next.
  test('after the 200, before any job ran', { timeout: TEST_MS }, async () => {
    // Without a worker: stored and acknowledged is all that happens.
    await world.kill()
    await world.start({ WORKER: 'false' })
    const ada = await world.signUp()
    const checkout = await checkoutOfPro(ada)
    world.stripe.deliveries.length = 0
    await pay(world, checkout.url)
    await world.stripe.sandbox.settled()
    await world.kill()
    expect(world.stripe.deliveries.length).toBeGreaterThan(0)
    expect(new Set(world.stripe.deliveries)).toEqual(new Set([200]))
    expect(await booksOf(world, ada)).toEqual(NOTHING)

    await world.start()
    expect(await settledBooks(world, ada)).toEqual(ONCE)
    // The key is shown where it was bought, and mailed.
    const { licenseKey } = await ada.forge.payments.checkout({ id: checkout.id })
    const mails = await world.mails(ada.email)
    expect(mails.filter(({ text }) => licenseKey && text.includes(licenseKey))).toHaveLength(1)
  })

  // Guards: the answer comes after the commit; without an answer Stripe delivers again.
  test('before the 200: the redelivery completes it', { timeout: TEST_MS }, async () => {
    const ada = await world.signUp()
    const checkout = await checkoutOfPro(ada)
    await quiet(world)
    world.stripe.deliveries.length = 0
    await world.sql`delete from webhook_events`
    const intake = await obstruct(world.sql, 'lock table webhook_events in share mode')
    await pay(world, checkout.url)
    await intake.reached()
    await world.kill()
    await intake.clear()
    await until('a delivery has failed', () => world.stripe.deliveries.includes(0))
    expect(world.stripe.deliveries).not.toContain(200)
    expect(await world.sql`select 1 from webhook_events`).toHaveLength(0)

    await world.start()
    expect(await settledBooks(world, ada)).toEqual(ONCE)
  })
})

describe('killed in the middle of the worker', () => {
  /** Buys, lets the worker run into something, kills the server there, and starts it again. */
  async function killAt(
    statement: string,
    { committed }: { committed: boolean },
  ): Promise<{ atKill: Awaited<ReturnType<typeof booksOf>>; after: Awaited<ReturnType<typeof booksOf>> }> {
    const ada = await world.signUp()
    const checkout = await checkoutOfPro(ada)
    // The job is at work, and asks Stripe first: so the obstacle is in its way, and in nobody's before.
    const held = world.stripe.holdAnswers('GET /v1/checkout/sessions/*')
    await pay(world, checkout.url)
    await held.reached
    await world.stripe.sandbox.settled()
    const obstacle = await obstruct(world.sql, statement)
    held.release()
    await obstacle.reached()
    // Of the events of a purchase some are done before others: it is the fulfilling one that counts.
    if (committed) await until('it has committed', async () => (await booksOf(world, ada)).issued > 0)
    await world.kill()
    await obstacle.clear()
    const atKill = await booksOf(world, ada)
    await world.start()
    return { atKill, after: await settledBooks(world, ada) }
  }

  // Guards: money, license, event, mail and their jobs are one transaction.
  test('while it asks Stripe: the job is active, and nobody works on it any more', {
    timeout: TEST_MS,
  }, async () => {
    const ada = await world.signUp()
    const checkout = await checkoutOfPro(ada)
    const held = world.stripe.holdAnswers('GET /v1/checkout/sessions/*')
    await pay(world, checkout.url)
    await held.reached
    await world.stripe.sandbox.settled()
    await world.kill()
    held.release()
    const orphans = await world.sql`select 1 from pgboss.job where name = 'stripe.event' and state = 'active'`
    expect(orphans.length).toBeGreaterThan(0)
    await world.start()
    expect(await settledBooks(world, ada)).toEqual(ONCE)
  })

  test('inside the transaction, the license inserted: nothing half done, then all of it', {
    timeout: TEST_MS,
  }, async () => {
    const { atKill, after } = await killAt('lock table license_events in share mode', { committed: false })
    expect(atKill).toEqual(NOTHING)
    expect(after).toEqual(ONCE)
  })

  // Guards: settling a second time changes nothing.
  test('after its commit, before the event is marked as processed', { timeout: TEST_MS }, async () => {
    const { atKill, after } = await killAt('lock table webhook_events in share mode', { committed: true })
    expect(atKill).toMatchObject({ licenses: ['active'], payments: ['succeeded'], issued: 1, keyMails: 1 })
    expect(after).toEqual(ONCE)
  })

  test('after marking the event, before the job is complete', { timeout: TEST_MS }, async () => {
    const { atKill, after } = await killAt(
      `select 1 from pgboss.job where name = 'stripe.event' and state = 'active' for update`,
      { committed: true },
    )
    expect(atKill).toMatchObject({ licenses: ['active'], payments: ['succeeded'], issued: 1, keyMails: 1 })
    expect(after).toEqual(ONCE)
  })
})
