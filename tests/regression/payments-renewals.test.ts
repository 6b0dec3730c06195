import { expect, test } from 'vitest'
import { booksOf, chargeOf, pay, start } from '../payments/support.ts'
import { createTestApp, type TestApp } from '../support/app.ts'
import { failure } from '../support/errors.ts'
import { fingerprint } from '../support/licenses.ts'
import { buy } from '../support/payments.ts'
import { type Person, signUp } from '../support/people.ts'

const license = (person: Person, id: string) => person.forge.licenses.get({ id })
const until = async (person: Person, id: string) =>
  (await license(person, id)).updatesUntil?.toISOString().slice(0, 10)

async function renewed(t: TestApp) {
  const [ada, admin] = [await signUp(t), await signUp(t, { role: 'admin' })]
  const { licenseId, paymentId } = await buy(t, ada, { plan: 'pro' })
  const bought = await until(ada, licenseId)
  const checkout = await start(t, ada, { renew: licenseId })
  await pay(t, checkout)
  expect(await t.drain()).toEqual([])
  const renewal = (await ada.forge.payments.checkout({ id: checkout.id })).paymentId ?? ''
  return { ada, admin, licenseId, paymentId, renewal, bought, after: await until(ada, licenseId) }
}
const stripeRefundOf = async (t: TestApp, paymentId: string) => {
  const [row] = await t.deps.sql`select stripe_refund_id from refunds where payment_id = ${paymentId}`
  return String(row?.stripe_refund_id)
}

test('a trial cannot be made a license by buying updates for it', async () => {
  await using t = await createTestApp()
  const ada = await signUp(t)
  const { license: trial } = await ada.forge.licenses.startTrial({ fingerprint: fingerprint() })
  expect(await failure(start(t, ada, { renew: trial.id }))).toBe('LICENSE_NOT_RENEWABLE')
})

test('a license that became dated while the page was open: the money goes back, its end stays', async () => {
  await using t = await createTestApp()
  const ada = await signUp(t)
  const { licenseId } = await buy(t, ada, { plan: 'pro' })
  const before = await until(ada, licenseId)
  const checkout = await start(t, ada, { renew: licenseId })
  const end = new Date(t.clock.now().getTime() + 86_400_000)
  await t.deps.sql`update licenses set expires_at = ${end.toISOString()}`
  await pay(t, checkout)
  expect(await t.drain()).toEqual([])
  expect((await booksOf(t, ada)).payments).toMatchObject([{ status: 'succeeded' }, { status: 'refunded' }])
  expect((await license(ada, licenseId)).expiresAt?.getTime()).toBe(end.getTime())
  expect(await until(ada, licenseId)).toBe(before)
})

test('a renewal refunded, then disputed: its window is taken once, and the license is not suspended', async () => {
  await using t = await createTestApp()
  const { ada, admin, licenseId, renewal, bought } = await renewed(t)
  await admin.forge.payments.refund({ paymentId: renewal, reason: 'x', idempotencyKey: 'r' })
  expect(await t.drain()).toEqual([])
  expect(await until(ada, licenseId)).toBe(bought)
  const dispute = t.sandbox.disputes.open(await chargeOf(t, renewal))
  expect(await t.drain()).toEqual([])
  expect(await license(ada, licenseId)).toMatchObject({ status: 'active' })
  t.sandbox.disputes.lose(dispute.id)
  expect(await t.drain()).toEqual([])
  expect(await license(ada, licenseId)).toMatchObject({ status: 'active' })
  expect(await until(ada, licenseId)).toBe(bought)
})

test('a renewal refunded, disputed and won: still refunded; given again once the refund fails', async () => {
  await using t = await createTestApp()
  const { ada, admin, licenseId, renewal, bought, after } = await renewed(t)
  await admin.forge.payments.refund({ paymentId: renewal, reason: 'x', idempotencyKey: 'r' })
  expect(await t.drain()).toEqual([])
  const dispute = t.sandbox.disputes.open(await chargeOf(t, renewal))
  expect(await t.drain()).toEqual([])
  t.sandbox.disputes.win(dispute.id)
  expect(await t.drain()).toEqual([])
  expect(await until(ada, licenseId)).toBe(bought)
  t.sandbox.refunds.fail(await stripeRefundOf(t, renewal))
  expect(await t.drain()).toEqual([])
  expect(await until(ada, licenseId)).toBe(after)
})

