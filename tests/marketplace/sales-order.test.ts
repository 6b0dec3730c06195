import { settlePayment } from '@devforge/server/modules/payments/settle/route'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { asWorker, hurry, losingAnswers, stripeDown } from '../payments/support.ts'
import { createTestApp, type TestApp } from '../support/app.ts'
import { GOOD_CARD } from '../support/payments.ts'
import { type Person, signUp } from '../support/people.ts'
import { addsUp, buyExtension, type Sold, sellingShop, startBuying } from './sales-support.ts'

const DAY = 86_400_000

// Each buys and settles for real: on a busy machine that takes its time.
vi.setConfig({ testTimeout: 120_000 })

let t: TestApp
let admin: Person
beforeAll(async () => {
  t = await createTestApp()
  admin = await signUp(t, { role: 'admin' })
})
afterAll(() => t[Symbol.asyncDispose]())

const rows = async (table: 'share_transfers' | 'share_reversals', sold: Sold) =>
  t.deps.sql.unsafe(
    `select m.status, m.amount_minor::int as amount from ${table} m
     join extension_sales s on s.id = m.sale_id where s.payment_id = $1 order by m.id`,
    [sold.paymentId],
  )
const refundAll = (paymentId: string) =>
  admin.forge.payments.refund({ paymentId, reason: 'asked for', idempotencyKey: `all-${paymentId}` })

describe('many at once', () => {
  test('one payment settled by 20 workers, its events delivered again: one sale, one share, one transfer', async () => {
    const shop = await sellingShop(t)
    const buyer = await signUp(t)
    const started = await startBuying(buyer, shop.id)
    await t.sandbox.pay(started.url, { card: GOOD_CARD })
    await t.sandbox.settled()
    const events = t.sandbox
      .events()
      .filter((event) => /^(checkout|payment_intent|charge)\./.test(event.type))
    const intent = String(events.find((event) => event.type === 'payment_intent.succeeded')?.data.object.id)
    const [session] = await t.deps.sql`select stripe_session_id from checkouts where id = ${started.id}`
    expect(session?.stripe_session_id).toMatch(/^cs_/)
    await Promise.all([
      ...Array.from({ length: 20 }, () => settlePayment(asWorker(t.deps), intent)),
      ...events.slice(-6).map(({ id }) => t.sandbox.deliver(id, { times: 3 })),
      t.drain(),
      t.drain(),
    ])
    await t.drain()
    const entries = await t.deps.sql`select kind, share_minor::int as share from sale_entries
      where publisher_id = ${shop.publisherId} and kind = 'sale'`
    expect(entries).toEqual([{ kind: 'sale', share: 1_699 }])
    expect((await t.deps.stripe?.transfers.list({ destination: shop.account }))?.data).toHaveLength(1)
    expect(await addsUp(t, shop)).toMatchObject({ sales: 1, transferredMinor: 1_699 })
  })

  test('ten jobs for one sale, with the answer lost each time: still one transfer, one reversal', async () => {
    const shop = await sellingShop(t)
    const sold = await (async () => {
      const lost = losingAnswers(t, 'POST /v1/transfers')
      const buyer = await signUp(t)
      const started = await startBuying(buyer, shop.id)
      await t.sandbox.pay(started.url, { card: GOOD_CARD })
      expect(await t.drain()).not.toEqual([])
      const done = await buyer.forge.payments.checkout({ id: started.id })
      const [sale] = await t.deps.sql`select id from extension_sales where payment_id = ${done.paymentId}`
      for (let job = 0; job < 10; job++) {
        await t.deps.jobs.enqueue(t.deps.db, 'sales.move', { saleId: String(sale?.id) })
      }
      lost.on = false
      return { paymentId: done.paymentId ?? '' } as Sold
    })()
    await hurry(t)
    expect(await t.drain()).toEqual([])
    expect(await rows('share_transfers', sold)).toEqual([{ status: 'sent', amount: 1_699 }])
    expect(await addsUp(t, shop)).toMatchObject({ transferredMinor: 1_699 })

    // Stripe is away while the refund is followed; the sweep takes it up, long after Stripe forgot the key.
    await refundAll(sold.paymentId)
    const down = stripeDown(t)
    await t.drain()
    down.on = false
    await hurry(t)
    expect(await t.drain()).toEqual([])
    expect(await rows('share_reversals', sold)).toEqual([{ status: 'sent', amount: 1_699 }])
    expect(await addsUp(t, shop)).toMatchObject({ earnedMinor: 0, transferredMinor: 0 })
  })

  test('a transfer that arrived and was never heard of, found a day later by its name, not sent again', async () => {
    const shop = await sellingShop(t)
    const lost = losingAnswers(t, 'POST /v1/transfers')
    const buyer = await signUp(t)
    const started = await startBuying(buyer, shop.id)
    await t.sandbox.pay(started.url, { card: GOOD_CARD })
    expect(await t.drain()).not.toEqual([])
    await t.deps.sql`delete from pgboss.job where name = 'sales.move'`
    lost.on = false
    t.clock.advance(2 * DAY)
    await t.deps.jobs.enqueue(t.deps.db, 'payments.sweep', {})
    expect(await t.drain()).toEqual([])
    expect((await t.deps.stripe?.transfers.list({ destination: shop.account }))?.data).toHaveLength(1)
    expect(await addsUp(t, shop)).toMatchObject({ transferredMinor: 1_699 })
  })
})

