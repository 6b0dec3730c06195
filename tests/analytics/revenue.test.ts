import { expect, test } from 'vitest'
import { buyExtension, sellingShop } from '../marketplace/sales-support.ts'
import { chargeOf, pay, start } from '../payments/support.ts'
import { createTestApp, type TestApp } from '../support/app.ts'
import { buy } from '../support/payments.ts'
import { type Person, signUp } from '../support/people.ts'
import { DAY, dayFromNow, runJob, today } from './support.ts'

async function pass(t: TestApp, days: number): Promise<void> {
  t.clock.advance(days * DAY)
  await t.sandbox.advance({ days: 0 })
  expect(await t.drain()).toEqual([])
}

async function again(t: TestApp, person: Person): Promise<Person> {
  const forge = t.forge()
  await forge.auth.signIn({ email: person.email, password: person.password })
  return { ...person, forge }
}

const sum = <K extends string>(series: Record<K, number>[], name: K): number =>
  series.reduce((total, line) => total + line[name], 0)

/** What the tables of payments say, by currency; written here once more, from the rows alone. */
async function books(t: TestApp) {
  const rows = await t.deps.sql`
    select currency, sum(amount_minor)::int as gross, sum(refunded_minor)::int as refunded,
      sum(amount_minor) filter (where status = 'disputed')::int as disputed, count(*)::int as payments
    from payments where paid_at is not null group by 1 order by 1`
  return rows.map((row) => ({ ...row, disputed: row.disputed ?? 0 }))
}

test('purchases of every kind, refunds, disputes, renewals and extensions add up to the cent', async () => {
  await using t = await createTestApp()
  let admin = await signUp(t, { role: 'admin' })
  await admin.forge.admin.createPlan({
    slug: 'euro',
    name: 'Euro',
    kind: 'perpetual',
    amountMinor: 12_345,
    currency: 'eur',
    maxDevices: 1,
    entitlements: [],
  })
  expect(await t.drain()).toEqual([])
  const people = await Promise.all(Array.from({ length: 6 }, () => signUp(t)))
  const [ada, bob, cy, dee, eve, fay] = people as [Person, Person, Person, Person, Person, Person]
  const pro = await buy(t, ada, { plan: 'pro' })
  const partly = await buy(t, bob, { plan: 'pro' })
  const disputed = await buy(t, cy, { plan: 'pro' })
  const won = await buy(t, dee, { plan: 'pro' })
  await buy(t, eve, { plan: 'pro-monthly' })
  await buy(t, fay, { plan: 'euro' })
  const shop = await sellingShop(t, 1_999)
  const sold = await buyExtension(t, ada, shop.id)
  const back = await buyExtension(t, bob, shop.id)
  // A card that is declined brings nothing.
  const declined = await start(t, fay, { plan: 'pro' })
  await pay(t, declined, '4000000000000002').catch(() => {})
  await admin.forge.payments.refund({ paymentId: pro.paymentId, reason: 'all', idempotencyKey: 'a' })
  await admin.forge.payments.refund({
    paymentId: partly.paymentId,
    amountMinor: 123,
    reason: 'x',
    idempotencyKey: 'b',
  })
  await admin.forge.payments.refund({
    paymentId: partly.paymentId,
    amountMinor: 1,
    reason: 'y',
    idempotencyKey: 'c',
  })
  await admin.forge.payments.refund({
    paymentId: back.paymentId,
    amountMinor: 1_000,
    reason: 'z',
    idempotencyKey: 'd',
  })
  t.sandbox.disputes.open(await chargeOf(t, disputed.paymentId))
  const dispute = t.sandbox.disputes.open(await chargeOf(t, won.paymentId))
  expect(await t.drain()).toEqual([])
  t.sandbox.disputes.win(dispute.id)
  expect(await t.drain()).toEqual([])
  const before = { from: dayFromNow(t, -1), to: dayFromNow(t) }
  await pass(t, 32)
  admin = await again(t, admin)

  const range = { from: before.from, to: dayFromNow(t) }
  const report = await admin.forge.analytics.revenue(range)
  expect(report.currencies.map(({ currency }) => currency)).toEqual(['eur', 'usd'])
  for (const [index, book] of (await books(t)).entries()) {
    const { totals, series, currency } = report.currencies[index] ?? expect.fail('a currency is missing')
    expect({
      currency,
      gross: totals.grossMinor,
      refunded: totals.refundedMinor,
      disputed: totals.disputedMinor,
      payments: totals.payments,
    }).toEqual(book)
    expect(totals.netMinor).toBe(totals.grossMinor - totals.refundedMinor - totals.disputedMinor)
    expect(totals.newMinor + totals.renewalMinor + totals.extensionMinor).toBe(totals.grossMinor)
    for (const name of ['grossMinor', 'netMinor', 'refundedMinor', 'disputedMinor', 'payments'] as const) {
      expect(sum(series, name), name).toBe(totals[name])
    }
    expect(series).toHaveLength(34)
  }
  const [eur, usd] = report.currencies
  expect(eur?.totals).toMatchObject({
    grossMinor: 12_345,
    netMinor: 12_345,
    payments: 1,
  })
  expect(usd?.totals).toEqual({
    payments: 8,
    grossMinor: 4 * 49_900 + 2 * 1_900 + 2 * 1_999,
    newMinor: 4 * 49_900 + 1_900,
    renewalMinor: 1_900,
    extensionMinor: 2 * 1_999,
    refundedMinor: 49_900 + 124 + 1_000,
    disputedMinor: 49_900,
    netMinor: 4 * 49_900 + 2 * 1_900 + 2 * 1_999 - 49_900 - 124 - 1_000 - 49_900,
    ...(await ledger(t)),
  })
  expect(usd?.mrrMinor).toBe(1_900)
  expect(eur?.mrrMinor).toBe(0)
  expect(sold.paymentId).not.toBe('')

  // The days of the purchases alone: the renewal is another period's.
  const first = (await admin.forge.analytics.revenue(before)).currencies[1]
  expect(first?.totals).toMatchObject({ renewalMinor: 0, grossMinor: 4 * 49_900 + 1_900 + 2 * 1_999 })
  // And the period before a later one is this one.
  const later = { from: dayFromNow(t, 1), to: dayFromNow(t, 34) }
  const next = await admin.forge.analytics.revenue(later)
  expect(next.currencies[1]).toMatchObject({
    previous: { ...range, totals: usd?.totals },
    totals: { grossMinor: 0 },
  })

  const { csv } = await admin.forge.analytics.exportCsv({ report: 'payments', ...range })
  const lines = csv
    .trim()
    .split('\r\n')
    .map((line) => line.split(','))
  expect(lines[0]).toEqual([
    'paidAt',
    'id',
    'kind',
    'status',
    'currency',
    'amountMinor',
    'refundedMinor',
    'description',
  ])
  const total = (currency: string, column: number) =>
    lines.filter((line) => line[4] === currency).reduce((all, line) => all + Number(line[column]), 0)
  expect([total('usd', 5), total('usd', 6), total('eur', 5)]).toEqual([
    usd?.totals.grossMinor,
    usd?.totals.refundedMinor,
    12_345,
  ])
  // Nine pages of the provider, one after the other.
}, 120_000)

