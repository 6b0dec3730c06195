import { processEvent } from '@devforge/server/modules/payments/events'
import { describe, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { failure } from '../support/errors.ts'
import { buy } from '../support/payments.ts'
import { type Person, signUp } from '../support/people.ts'
import {
  asWorker,
  BANK_DEBIT,
  booksOf,
  chargeOf,
  eventIds,
  impatient,
  pay,
  start,
  stripeDown,
} from './support.ts'

const REFUND_PENDING_CARD = '4000000000007726'
const REFUND_FAILS_CARD = '4000000000005126'

async function sold(t: TestApp, card?: string) {
  const [ada, admin] = [await signUp(t), await signUp(t, { role: 'admin' })]
  const bought = await buy(t, ada, { plan: 'pro' }, card)
  return { ada, admin, ...bought }
}

const refunds = (t: TestApp) =>
  t.deps.sql`select id, status, amount_minor::int as amount, stripe_refund_id from refunds order by id`
const licenseOf = async (person: Person, id: string) => (await person.forge.licenses.get({ id })).status
const stripeRefunds = async (t: TestApp) => (await t.deps.stripe?.refunds.list({ limit: 100 }))?.data ?? []

describe('what a refund does', () => {
  test('all of it: the payment refunded, the license revoked, one mail, and everything on record', async () => {
    await using t = await createTestApp()
    const { ada, admin, paymentId, licenseId } = await sold(t)
    const answer = await admin.forge.payments.refund({ paymentId, reason: 'asked for', idempotencyKey: 'r' })
    expect(answer).toMatchObject({ paymentId, status: 'succeeded', amountMinor: 49_900, currency: 'usd' })
    expect(await t.drain()).toEqual([])
    expect(await licenseOf(ada, licenseId)).toBe('revoked')
    const payment = await ada.forge.payments.get({ id: paymentId })
    expect(payment).toMatchObject({
      status: 'refunded',
      refundedMinor: 49_900,
      refunds: [{ id: answer.id, status: 'succeeded' }],
    })
    expect(payment.timeline.map((entry) => entry.type)).toEqual([
      'payment.succeeded',
      'refund.requested',
      'refund.succeeded',
      'payment.refunded',
    ])
    // What staff wrote is for staff.
    expect(JSON.stringify(payment)).not.toContain('asked for')
    expect(JSON.stringify(payment)).not.toContain(admin.id)
    const mails = (await t.mails(ada.email)).map((mail) => mail.subject)
    expect(mails.filter((subject) => subject === 'Your refund of 499.00 USD')).toHaveLength(1)
    const [audit] = await t.deps
      .sql`select actor, subject, reason from audit_log where action = 'payment.refund'`
    expect(audit).toEqual({ actor: `admin:${admin.id}`, subject: paymentId, reason: 'asked for' })
  })

  test('30 % and 70 %: revoked at the full amount only', async () => {
    await using t = await createTestApp()
    const { ada, admin, paymentId, licenseId } = await sold(t)
    const part = (amountMinor: number, idempotencyKey: string) =>
      admin.forge.payments.refund({ paymentId, amountMinor, reason: 'part', idempotencyKey })
    await part(14_970, 'a')
    expect(await t.drain()).toEqual([])
    expect(await ada.forge.payments.get({ id: paymentId })).toMatchObject({
      status: 'partially_refunded',
      refundedMinor: 14_970,
    })
    expect(await licenseOf(ada, licenseId)).toBe('active')
    await part(34_930, 'b')
    expect(await t.drain()).toEqual([])
    expect(await ada.forge.payments.get({ id: paymentId })).toMatchObject({
      status: 'refunded',
      refundedMinor: 49_900,
    })
    expect(await licenseOf(ada, licenseId)).toBe('revoked')
  })

  test('one that the bank sends back restores the license; a second one takes it again', async () => {
    await using t = await createTestApp()
    const { ada, admin, paymentId, licenseId } = await sold(t)
    await admin.forge.payments.refund({ paymentId, reason: 'first', idempotencyKey: 'a' })
    expect(await t.drain()).toEqual([])
    expect(await licenseOf(ada, licenseId)).toBe('revoked')
    const [row] = await refunds(t)
    t.sandbox.refunds.fail(String(row?.stripe_refund_id))
    expect(eventIds(t, 'refund.failed')).toHaveLength(1)
    expect(await t.drain()).toEqual([])
    expect(await ada.forge.payments.get({ id: paymentId })).toMatchObject({
      status: 'succeeded',
      refundedMinor: 0,
    })
    expect(await licenseOf(ada, licenseId)).toBe('active')

    await admin.forge.payments.refund({ paymentId, reason: 'again', idempotencyKey: 'b' })
    expect(await t.drain()).toEqual([])
    expect(await licenseOf(ada, licenseId)).toBe('revoked')
    expect((await refunds(t)).map((refund) => refund.status)).toEqual(['failed', 'succeeded'])
  })

  test('a failed refund does not give back what an admin took for another reason', async () => {
    await using t = await createTestApp()
    const { ada, admin, paymentId, licenseId } = await sold(t)
    await admin.forge.licenses.revoke({ licenseId, reason: 'sold on' })
    await admin.forge.payments.refund({ paymentId, reason: 'still', idempotencyKey: 'a' })
    expect(await t.drain()).toEqual([])
    const [row] = await refunds(t)
    t.sandbox.refunds.fail(String(row?.stripe_refund_id))
    expect(await t.drain()).toEqual([])
    expect(await licenseOf(ada, licenseId)).toBe('revoked')
  })

  test('pending at the bank counts as given; test cards whose refunds settle or fail later', async () => {
    await using t = await createTestApp()
    const slow = await sold(t, REFUND_PENDING_CARD)
    const answer = await slow.admin.forge.payments.refund({
      paymentId: slow.paymentId,
      reason: 'x',
      idempotencyKey: 'a',
    })
    expect(answer.status).toBe('pending')
    expect(await t.drain()).toEqual([])
    expect(await licenseOf(slow.ada, slow.licenseId)).toBe('revoked')
    await t.sandbox.advance({ days: 1 })
    expect(await t.drain()).toEqual([])
    expect((await slow.ada.forge.payments.get({ id: slow.paymentId })).refunds).toMatchObject([
      { status: 'succeeded' },
    ])

    const bouncing = await sold(t, REFUND_FAILS_CARD)
    await bouncing.admin.forge.payments.refund({
      paymentId: bouncing.paymentId,
      reason: 'x',
      idempotencyKey: 'b',
    })
    await t.sandbox.advance({ days: 1 })
    expect(await t.drain()).toEqual([])
    const failed = await bouncing.ada.forge.payments.get({ id: bouncing.paymentId })
    expect(failed).toMatchObject({ status: 'succeeded', refundedMinor: 0, refunds: [{ status: 'failed' }] })
    expect(await licenseOf(bouncing.ada, bouncing.licenseId)).toBe('active')
  })
})

describe('the order of news', () => {
  test('charge.refunded before payment_intent.succeeded: refunded, and never active', async () => {
    await using t = await createTestApp({ sandbox: { autoDeliver: false } })
    const ada = await signUp(t)
    await pay(t, await start(t, ada))
    const [intent] = (await t.deps.stripe?.paymentIntents.list())?.data ?? []
    await t.deps.stripe?.refunds.create({ payment_intent: intent?.id ?? '' })
    const inOrder = [
      'charge.refunded',
      'payment_intent.succeeded',
      'checkout.session.completed',
      'charge.succeeded',
    ]
    for (const type of inOrder) {
      for (const id of eventIds(t, type)) {
        await t.sandbox.deliver(id)
        await processEvent(asWorker(t.deps), id)
        const books = await booksOf(t, ada)
        expect(books.licenses).toEqual([])
        expect(books.payments).toMatchObject([{ status: 'refunded', refundedMinor: 49_900 }])
      }
    }
    expect(await t.drain()).toEqual([])
    expect(await booksOf(t, ada)).toMatchObject({
      licenses: [],
      checkouts: [{ status: 'complete' }],
      keyMails: 0,
    })
    // Should that refund bounce, the money is ours and the license theirs.
    const [refund] = await stripeRefunds(t)
    t.sandbox.refunds.fail(refund?.id ?? '')
    for (const id of eventIds(t, 'refund.failed')) await t.sandbox.deliver(id)
    expect(await t.drain()).toEqual([])
    expect(await booksOf(t, ada)).toMatchObject({
      licenses: [{ status: 'active' }],
      payments: [{ status: 'succeeded' }],
      keyMails: 1,
    })
  })

  test('a refund made by hand in Stripe’s dashboard is followed like ours', async () => {
    await using t = await createTestApp()
    const { ada, paymentId, licenseId } = await sold(t)
    await t.deps.stripe?.refunds.create({ charge: await chargeOf(t, paymentId), amount: 10_000 })
    expect(await t.drain()).toEqual([])
    expect(await ada.forge.payments.get({ id: paymentId })).toMatchObject({
      status: 'partially_refunded',
      refunds: [{ status: 'succeeded', amountMinor: 10_000 }],
    })
    await t.deps.stripe?.refunds.create({ charge: await chargeOf(t, paymentId) })
    expect(await t.drain()).toEqual([])
    expect(await licenseOf(ada, licenseId)).toBe('revoked')
  })
})

describe('what is refused', () => {
  test('more than is left, also when many ask at once: together never more than the payment', async () => {
    await using t = await createTestApp()
    const { admin, paymentId } = await sold(t)
    const answers = await Promise.allSettled(
      Array.from({ length: 10 }, (_, n) =>
        admin.forge.payments.refund({ paymentId, amountMinor: 20_000, reason: 'x', idempotencyKey: `k${n}` }),
      ),
    )
    expect(answers.filter((answer) => answer.status === 'fulfilled')).toHaveLength(2)
    for (const answer of answers) {
      if (answer.status === 'rejected')
        expect(answer.reason).toMatchObject({ code: 'REFUND_EXCEEDS_PAYMENT' })
    }
    expect(await t.drain()).toEqual([])
    expect((await stripeRefunds(t)).reduce((sum, refund) => sum + refund.amount, 0)).toBe(40_000)
    const more = admin.forge.payments.refund({
      paymentId,
      amountMinor: 9_901,
      reason: 'x',
      idempotencyKey: 'm',
    })
    await expect(more).rejects.toMatchObject({
      code: 'REFUND_EXCEEDS_PAYMENT',
      details: { refundableMinor: 9_900, currency: 'usd' },
    })
    await admin.forge.payments.refund({ paymentId, reason: 'the rest', idempotencyKey: 'n' })
    expect(await failure(admin.forge.payments.refund({ paymentId, reason: 'x', idempotencyKey: 'o' }))).toBe(
      'PAYMENT_NOT_REFUNDABLE',
    )
  })

  test('payments without money in them, unknown ones, and callers who are no admins', async () => {
    await using t = await createTestApp({ sandbox: { settings: { asyncSeconds: 86_400 } } })
    const [ada, admin] = [await signUp(t), await signUp(t, { role: 'admin' })]
    await pay(t, await start(t, ada), BANK_DEBIT)
    expect(await t.drain()).toEqual([])
    const [payment] = (await ada.forge.payments.list()).items
    const call = (person: Person, paymentId: string) =>
      failure(person.forge.payments.refund({ paymentId, reason: 'x', idempotencyKey: 'k' }))
    expect(await call(admin, payment?.id ?? '')).toBe('PAYMENT_NOT_REFUNDABLE')
    expect(await call(admin, 'pay_none')).toBe('NOT_FOUND')
    expect(await call(ada, payment?.id ?? '')).toBe('FORBIDDEN')
    expect(await call(await signUp(t, { role: 'agent' }), payment?.id ?? '')).toBe('FORBIDDEN')
    expect(await refunds(t)).toHaveLength(0)
  })

  test('what Stripe refuses is a failed refund, and the money may be refunded again', async () => {
    await using t = await createTestApp()
    const { admin, paymentId } = await sold(t)
    t.sandbox.disturb({ match: 'POST /v1/refunds', status: 400 })
    const refused = await admin.forge.payments.refund({ paymentId, reason: 'x', idempotencyKey: 'a' })
    expect(refused.status).toBe('failed')
    expect(refused.failureReason).toBeTruthy()
    const good = await admin.forge.payments.refund({ paymentId, reason: 'x', idempotencyKey: 'b' })
    expect(good.status).toBe('succeeded')
  })
})

describe('idempotency', () => {
  test('the same key is one refund, also at once; another amount or payment under it is refused', async () => {
    await using t = await createTestApp()
    const { admin, paymentId } = await sold(t)
    const other = await sold(t)
    const call = () =>
      admin.forge.payments.refund({ paymentId, amountMinor: 1_000, reason: 'x', idempotencyKey: 'k' })
    const answers = await Promise.all([call(), call(), call(), call(), call()])
    expect(new Set(answers.map((answer) => answer.id)).size).toBe(1)
    expect(await t.drain()).toEqual([])
    expect(await stripeRefunds(t)).toHaveLength(1)
    const with2 = admin.forge.payments.refund({
      paymentId,
      amountMinor: 2_000,
      reason: 'x',
      idempotencyKey: 'k',
    })
    expect(await failure(with2)).toBe('IDEMPOTENCY_CONFLICT')
    const elsewhere = admin.forge.payments.refund({
      paymentId: other.paymentId,
      amountMinor: 1_000,
      reason: 'x',
      idempotencyKey: 'k',
    })
    expect(await failure(elsewhere)).toBe('IDEMPOTENCY_CONFLICT')
  })

  test('Stripe away: the refund stands as requested, counts already, and is sent later, once', async () => {
    await using t = await createTestApp()
    const { ada, paymentId, licenseId, ...rest } = await sold(t)
    const admin = await impatient(t, rest.admin)
    const down = stripeDown(t)
    const asked = await admin.forge.payments.refund({ paymentId, reason: 'x', idempotencyKey: 'k' })
    expect(asked.status).toBe('requested')
    const again = admin.forge.payments.refund({ paymentId, reason: 'x', idempotencyKey: 'other' })
    expect(await failure(again)).toBe('REFUND_EXCEEDS_PAYMENT')
    expect(await licenseOf(ada, licenseId)).toBe('active')
    down.on = false
    expect(await t.drain()).toEqual([])
    expect(await licenseOf(ada, licenseId)).toBe('revoked')
    expect(await stripeRefunds(t)).toHaveLength(1)
  })
})

describe('a customer asks for a refund', () => {
  test('it stands in the timeline and the audit log; asking again answers the same; only one’s own', async () => {
    await using t = await createTestApp()
    const { ada, paymentId } = await sold(t)
    const first = await ada.forge.payments.requestRefund({ paymentId, reason: 'It is not for me' })
    expect(first).toEqual({ ticketId: expect.stringMatching(/^tkt_/), requestedAt: expect.any(Date) })
    expect(await ada.forge.payments.requestRefund({ paymentId, reason: 'Really' })).toEqual(first)
    const payment = await ada.forge.payments.get({ id: paymentId })
    expect(payment.timeline.at(-1)?.type).toBe('refund.requested_by_customer')
    const audit = await t.deps
      .sql`select subject, reason, after from audit_log where action = 'refund.requested_by_customer'`
    // What people write stands where it can be erased: in the ticket.
    expect([...audit]).toEqual([{ subject: paymentId, reason: null, after: { ticketId: first.ticketId } }])
    const ticket = await ada.forge.tickets.get({ id: first.ticketId ?? '' })
    expect(ticket).toMatchObject({ category: 'billing', subject: 'Refund of 499.00 USD', status: 'new' })
    expect(ticket.messages).toMatchObject([{ body: 'It is not for me', author: { type: 'customer' } }])
    expect(ticket.links.map(({ kind }) => kind).sort()).toEqual(['license', 'payment'])
    const tickets = await ada.forge.tickets.list()
    expect(tickets.items).toHaveLength(1)
    const bob = await signUp(t)
    expect(await failure(bob.forge.payments.requestRefund({ paymentId, reason: 'mine' }))).toBe('NOT_FOUND')
    expect(await failure(ada.forge.payments.requestRefund({ paymentId, reason: '' }))).toBe('INVALID_INPUT')
  })
})