type Step =
  | { do: 'refund'; part: number }
  | { do: 'fail' | 'dispute' | 'win' | 'lose' | 'restrict' | 'finish' | 'payout' | 'pass' | 'again' }

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant('refund' as const), part: fc.integer({ min: 1, max: 100 }) }),
    },
    ...(['fail', 'dispute', 'win', 'lose', 'restrict', 'finish', 'payout', 'pass', 'again'] as const).map(
      (name) => ({
        weight: 1,
        arbitrary: fc.constant({ do: name }),
      }),
    ),
  ),
  { minLength: 5, maxLength: 9 },
)

test('whatever happens to sales, in whatever order: the books add up, and end even', {
  timeout: 120_000,
}, async () => {
  const shop = await sellingShop(t, 4_999)
  // What the charge itself cannot feed any more comes out of our own balance.
  await t.deps.stripe?.paymentIntents.create({
    amount: 10_000_000,
    currency: 'usd',
    payment_method: 'pm_card_bypassPending',
    confirm: true,
  })
  let paidOut = 0
  await fc.assert(
    fc.asyncProperty(steps, fc.infiniteStream(fc.nat()), async (row, random) => {
      const stripe = t.deps.stripe
      if (!stripe) throw new Error('no Stripe')
      const buyer = await signUp(t)
      const sold = await buyExtension(t, buyer, shop.id)
      const pick = <T>(items: T[]): T | undefined =>
        items[(random.next().value ?? 0) % Math.max(1, items.length)]
      const disputes = async () => (await stripe.disputes.list({ charge: sold.chargeId })).data
      for (const step of row) {
        const charge = await stripe.charges.retrieve(sold.chargeId)
        const open = (await disputes()).filter(({ status }) => status === 'needs_response')
        switch (step.do) {
          case 'refund': {
            const left = charge.amount - charge.amount_refunded
            const amount = Math.min(left, Math.ceil((left * step.part) / 100))
            if (amount > 0 && !charge.disputed) await stripe.refunds.create({ charge: charge.id, amount })
            break
          }
          case 'fail': {
            const refund = pick(
              (await stripe.refunds.list({ charge: charge.id })).data.filter(
                ({ status }) => status === 'succeeded',
              ),
            )
            if (refund) t.sandbox.refunds.fail(refund.id)
            break
          }
          case 'dispute':
            if (!charge.disputed && charge.amount_refunded === 0) t.sandbox.disputes.open(charge.id)
            break
          case 'win':
          case 'lose':
            if (open[0]) t.sandbox.disputes[step.do](open[0].id)
            break
          case 'restrict':
          case 'finish':
            t.sandbox.accounts[step.do](shop.account)
            break
          case 'payout': {
            const there = { stripeAccount: shop.account }
            const amount = (await stripe.balance.retrieve({}, there)).available[0]?.amount ?? 0
            if (amount > 0) await stripe.payouts.create({ amount, currency: 'usd' }, there)
            paidOut += Math.max(0, amount)
            break
          }
          case 'pass':
            t.clock.advance(3 * DAY)
            await t.deps.jobs.enqueue(t.deps.db, 'payments.reconcile', {})
            break
          case 'again': {
            const event = pick(t.sandbox.events().filter(({ type }) => /^(charge|refund|account)/.test(type)))
            if (event) await t.sandbox.deliver(event.id)
          }
        }
        // Now and then several things happen before anybody looks.
        if ((random.next().value ?? 0) % 3 !== 0) {
          expect(await t.drain()).toEqual([])
          await addsUp(t, shop, paidOut)
        }
      }
      // Everything decided, the account in order, time passed: nothing is left to be sent, or it is owed to us.
      for (const { id } of (await disputes()).filter(({ status }) => status === 'needs_response'))
        t.sandbox.disputes.win(id)
      t.sandbox.accounts.finish(shop.account)
      for (let round = 0; round < 2; round++) {
        expect(await t.drain()).toEqual([])
        t.clock.advance(3 * DAY)
        await t.deps.jobs.enqueue(t.deps.db, 'payments.reconcile', {})
      }
      expect(await t.drain()).toEqual([])
      const balance = await addsUp(t, shop, paidOut)
      expect(balance).toMatchObject({ availableMinor: 0, pendingMinor: 0 })
      expect(balance.transferredMinor - balance.negativeMinor).toBe(balance.earnedMinor)
      const charge = await stripe.charges.retrieve(sold.chargeId)
      const lost = (await disputes()).some(({ status }) => status === 'lost')
      const refunds = (await stripe.refunds.list({ charge: charge.id })).data
      const refunded = refunds.reduce(
        (sum, { status, amount }) => sum + (status === 'failed' ? 0 : amount),
        0,
      )
      const kept = lost ? 0 : charge.amount - refunded
      const [sale] = await t.deps
        .sql`select share_minor::int as share from extension_sales where payment_id = ${sold.paymentId}`
      expect(sale?.share).toBe(kept - Math.floor((kept * 1_500 + 5_000) / 10_000))
    }),
    { numRuns: Number(process.env.SALES_RUNS ?? 2), seed: 20_261_122, endOnFailure: true },
  )
})