/** Our fee and the publishers' share, by the ledger of sales. */
async function ledger(t: TestApp) {
  const [row] = await t.deps.sql`
    select sum(fee_minor)::int as fee, sum(share_minor)::int as share, sum(gross_minor)::int as gross from sale_entries
    where kind not in ('transfer', 'transfer_reversed')`
  expect(row?.gross).toBe(2 * 1_999 - 1_000)
  return { feeMinor: row?.fee, publishersMinor: row?.share }
}

test('subscriptions: recurring revenue by month, those that began and ended, churn', async () => {
  await using t = await createTestApp()
  let admin = await signUp(t, { role: 'admin' })
  await admin.forge.admin.createPlan({
    slug: 'team-year',
    name: 'Team',
    kind: 'subscription',
    interval: 'year',
    amountMinor: 120_000,
    currency: 'usd',
    maxDevices: 1,
    entitlements: [],
  })
  expect(await t.drain()).toEqual([])
  const [ada, bob] = [await signUp(t), await signUp(t)]
  await buy(t, ada, { plan: 'pro-monthly' })
  await buy(t, bob, { plan: 'team-year' })
  // A new price is for the next buyers: what these two pay stays.
  await admin.forge.admin.updatePlan({ slug: 'team-year', amountMinor: 240_000 })
  await runJob(t, 'analytics.rollUp')
  const now = await admin.forge.analytics.revenue(today(t))
  expect(now.currencies).toMatchObject([{ currency: 'usd', mrrMinor: 1_900 + 10_000 }])
  expect(now.currencies[0]?.mrrSeries).toEqual([{ day: dayFromNow(t), mrrMinor: 11_900 }])
  expect(now.subscriptions).toMatchObject({
    byPlan: [
      { plan: 'pro-monthly', status: 'active', count: 1, quantity: 1 },
      { plan: 'team-year', status: 'active', count: 1, quantity: 1 },
    ],
    series: [{ started: 2, ended: 0, active: 2 }],
    totals: { started: 2, ended: 0, activeAtStart: 0, activeAtEnd: 2, churnRate: null },
  })

  const [subscription] = (await ada.forge.payments.subscriptions()).items
  await ada.forge.payments.cancelSubscription({ id: subscription?.id ?? '', atPeriodEnd: true })
  expect(await t.drain()).toEqual([])
  await pass(t, 32)
  admin = await again(t, admin)
  const range = { from: dayFromNow(t, -10), to: dayFromNow(t) }
  const later = await admin.forge.analytics.revenue(range)
  expect(later.currencies).toMatchObject([{ currency: 'usd', mrrMinor: 10_000, totals: { grossMinor: 0 } }])
  expect(later.subscriptions.totals).toEqual({
    started: 0,
    ended: 1,
    activeAtStart: 2,
    activeAtEnd: 1,
    churnRate: 0.5,
  })
  expect(later.subscriptions.series.at(-1)).toMatchObject({ day: range.to, active: 1 })
  expect(later.subscriptions.previous.totals).toMatchObject({
    activeAtStart: 2,
    activeAtEnd: 2,
    churnRate: 0,
  })
  const { csv } = await admin.forge.analytics.exportCsv({ report: 'subscriptions', ...range })
  expect(csv.split('\r\n')[0]).toBe('day,started,ended,active')
  expect(csv.trim().split('\r\n')).toHaveLength(12)
})
