import { describe, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { failure } from '../support/errors.ts'
import { buy } from '../support/payments.ts'
import { signUp } from '../support/people.ts'
import { booksOf, chargeOf, eventIds, pay, start } from './support.ts'

async function sold(t: TestApp, plan = 'pro') {
  const [ada, admin] = [await signUp(t), await signUp(t, { role: 'admin' })]
  const bought = await buy(t, ada, { plan })
  return { ada, admin, ...bought, chargeId: await chargeOf(t, bought.paymentId) }
}

describe('a dispute', () => {
  test('opened: the license is suspended, with the reason, and the payment cannot be refunded', async () => {
    await using t = await createTestApp()
    const { ada, admin, paymentId, licenseId, chargeId } = await sold(t)
    t.sandbox.disputes.open(chargeId)
    expect(await t.drain()).toEqual([])
    const books = await booksOf(t, ada)
    expect(books.licenses).toMatchObject([
      { status: 'suspended', suspendedReason: 'the payment is disputed at the bank' },
    ])
    expect(books.payments).toMatchObject([{ status: 'disputed' }])
    const events = await ada.forge.licenses.events({ licenseId })
    expect(events.items[0]).toMatchObject({
      type: 'license.suspended',
      reason: 'the payment is disputed at the bank',
    })
    const refund = admin.forge.payments.refund({ paymentId, reason: 'x', idempotencyKey: 'k' })
    expect(await failure(refund)).toBe('PAYMENT_NOT_REFUNDABLE')
    const disputes = await t.deps
      .sql`select status, reason, amount_minor::int as amount, closed_at from disputes`
    expect([...disputes]).toEqual([
      { status: 'needs_response', reason: 'fraudulent', amount: 49_900, closed_at: null },
    ])
  })

  test('won: reinstated', async () => {
    await using t = await createTestApp()
    const { ada, chargeId } = await sold(t)
    const dispute = t.sandbox.disputes.open(chargeId)
    expect(await t.drain()).toEqual([])
    t.sandbox.disputes.win(dispute.id)
    expect(await t.drain()).toEqual([])
    expect(await booksOf(t, ada)).toMatchObject({
      licenses: [{ status: 'active', suspendedReason: null }],
      payments: [{ status: 'succeeded' }],
    })
  })

  test('lost: revoked, for good', async () => {
    await using t = await createTestApp()
    const { ada, admin, licenseId, chargeId } = await sold(t)
    const dispute = t.sandbox.disputes.open(chargeId)
    expect(await t.drain()).toEqual([])
    t.sandbox.disputes.lose(dispute.id)
    expect(await t.drain()).toEqual([])
    expect(await booksOf(t, ada)).toMatchObject({
      licenses: [{ status: 'revoked', revokedReason: 'the payment was taken back by the bank' }],
      payments: [{ status: 'disputed' }],
    })
    expect(await failure(admin.forge.licenses.reinstate({ licenseId, reason: 'please' }))).toBe(
      'LICENSE_REVOKED_IS_FINAL',
    )
    for (const event of t.sandbox.events()) await t.sandbox.deliver(event.id)
    expect(await t.drain()).toEqual([])
    expect((await booksOf(t, ada)).licenses).toMatchObject([{ status: 'revoked' }])
  })

  test('an early warning alone does nothing but stand in the timeline, once', async () => {
    await using t = await createTestApp()
    const { ada, paymentId, chargeId } = await sold(t)
    const before = await booksOf(t, ada)
    t.sandbox.earlyFraudWarning(chargeId)
    expect(await t.drain()).toEqual([])
    for (const id of eventIds(t, 'radar.early_fraud_warning.created')) await t.sandbox.deliver(id)
    await t.deps.sql`update webhook_events set status = 'received' where type like 'radar.%'`
    t.clock.advance(2 * 60_000)
    await t.deps.jobs.enqueue(t.deps.db, 'payments.sweep', {})
    expect(await t.drain()).toEqual([])
    expect(await booksOf(t, ada)).toEqual(before)
    const types = (await ada.forge.payments.get({ id: paymentId })).timeline.map((entry) => entry.type)
    expect(types.filter((type) => type === 'payment.early_fraud_warning')).toHaveLength(1)
  })

  test('an inquiry takes nothing and suspends nothing', async () => {
    await using t = await createTestApp()
    const { ada, chargeId } = await sold(t)
    t.sandbox.disputes.open(chargeId, { inquiry: true })
    expect(await t.drain()).toEqual([])
    expect(await booksOf(t, ada)).toMatchObject({
      licenses: [{ status: 'active' }],
      payments: [{ status: 'succeeded' }],
    })
  })

  test('of a purchase that was never fulfilled yet: fulfilled and suspended in one step', async () => {
    await using t = await createTestApp({ sandbox: { autoDeliver: false } })
    const ada = await signUp(t)
    await pay(t, await start(t, ada))
    const [charge] = (await t.deps.stripe?.charges.list())?.data ?? []
    t.sandbox.disputes.open(charge?.id ?? '')
    for (const id of [
      ...eventIds(t, 'charge.dispute.created'),
      ...eventIds(t, 'checkout.session.completed'),
    ]) {
      await t.sandbox.deliver(id)
    }
    expect(await t.drain()).toEqual([])
    expect(await booksOf(t, ada)).toMatchObject({
      licenses: [{ status: 'suspended' }],
      payments: [{ status: 'disputed' }],
    })
  })

  test('won does not lift a suspension that an admin made', async () => {
    await using t = await createTestApp()
    const { ada, admin, licenseId, chargeId } = await sold(t)
    await admin.forge.licenses.suspend({ licenseId, reason: 'shared in a forum' })
    const dispute = t.sandbox.disputes.open(chargeId)
    expect(await t.drain()).toEqual([])
    t.sandbox.disputes.win(dispute.id)
    expect(await t.drain()).toEqual([])
    expect((await booksOf(t, ada)).licenses).toMatchObject([
      { status: 'suspended', suspendedReason: 'shared in a forum' },
    ])
  })

  test('what an admin decided during a dispute is not undone by its next event', async () => {
    await using t = await createTestApp()
    const { ada, admin, licenseId, chargeId } = await sold(t)
    const dispute = t.sandbox.disputes.open(chargeId)
    expect(await t.drain()).toEqual([])
    await admin.forge.licenses.reinstate({ licenseId, reason: 'a misunderstanding' })
    await t.deps.stripe?.disputes.update(dispute.id, {
      evidence: { uncategorized_text: 'they have it' },
      submit: true,
    })
    expect(await t.drain()).toEqual([])
    expect((await booksOf(t, ada)).licenses).toMatchObject([{ status: 'active' }])
  })

  test('lost for a subscription: the license is revoked and nobody is billed any more', async () => {
    await using t = await createTestApp()
    const { ada, chargeId } = await sold(t, 'pro-monthly')
    const dispute = t.sandbox.disputes.open(chargeId)
    expect(await t.drain()).toEqual([])
    t.sandbox.disputes.lose(dispute.id)
    expect(await t.drain()).toEqual([])
    expect((await booksOf(t, ada)).licenses).toMatchObject([{ status: 'revoked' }])
    expect((await ada.forge.payments.subscriptions()).items).toMatchObject([{ status: 'canceled' }])
    expect((await t.deps.stripe?.subscriptions.list({ status: 'all' }))?.data).toMatchObject([
      { status: 'canceled' },
    ])
  })
})
