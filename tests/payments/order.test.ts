import { processEvent } from '@devforge/server/modules/payments/events'
import { settleCheckout } from '@devforge/server/modules/payments/settle/checkout'
import { settleSubscription } from '@devforge/server/modules/payments/settle/subscription'
import { canMove, type SubscriptionStatus, transitions } from '@devforge/server/modules/payments/states'
import { describe, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { buy } from '../support/payments.ts'
import { type Person, signUp } from '../support/people.ts'
import { asWorker, between, eventIds, isCall, pay, start } from './support.ts'

/** Every order of some things. */
function orders<T>(items: readonly T[]): T[][] {
  if (items.length <= 1) return [[...items]]
  return items.flatMap((item, at) =>
    orders([...items.slice(0, at), ...items.slice(at + 1)]).map((rest) => [item, ...rest]),
  )
}

const stateOf = async (t: TestApp, person: Person) => {
  const [row] = await t.deps.sql`
    select s.status, s.stripe_subscription_id as "stripeId", l.status as license
    from subscriptions s left join licenses l on l.subscription_id = s.id where s.user_id = ${person.id}`
  return { status: row?.status, license: row?.license, stripeId: String(row?.stripeId) }
}

/** Stripe answers reads of the subscription with what the test says, whatever is true. */
function answering(t: TestApp): { body: string | null } {
  const answer: { body: string | null } = { body: null }
  between(t, (sandbox) => async (input, init) => {
    const isRead = (init?.method ?? 'GET') === 'GET' && /\/v1\/subscriptions\/sub_/.test(String(input))
    if (!isRead || answer.body === null) return sandbox(input, init)
    return new Response(answer.body, { headers: { 'content-type': 'application/json' } })
  })
  return answer
}

const snapshot = async (t: TestApp, stripeId: string): Promise<string> =>
  (
    await t.sandbox.fetch(`http://stripe.test/v1/subscriptions/${stripeId}`, {
      headers: { authorization: 'Bearer sk_test_suite1234567890' },
    })
  ).text()

describe('every order of created, updated and deleted', () => {
  test('delivered in any order after the fact: ends canceled, the license ended', async () => {
    await using t = await createTestApp({ sandbox: { autoDeliver: false } })
    for (const order of orders(['created', 'updated', 'deleted'])) {
      const ada = await signUp(t)
      const checkout = await start(t, ada, { plan: 'pro-monthly' })
      await pay(t, checkout)
      await settleCheckout(asWorker(t.deps), checkout.sessionId)
      const { stripeId, ...begun } = await stateOf(t, ada)
      expect(begun).toEqual({ status: 'active', license: 'active' })
      await t.deps.stripe?.subscriptions.update(stripeId, { metadata: { note: 'x' } })
      await t.deps.stripe?.subscriptions.cancel(stripeId)
      for (const kind of order) {
        const events = t.sandbox.events({ type: `customer.subscription.${kind}` })
        for (const event of events.filter(({ data }) => data.object.id === stripeId)) {
          expect((await t.sandbox.deliver(event.id))[0]?.status).toBe(200)
          await processEvent(asWorker(t.deps), event.id)
        }
      }
      expect({ order, ...(await stateOf(t, ada)) }).toMatchObject({
        order,
        status: 'canceled',
        license: 'expired',
      })
    }
  })

  test('even if every event were answered with the state of its own time: what was canceled stays canceled', async () => {
    await using t = await createTestApp({ sandbox: { autoDeliver: false } })
    const answer = answering(t)
    const bodies: Record<string, string> = {}
    const ada = await signUp(t)
    const checkout = await start(t, ada, { plan: 'pro-monthly' })
    await pay(t, checkout)
    for (const id of eventIds(t, 'checkout.session.completed')) await t.sandbox.deliver(id)
    expect(await t.drain()).toEqual([])
    const { stripeId } = await stateOf(t, ada)
    bodies.active = await snapshot(t, stripeId)
    bodies.past_due = bodies.active
      .replace('"status":"active"', '"status":"past_due"')
      .replace('"status": "active"', '"status": "past_due"')
    expect(JSON.parse(bodies.past_due).status).toBe('past_due')
    await t.deps.stripe?.subscriptions.cancel(stripeId)
    bodies.canceled = await snapshot(t, stripeId)
    const [before] = await t.deps.sql`select * from subscriptions`

    for (const order of orders(['active', 'past_due', 'canceled'] as const)) {
      await t.deps
        .sql`update subscriptions set status = ${String(before?.status)}, ended_at = null, canceled_at = null`
      await t.deps.sql`update licenses set status = 'active'`
      for (const status of order) {
        answer.body = bodies[status] ?? null
        await settleSubscription(asWorker(t.deps), stripeId)
      }
      expect({ order, ...(await stateOf(t, ada)) }).toMatchObject({
        order,
        status: 'canceled',
        license: 'expired',
      })
    }
  })

  test('the table itself: whatever came before, nothing leads out of canceled', () => {
    for (const to of Object.keys(transitions.subscription) as SubscriptionStatus[]) {
      expect(canMove('subscription', 'canceled', to)).toBe(to === 'canceled')
      expect(canMove('subscription', 'incomplete_expired', to)).toBe(to === 'incomplete_expired')
      if (to !== 'incomplete') expect(canMove('subscription', 'active', to)).toBe(to !== 'incomplete_expired')
    }
  })
})

describe('two states in one second', () => {
  test('their events in both orders equal a refetch', async () => {
    for (const reverse of [false, true]) {
      await using t = await createTestApp({ sandbox: { autoDeliver: false } })
      const now = new Date()
      t.clock.now = () => now
      const ada = await signUp(t)
      const checkout = await start(t, ada, { plan: 'pro-monthly' })
      await pay(t, checkout)
      for (const id of eventIds(t, 'checkout.session.completed')) await t.sandbox.deliver(id)
      expect(await t.drain()).toEqual([])
      const { stripeId } = await stateOf(t, ada)
      await t.deps.stripe?.subscriptions.update(stripeId, { cancel_at_period_end: true })
      await t.deps.stripe?.subscriptions.update(stripeId, { cancel_at_period_end: false })
      const updated = eventIds(t, 'customer.subscription.updated').slice(-2)
      expect(
        new Set(
          t.sandbox
            .events()
            .filter(({ id }) => updated.includes(id))
            .map(({ created }) => created),
        ).size,
      ).toBe(1)
      for (const id of reverse ? updated.reverse() : updated) {
        await t.sandbox.deliver(id)
        expect(await t.drain()).toEqual([])
      }
      const [mine] = (await ada.forge.payments.subscriptions()).items
      const theirs = await t.deps.stripe?.subscriptions.retrieve(stripeId)
      expect(mine).toMatchObject({ status: theirs?.status, cancelAtPeriodEnd: theirs?.cancel_at_period_end })
    }
  })

  test('a worker that read the older state and is slower does not overwrite the newer one', async () => {
    await using t = await createTestApp({ sandbox: { autoDeliver: false } })
    await using other = await createTestApp({
      databaseUrl: t.databaseUrl,
      clock: t.clock,
      stripeFetch: () => t.sandbox.fetch,
    })
    const ada = await signUp(t)
    const checkout = await start(t, ada, { plan: 'pro-monthly' })
    await pay(t, checkout)
    for (const id of eventIds(t, 'checkout.session.completed')) await t.sandbox.deliver(id)
    expect(await t.drain()).toEqual([])
    const { stripeId } = await stateOf(t, ada)

    // The slow worker has Stripe's answer in hand while the world moves on.
    const held = Promise.withResolvers<void>()
    const reading = Promise.withResolvers<void>()
    let reads = 0
    between(t, (sandbox) => async (input, init) => {
      const answer = await sandbox(input, init)
      if (isCall(`GET /v1/subscriptions/${stripeId}`, input, init) && ++reads === 1) {
        reading.resolve()
        await held.promise
      }
      return answer
    })
    const slow = settleSubscription(asWorker(t.deps), stripeId)
    await reading.promise
    await t.deps.stripe?.subscriptions.update(stripeId, { cancel_at_period_end: true })
    await settleSubscription(asWorker(other.deps), stripeId)
    expect((await ada.forge.payments.subscriptions()).items[0]?.cancelAtPeriodEnd).toBe(true)
    held.resolve()
    await slow
    expect((await ada.forge.payments.subscriptions()).items[0]?.cancelAtPeriodEnd).toBe(true)
    // It noticed, and read again.
    expect(reads).toBe(2)
  })
})

test.each(['as they came', 'backwards', 'mixed', 'mixed otherwise'])(
  'all events of a purchase, a renewal and its end, %s, come to the same books',
  async (order) => {
    await using t = await createTestApp({ sandbox: { autoDeliver: false } })
    const ada = await signUp(t)
    const checkout = await start(t, ada, { plan: 'pro-monthly' })
    await pay(t, checkout)
    await t.sandbox.advance({ days: 32 })
    const [row] = (await t.deps.stripe?.subscriptions.list())?.data ?? []
    await t.deps.stripe?.subscriptions.cancel(row?.id ?? '')
    const ids = t.sandbox.events().map((event) => event.id)
    const arranged = {
      'as they came': ids,
      backwards: ids.toReversed(),
      mixed: ids.toSorted((a, b) => mix(a, 1) - mix(b, 1)),
      'mixed otherwise': ids.toSorted((a, b) => mix(a, 2) - mix(b, 2)),
    }[order]
    for (const id of arranged ?? []) {
      await t.sandbox.deliver(id)
      await processEvent(asWorker(t.deps), id)
    }
    const [books] = await t.deps.sql`
      select (select json_agg(status) from subscriptions) as subscriptions,
        (select json_agg(status) from licenses) as licenses,
        (select json_agg(p order by p) from (select status || ':' || amount_minor as p from payments) x) as payments,
        (select json_agg(i order by i) from (select status || ':' || amount_paid_minor as i from invoices) x) as invoices`
    expect(books).toEqual({
      subscriptions: ['canceled'],
      // It had ended before we heard of it.
      licenses: null,
      payments: ['succeeded:1900', 'succeeded:1900'],
      invoices: ['paid:1900', 'paid:1900'],
    })
  },
)

/** A number from an id, different for each round. */
function mix(id: string, round: number): number {
  let hash = round
  for (const char of id) hash = (hash * 33 + char.charCodeAt(0)) % 1_000_003
  return hash
}

test('an event about one thing does not touch another customer’s', async () => {
  await using t = await createTestApp()
  const [ada, bob] = [await signUp(t), await signUp(t)]
  await buy(t, ada, { plan: 'pro-monthly' })
  await buy(t, bob, { plan: 'pro-monthly' })
  const { stripeId } = await stateOf(t, ada)
  await t.deps.stripe?.subscriptions.cancel(stripeId)
  expect(await t.drain()).toEqual([])
  expect(await stateOf(t, ada)).toMatchObject({ status: 'canceled', license: 'expired' })
  expect(await stateOf(t, bob)).toMatchObject({ status: 'active', license: 'active' })
})
