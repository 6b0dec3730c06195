import { DAY, HOUR, MINUTE } from '@devforge/server/clock'
import { reconcile } from '@devforge/server/modules/payments/reconcile'
import { describe, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { buy } from '../support/payments.ts'
import { signUp } from '../support/people.ts'
import { asWorker, booksOf, chargeOf, eventIds, eventStates, pay, start } from './support.ts'

const silent = () => createTestApp({ sandbox: { autoDeliver: false } })
const run = (t: TestApp) => reconcile(asWorker(t.deps))

describe('an outage', () => {
  test('of four days loses nothing: purchases, refunds, disputes and ends that were never delivered', async () => {
    await using t = await silent()
    await run(t)
    const [buyer, refunded, disputed, canceled] = [
      await signUp(t),
      await signUp(t),
      await signUp(t),
      await signUp(t),
    ]
    // Before it begins, things work.
    for (const person of [refunded, disputed]) {
      await pay(t, await start(t, person))
    }
    await pay(t, await start(t, canceled, { plan: 'pro-monthly' }))
    for (const event of t.sandbox.events()) await t.sandbox.deliver(event.id)
    expect(await t.drain()).toEqual([])
    const [payment, disputedPayment] = [
      (await booksOf(t, refunded)).payments[0],
      (await booksOf(t, disputed)).payments[0],
    ]

    await pay(t, await start(t, buyer))
    await t.deps.stripe?.refunds.create({ charge: await chargeOf(t, payment?.id ?? '') })
    t.sandbox.disputes.open(await chargeOf(t, disputedPayment?.id ?? ''))
    const [subscription] = (await t.deps.stripe?.subscriptions.list())?.data ?? []
    await t.deps.stripe?.subscriptions.cancel(subscription?.id ?? '')
    expect((await booksOf(t, buyer)).licenses).toEqual([])

    t.clock.advance(4 * DAY)
    // When it ends the first new delivery is already of today: the gap must not be judged by it.
    await t.sandbox.deliver(t.sandbox.events().at(-1)?.id ?? '')
    const report = await run(t)
    expect(report.recovered).toBeGreaterThan(5)
    expect(await t.drain()).toEqual([])
    expect(await booksOf(t, buyer)).toMatchObject({ licenses: [{ status: 'active' }], keyMails: 1 })
    expect(await booksOf(t, refunded)).toMatchObject({
      licenses: [{ status: 'revoked' }],
      payments: [{ status: 'refunded' }],
    })
    expect(await booksOf(t, disputed)).toMatchObject({
      licenses: [{ status: 'suspended' }],
      payments: [{ status: 'disputed' }],
    })
    expect(await booksOf(t, canceled)).toMatchObject({ licenses: [{ status: 'expired' }] })
    expect((await eventStates(t)).failed).toBeUndefined()

    // A second run finds nothing, and costs only the overlap.
    t.clock.advance(HOUR)
    expect(await run(t)).toMatchObject({ recovered: 0, failures: [] })
  })

  test('while Stripe itself is away the cursor stays, and the next run makes up for it', async () => {
    await using t = await silent()
    await run(t)
    const ada = await signUp(t)
    await pay(t, await start(t, ada))
    t.clock.advance(5 * DAY)
    t.sandbox.disturb({ match: 'GET /v1/events', status: 500, times: 3 })
    await expect(run(t)).rejects.toThrow()
    t.clock.advance(HOUR)
    await run(t)
    expect(await t.drain()).toEqual([])
    expect((await booksOf(t, ada)).licenses).toMatchObject([{ status: 'active' }])
  })

  test('two runs at once store each event once', async () => {
    await using t = await silent()
    const ada = await signUp(t)
    await pay(t, await start(t, ada))
    const reports = await Promise.all([run(t), run(t), run(t)])
    expect(await t.drain()).toEqual([])
    const handled = await t.deps.sql`select count(*)::int as count from webhook_events`
    expect(reports.reduce((sum, report) => sum + report.recovered, 0)).toBe(handled[0]?.count)
    expect(await booksOf(t, ada)).toMatchObject({ licenses: [{ status: 'active' }], keyMails: 1 })
  })
})

describe('single deliveries that were dropped', () => {
  test.each(['won', 'lost'] as const)(
    'the end of a dispute (%s), even when its event is not listed any more',
    async (verdict) => {
      await using t = await silent()
      const ada = await signUp(t)
      await pay(t, await start(t, ada))
      for (const event of t.sandbox.events()) await t.sandbox.deliver(event.id)
      expect(await t.drain()).toEqual([])
      const dispute = t.sandbox.disputes.open(
        await chargeOf(t, (await booksOf(t, ada)).payments[0]?.id ?? ''),
      )
      for (const id of eventIds(t, 'charge.dispute.created')) await t.sandbox.deliver(id)
      expect(await t.drain()).toEqual([])
      expect((await booksOf(t, ada)).licenses).toMatchObject([{ status: 'suspended' }])
      if (verdict === 'won') t.sandbox.disputes.win(dispute.id)
      else t.sandbox.disputes.lose(dispute.id)

      // As if a run had been fooled into believing that everything was seen.
      await t.deps
        .sql`insert into stripe_cursors (name, until) values ('events', ${new Date(Date.now() + 40 * DAY).toISOString()})`
      t.clock.advance(32 * DAY)
      const report = await run(t)
      expect(report.recovered).toBe(0)
      expect(report.checked).toBeGreaterThan(0)
      expect(await t.drain()).toEqual([])
      expect((await booksOf(t, ada)).licenses).toMatchObject([
        { status: verdict === 'won' ? 'active' : 'revoked' },
      ])
    },
  )

  test('an open checkout that was paid, a debit that settled, a subscription that ended', async () => {
    await using t = await silent()
    const [ada, bob] = [await signUp(t), await signUp(t)]
    await pay(t, await start(t, ada))
    await pay(t, await start(t, bob), 'bank_debit')
    await t.deps
      .sql`insert into stripe_cursors (name, until) values ('events', ${new Date(Date.now() + 40 * DAY).toISOString()})`
    t.clock.advance(31 * MINUTE)
    await t.sandbox.advance({ days: 0 })
    expect(await run(t)).toMatchObject({ recovered: 0, failures: [] })
    expect((await booksOf(t, ada)).licenses).toMatchObject([{ status: 'active' }])
    expect((await booksOf(t, bob)).licenses).toMatchObject([{ status: 'active' }])
  })

  test('one that cannot be read does not keep the others from being repaired', async () => {
    await using t = await silent()
    const [ada, bob] = [await signUp(t), await signUp(t)]
    const broken = await start(t, ada)
    await pay(t, await start(t, bob))
    await t.deps
      .sql`update checkouts set stripe_session_id = 'cs_test_of_another_account' where id = ${broken.id}`
    await t.deps
      .sql`insert into stripe_cursors (name, until) values ('events', ${new Date(Date.now() + 40 * DAY).toISOString()})`
    t.clock.advance(HOUR)
    const report = await run(t)
    expect(report.failures).toHaveLength(1)
    expect((await booksOf(t, bob)).licenses).toMatchObject([{ status: 'active' }])
  })
})

describe('what failed', () => {
  test('is tried again by itself each hour, for three days', async () => {
    await using t = await silent()
    const ada = await signUp(t)
    await pay(t, await start(t, ada))
    const [id = ''] = eventIds(t, 'checkout.session.completed')
    await t.sandbox.deliver(id)
    await t.deps.sql`update webhook_events set status = 'failed', attempts = 9`
    await t.deps.sql`delete from pgboss.job where name = 'stripe.event'`
    t.clock.advance(HOUR)
    await run(t)
    expect(await t.drain()).toEqual([])
    expect((await eventStates(t)).failed).toBeUndefined()
    expect((await booksOf(t, ada)).licenses).toHaveLength(1)
  })
})

test('a subscription that still bills for a revoked license is canceled', async () => {
  await using t = await createTestApp()
  const [ada, admin] = [await signUp(t), await signUp(t, { role: 'admin' })]
  const { licenseId } = await buy(t, ada, { plan: 'pro-monthly' })
  await admin.forge.licenses.revoke({ licenseId, reason: 'abuse' })
  await run(t)
  expect(await t.drain()).toEqual([])
  expect((await ada.forge.payments.subscriptions()).items).toMatchObject([{ status: 'canceled' }])
})

test('without Stripe it does nothing', async () => {
  await using t = await createTestApp({ env: { STRIPE_SECRET_KEY: '', STRIPE_WEBHOOK_SECRETS: '' } })
  expect(await run(t)).toEqual({ recovered: 0, checked: 0, failures: [] })
})