test('a refund that failed and another: the window is taken, given and taken', async () => {
  await using t = await createTestApp()
  const { ada, admin, licenseId, renewal, bought, after } = await renewed(t)
  await admin.forge.payments.refund({ paymentId: renewal, reason: 'x', idempotencyKey: 'r' })
  expect(await t.drain()).toEqual([])
  t.sandbox.refunds.fail(await stripeRefundOf(t, renewal))
  expect(await t.drain()).toEqual([])
  expect(await until(ada, licenseId)).toBe(after)
  await admin.forge.payments.refund({ paymentId: renewal, reason: 'x', idempotencyKey: 'r2' })
  expect(await t.drain()).toEqual([])
  const types = (await ada.forge.licenses.events({ licenseId })).items.map(({ type }) => type).reverse()
  expect(types.filter((type) => type.startsWith('renewal.'))).toEqual([
    'renewal.taken_back',
    'renewal.given_back',
    'renewal.taken_back',
  ])
  expect(await until(ada, licenseId)).toBe(bought)
})

test('the first of two windows refunded: the second, which is paid, stays', async () => {
  await using t = await createTestApp()
  const { ada, admin, licenseId, renewal, after } = await renewed(t)
  await pay(t, await start(t, ada, { renew: licenseId }))
  expect(await t.drain()).toEqual([])
  await admin.forge.payments.refund({ paymentId: renewal, reason: 'x', idempotencyKey: 'r' })
  expect(await t.drain()).toEqual([])
  expect(await until(ada, licenseId)).toBe(after)
})

test('news of one payment does not lift the suspension for another one’s dispute', async () => {
  await using t = await createTestApp()
  const { ada, admin, licenseId, paymentId, renewal } = await renewed(t)
  const dispute = t.sandbox.disputes.open(await chargeOf(t, paymentId))
  expect(await t.drain()).toEqual([])
  expect(await license(ada, licenseId)).toMatchObject({ status: 'suspended' })
  await admin.forge.payments.refund({
    paymentId: renewal,
    reason: 'x',
    amountMinor: 100,
    idempotencyKey: 'r',
  })
  expect(await t.drain()).toEqual([])
  expect(await license(ada, licenseId)).toMatchObject({ status: 'suspended' })
  t.sandbox.disputes.win(dispute.id)
  expect(await t.drain()).toEqual([])
  expect(await license(ada, licenseId)).toMatchObject({ status: 'active' })
})

test('a subscription’s refund that fails: what was paid stays to the end of its period', async () => {
  await using t = await createTestApp()
  const [ada, admin] = [await signUp(t), await signUp(t, { role: 'admin' })]
  const { licenseId, paymentId } = await buy(t, ada, { plan: 'pro-monthly' })
  const end = (await license(ada, licenseId)).expiresAt
  await admin.forge.payments.refund({ paymentId, reason: 'x', idempotencyKey: 'r' })
  expect(await t.drain()).toEqual([])
  expect(await license(ada, licenseId)).toMatchObject({ status: 'revoked' })
  t.sandbox.refunds.fail(await stripeRefundOf(t, paymentId))
  expect(await t.drain()).toEqual([])
  expect(await license(ada, licenseId)).toMatchObject({ status: 'active', expiresAt: end })
  expect((await ada.forge.payments.subscriptions()).items).toMatchObject([{ status: 'canceled' }])
  t.clock.advance(40 * 86_400_000)
  const events = t.sandbox.events({ type: 'customer.subscription.deleted' })
  await t.deps.sql`update webhook_events set status = 'received' where id = ${events[0]?.id ?? ''}`
  await t.deps.jobs.enqueue(t.deps.db, 'payments.sweep', {})
  await t.deps.jobs.enqueue(t.deps.db, 'licenses.expire', {})
  expect(await t.drain()).toEqual([])
  const [row] = await t.deps.sql`select status, expires_at from licenses where id = ${licenseId}`
  expect(row?.status).toBe('expired')
  expect(new Date(String(row?.expires_at)).getTime()).toBe(end?.getTime())
})
