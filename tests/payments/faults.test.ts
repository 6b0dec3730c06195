import { processEvent } from '@devforge/server/modules/payments/events'
import { describe, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { buy } from '../support/payments.ts'
import { signUp } from '../support/people.ts'
import { asWorker, booksOf, eventIds, eventStates, hurry, losingAnswers, pay, start } from './support.ts'

/** Makes the database fail once, in the middle of a transaction, when a row of a table is written. */
async function failOnceOn(t: TestApp, table: string, how: 'raise' | 'disconnect' | 'deadlock') {
  const action = {
    raise: `raise exception 'disk full' using errcode = '53100';`,
    disconnect: 'perform pg_terminate_backend(pg_backend_pid());',
    deadlock: `raise exception 'deadlock' using errcode = '40P01';`,
  }[how]
  // A sequence survives the rollback, so that it fails once only.
  await t.deps.sql.unsafe(`
    create sequence faults_${table};
    create function fault_${table}() returns trigger language plpgsql as $$
    begin
      if nextval('faults_${table}') = 1 then ${action} end if;
      return new;
    end $$;
    create trigger fault_${table} before insert or update on ${table} for each row execute function fault_${table}();`)
}

const paidFor = { licenses: [{ status: 'active' }], payments: [{ status: 'succeeded' }], keyMails: 1 }

describe('the database fails in the middle of the handler', () => {
  // In the order in which a fulfilment writes them: whatever came before must be gone, whatever comes after must come.
  const tables = ['checkouts', 'payments', 'payment_events', 'licenses', 'license_events', 'outbox']
  const faults = [
    ...tables.map((table) => [table, 'raise'] as const),
    ['license_events', 'disconnect'] as const,
  ]

  test.each(faults)('on %s (%s): nothing half done, and the next try completes', async (table, how) => {
    await using t = await createTestApp({ sandbox: { autoDeliver: false } })
    const ada = await signUp(t)
    const checkout = await start(t, ada)
    await pay(t, checkout)
    // The mails of the sign-up are not what shall fail.
    expect(await t.drain()).toEqual([])
    const [id = ''] = eventIds(t, 'checkout.session.completed')
    await t.sandbox.deliver(id)
    await failOnceOn(t, table, how)

    expect(await t.drain()).toHaveLength(1)
    expect(await booksOf(t, ada)).toMatchObject({
      licenses: [],
      payments: [],
      checkouts: [{ status: 'open', licenseId: null }],
      keyMails: 0,
    })
    expect(await eventStates(t)).toEqual({ failed: 1 })

    expect((await t.sandbox.deliver(id)).map((answer) => answer.status)).toEqual([200])
    expect(await t.drain()).toEqual([])
    expect(await booksOf(t, ada)).toMatchObject({ ...paidFor, checkouts: [{ status: 'complete' }] })
    expect(await eventStates(t)).toEqual({ processed: 1 })
  })

  test('a deadlock is not even an error: the transaction runs again', async () => {
    await using t = await createTestApp({ sandbox: { autoDeliver: false } })
    const ada = await signUp(t)
    await pay(t, await start(t, ada))
    await t.sandbox.deliver(eventIds(t, 'checkout.session.completed')[0] ?? '')
    await failOnceOn(t, 'license_events', 'deadlock')
    expect(await t.drain()).toEqual([])
    expect(await booksOf(t, ada)).toMatchObject(paidFor)
  })

  test('while the event is stored: no 200, so that Stripe delivers again', async () => {
    await using t = await createTestApp({ sandbox: { autoDeliver: false } })
    const ada = await signUp(t)
    await pay(t, await start(t, ada))
    await failOnceOn(t, 'webhook_events', 'raise')
    const [id = ''] = eventIds(t, 'checkout.session.completed')
    const [refused] = await t.sandbox.deliver(id)
    expect(refused?.status).toBeGreaterThanOrEqual(500)
    expect(await eventStates(t)).toEqual({})
    const jobs = await t.deps.sql`select count(*)::int as count from pgboss.job where name = 'stripe.event'`
    expect(jobs[0]?.count).toBe(0)
    const [taken] = await t.sandbox.deliver(id)
    expect(taken?.status).toBe(200)
    expect(await t.drain()).toEqual([])
    expect(await booksOf(t, ada)).toMatchObject(paidFor)
  })
})

describe('the process dies', () => {
  test('after the event was stored, its job lost: the sweep takes it up', async () => {
    await using t = await createTestApp({ sandbox: { autoDeliver: false } })
    const ada = await signUp(t)
    await pay(t, await start(t, ada))
    await t.sandbox.deliver(eventIds(t, 'checkout.session.completed')[0] ?? '')
    await t.deps.sql`delete from pgboss.job where name = 'stripe.event'`
    expect(await t.drain()).toEqual([])
    expect((await booksOf(t, ada)).licenses).toEqual([])
    t.clock.advance(2 * 60_000)
    await t.deps.jobs.enqueue(t.deps.db, 'payments.sweep', {})
    expect(await t.drain()).toEqual([])
    expect(await booksOf(t, ada)).toMatchObject(paidFor)
  })

  test('after the fulfilment committed, before the event was marked: working on it again changes nothing', async () => {
    await using t = await createTestApp({ sandbox: { autoDeliver: false } })
    const ada = await signUp(t)
    await pay(t, await start(t, ada))
    const [id = ''] = eventIds(t, 'checkout.session.completed')
    await t.sandbox.deliver(id)
    expect(await t.drain()).toEqual([])
    const before = await booksOf(t, ada)
    await t.deps.sql`update webhook_events set status = 'received', processed_at = null`
    await processEvent(asWorker(t.deps), id)
    expect(await t.drain()).toEqual([])
    expect(await booksOf(t, ada)).toEqual(before)
  })

  test('between Stripe’s refund and our commit: one refund, found by its key or by its mark', async () => {
    await using t = await createTestApp()
    const [ada, admin] = [await signUp(t), await signUp(t, { role: 'admin' })]
    const { paymentId } = await buy(t, ada, { plan: 'pro' })
    const lost = losingAnswers(t, 'POST /v1/refunds')
    const asked = await admin.forge.payments.refund({ paymentId, reason: 'asked for', idempotencyKey: 'r1' })
    expect(asked.status).toBe('requested')
    lost.on = false
    // Within Stripe's memory the key finds it; later, the mark in its metadata does.
    t.clock.advance(2 * 24 * 3_600_000)
    await hurry(t)
    await t.deps.jobs.enqueue(t.deps.db, 'payments.sweep', {})
    expect(await t.drain()).toEqual([])
    expect((await t.deps.stripe?.refunds.list())?.data).toHaveLength(1)
    const rows = await t.deps.sql`select id, status, stripe_refund_id is not null as sent from refunds`
    expect([...rows]).toEqual([{ id: asked.id, status: 'succeeded', sent: true }])
    expect(await booksOf(t, ada)).toMatchObject({
      licenses: [{ status: 'revoked' }],
      payments: [{ status: 'refunded' }],
    })
  })
})
