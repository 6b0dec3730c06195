import { LicenseManager, memoryLicenseStorage } from '@devforge/sdk/offline'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { RETURN_URLS } from '../payments/support.ts'
import { createTestApp, type TestApp } from '../support/app.ts'
import { failure } from '../support/errors.ts'
import { fingerprint, licensed } from '../support/licenses.ts'
import { GOOD_CARD } from '../support/payments.ts'
import { type Person, signUp } from '../support/people.ts'
import {
  addsUp,
  balanceOf,
  buyExtension,
  onboard,
  openShop,
  sellingShop,
  setPrice,
  startBuying,
} from './sales-support.ts'

const DAY = 86_400_000

// Each buys and settles for real: on a busy machine that takes its time.
vi.setConfig({ testTimeout: 120_000 })

let t: TestApp
let admin: Person
beforeAll(async () => {
  t = await createTestApp({ env: { MARKETPLACE_CURRENCIES: 'usd,eur' } })
  admin = await signUp(t, { role: 'admin' })
})
afterAll(() => t[Symbol.asyncDispose]())

let calls = 0
const refund = async (paymentId: string, amountMinor?: number) => {
  const given = { paymentId, reason: 'asked for', idempotencyKey: `refund-${++calls}` }
  await admin.forge.payments.refund(amountMinor === undefined ? given : { ...given, amountMinor })
  expect(await t.drain()).toEqual([])
}
const entitlementsOf = async (key: string, machine: string): Promise<string[]> =>
  (decodeJwt((await t.forge().licenses.lease({ key, fingerprint: machine })).lease).entitlements ??
    []) as string[]

describe('prices', () => {
  test('only who can be paid may sell; within limits; the same price again changes nothing; free ends it', async () => {
    const shop = await openShop(t)
    await expect(setPrice(shop, 1_999)).rejects.toMatchObject({
      code: 'PAYOUT_ACCOUNT_REQUIRED',
      details: { publisher: shop.publisher },
    })
    await onboard(t, shop)
    expect(await failure(setPrice(shop, 99))).toBe('PRICE_OUT_OF_RANGE')
    expect(await failure(setPrice(shop, 1_000_001))).toBe('PRICE_OUT_OF_RANGE')
    expect(await failure(setPrice(shop, 1_999, 'jpy'))).toBe('CURRENCY_NOT_SUPPORTED')
    expect(await failure(setPrice({ ...shop, id: `${shop.publisher}.nope` }, 1_999))).toBe(
      'EXTENSION_NOT_FOUND',
    )
    expect(await setPrice(shop, 1_999)).toEqual({
      id: shop.id,
      price: { amountMinor: 1_999, currency: 'usd' },
    })
    await Promise.all([setPrice(shop, 1_999), setPrice(shop, 1_999)])
    await setPrice(shop, 2_499, 'eur')
    expect(await t.drain()).toEqual([])
    const prices = await t.deps
      .sql`select amount_minor::int as amount, currency, ended_at is null as now, stripe_price_id
      from extension_prices where extension_id = ${shop.extensionId} order by id`
    expect(prices).toMatchObject([
      { amount: 1_999, currency: 'usd', now: false },
      { amount: 2_499, currency: 'eur', now: true },
    ])
    const atStripe = await t.deps.stripe?.prices.retrieve(String(prices[1]?.stripe_price_id))
    expect(atStripe).toMatchObject({
      unit_amount: 2_499,
      currency: 'eur',
      product: `devforge_${shop.extensionId}`,
    })
    const free = { id: shop.id, free: true } as const
    expect(await shop.owner.forge.call('marketplace.setPrice', 'mutation', free)).toEqual({
      id: shop.id,
      price: null,
    })
    expect(await t.deps.sql`select paid from extensions where id = ${shop.extensionId}`).toEqual([
      { paid: false },
    ])
    expect(await failure(startBuying(admin, shop.id))).toBe('EXTENSION_NOT_FOR_SALE')
  })

  test('ten owners’ clicks at once leave one present price', async () => {
    const shop = await sellingShop(t)
    await Promise.all(Array.from({ length: 10 }, (_, index) => setPrice(shop, 1_000 + index)))
    const open = await t.deps.sql`select 1 from extension_prices
      where extension_id = ${shop.extensionId} and ended_at is null`
    expect(open).toHaveLength(1)
  })
})

describe('buying', () => {
  test('page, license, entitlement in every lease, share at the publisher; bought once', async () => {
    const shop = await sellingShop(t)
    const { owner: buyer, key: editorKey } = await licensed(t, { admin })
    const machine = fingerprint()
    await t.forge().licenses.activate({ key: editorKey, fingerprint: machine })
    const sold = await buyExtension(t, buyer, shop.id)
    const product = `extension:${shop.id}`
    expect(await buyer.forge.licenses.get({ id: sold.licenseId })).toMatchObject({
      product,
      plan: 'extension',
      status: 'active',
      maxDevices: 3,
      entitlements: [product],
      updatesUntil: null,
    })
    expect(await buyer.forge.payments.get({ id: sold.paymentId })).toMatchObject({
      amountMinor: 1_999,
      description: `Acme Tools (${shop.id})`,
      licenseId: sold.licenseId,
    })
    expect(await entitlementsOf(editorKey, machine)).toContain(product)
    const asked = (entitlement: string) => t.forge().licenses.validate({ key: editorKey, entitlement })
    expect([(await asked(product)).code, (await asked('extension:acme.other')).code]).toEqual([
      'VALID',
      'ENTITLEMENT_MISSING',
    ])
    await t.forge().licenses.activate({ key: sold.licenseKey, fingerprint: machine })
    expect(await entitlementsOf(sold.licenseKey, machine)).toContain(product)
    expect(await t.forge().licenses.validate({ key: sold.licenseKey, product })).toMatchObject({
      code: 'VALID',
    })
    expect(await t.mails(buyer.email)).toContainEqual(
      expect.objectContaining({ text: expect.stringContaining('Acme Tools') }),
    )
    // 15 % of 19.99 is 2.9985: the fee is rounded, the share is the rest.
    expect(await addsUp(t, shop)).toMatchObject({
      earnedMinor: 1_699,
      transferredMinor: 1_699,
      availableMinor: 0,
    })
    const transfers = await t.deps.stripe?.transfers.list({ destination: shop.account })
    expect(transfers?.data).toMatchObject([{ amount: 1_699, source_transaction: sold.chargeId }])
    await expect(startBuying(buyer, shop.id)).rejects.toMatchObject({
      code: 'ALREADY_OWNED',
      details: { licenseId: sold.licenseId },
    })
    expect(await failure(startBuying(shop.owner, shop.id))).toBe('ALREADY_OWNED')
    const call = (extra: object) =>
      failure(buyer.forge.payments.createCheckout({ item: { extension: shop.id }, ...RETURN_URLS, ...extra }))
    expect(await call({ quantity: 2 })).toBe('QUANTITY_NOT_SUPPORTED')
    expect(await call({ currency: 'eur' })).toBe('CURRENCY_NOT_SUPPORTED')
    expect(await call({ promotionCode: 'FREEBIRD' })).toBe('PROMOTION_CODE_INVALID')
  })

  test('two pages of one buyer, both paid at once: one license, the other money goes back, one share', async () => {
    const shop = await sellingShop(t)
    const buyer = await signUp(t)
    const first = await startBuying(buyer, shop.id)
    expect((await startBuying(buyer, shop.id)).id).toBe(first.id)
    const second = await startBuying(buyer, shop.id, { cancelUrl: 'https://app.example/other' })
    expect(second.id).not.toBe(first.id)
    await Promise.all([first, second].map(({ url }) => t.sandbox.pay(url, { card: GOOD_CARD })))
    expect(await t.drain()).toEqual([])
    const { items: payments } = await buyer.forge.payments.list()
    expect(payments.map((payment) => payment.status).sort()).toEqual(['refunded', 'succeeded'])
    expect((await buyer.forge.licenses.list()).items).toMatchObject([{ status: 'active' }])
    expect(await addsUp(t, shop)).toMatchObject({ sales: 1, earnedMinor: 1_699 })
  })

  test('the price of the page is what is paid, whatever the extension costs by then; a fee of its day', async () => {
    const shop = await sellingShop(t, 1_000)
    const buyer = await signUp(t)
    const started = await startBuying(buyer, shop.id)
    await setPrice(shop, 5_000)
    await t.sandbox.pay(started.url, { card: GOOD_CARD })
    expect(await t.drain()).toEqual([])
    expect((await buyer.forge.payments.list()).items).toMatchObject([
      { amountMinor: 1_000, status: 'succeeded' },
    ])
    expect(await addsUp(t, shop)).toMatchObject({ earnedMinor: 850 })
    // A new page has the new price, also for the same request.
    const other = await signUp(t)
    expect((await buyExtension(t, other, shop.id)).paymentId).toMatch(/^pay_/)
    expect(await addsUp(t, shop)).toMatchObject({ earnedMinor: 850 + 4_250 })
  })

  test('removed or made free while the page is open: the money goes back, nothing is shared', async () => {
    for (const gone of ['removed', 'free'] as const) {
      const shop = await sellingShop(t)
      const buyer = await signUp(t)
      const started = await startBuying(buyer, shop.id)
      await t.sandbox.pay(started.url, { card: GOOD_CARD })
      if (gone === 'removed')
        await t.deps.sql`update extensions set status = 'removed' where id = ${shop.extensionId}`
      else await shop.owner.forge.call('marketplace.setPrice', 'mutation', { id: shop.id, free: true })
      expect(await t.drain()).toEqual([])
      const [payment] = (await buyer.forge.payments.list()).items
      expect(payment).toMatchObject({ status: 'refunded' })
      const why = await t.deps.sql`select reason from payment_events
        where payment_id = ${payment?.id ?? ''} and type = 'payment.unfulfilled'`
      expect(why).toEqual([{ reason: `extension_${gone}` }])
      expect((await buyer.forge.licenses.list()).items).toEqual([])
      expect(await addsUp(t, shop)).toMatchObject({ sales: 0, earnedMinor: 0 })
    }
  })

  test('made free: pages that are open are ended, who bought keeps it', async () => {
    const shop = await sellingShop(t)
    const [early, late] = [await signUp(t), await signUp(t)]
    await buyExtension(t, early, shop.id)
    const started = await startBuying(late, shop.id)
    await shop.owner.forge.call('marketplace.setPrice', 'mutation', { id: shop.id, free: true })
    expect(await t.drain()).toEqual([])
    expect(await late.forge.payments.checkout({ id: started.id })).toMatchObject({ status: 'expired' })
    expect((await early.forge.licenses.list()).items).toMatchObject([{ status: 'active' }])
  })
})

describe('money that goes back', () => {
  test('a part, then the rest: the share follows to the cent, at the end the access is gone, offline editors too', async () => {
    const shop = await sellingShop(t)
    const { owner: buyer, key } = await licensed(t, { admin })
    const sold = await buyExtension(t, buyer, shop.id)
    const product = `extension:${shop.id}`
    const editor = new LicenseManager({
      forge: t.forge(),
      storage: memoryLicenseStorage(),
      fingerprint: fingerprint(),
      now: () => t.clock.now().getTime(),
    })
    expect((await editor.activate(key)).has(product)).toBe(true)

    await refund(sold.paymentId, 667)
    // 13.32 are left; the fee of them is 1.998.
    expect(await addsUp(t, shop)).toMatchObject({ earnedMinor: 1_132, transferredMinor: 1_132 })
    expect((await editor.sync()).status.has(product)).toBe(true)
    await buyer.forge.payments.requestRefund({ paymentId: sold.paymentId, reason: 'not what I thought' })

    await refund(sold.paymentId)
    expect(await addsUp(t, shop)).toMatchObject({ earnedMinor: 0, transferredMinor: 0, availableMinor: 0 })
    expect(await buyer.forge.licenses.get({ id: sold.licenseId })).toMatchObject({ status: 'revoked' })
    expect(editor.check().has(product)).toBe(true)
    const { status } = await editor.sync()
    expect(status).toMatchObject({ state: 'valid', plan: 'pro' })
    expect(status.has(product)).toBe(false)
    expect(status.has('remote-models')).toBe(true)

    // The bank sends the refunds back: access and share are given again, the editor learns of it.
    for (const { id } of (await t.deps.stripe?.refunds.list({ charge: sold.chargeId }))?.data ?? []) {
      t.sandbox.refunds.fail(id)
    }
    expect(await t.drain()).toEqual([])
    expect((await editor.sync({ force: true })).status.has(product)).toBe(true)
    // The charge has fed one transfer: the next comes out of our own balance, once there is something in it.
    expect(await addsUp(t, shop)).toMatchObject({ earnedMinor: 1_699, availableMinor: 1_699 })
    t.clock.advance(3 * DAY)
    await t.deps.jobs.enqueue(t.deps.db, 'payments.reconcile', {})
    expect(await t.drain()).toEqual([])
    expect(await addsUp(t, shop)).toMatchObject({ earnedMinor: 1_699, transferredMinor: 1_699 })
  })

  test('offline: an editor that hears the list but gets no lease loses the extension and nothing else, and gets it back', async () => {
    const shop = await sellingShop(t)
    const { owner: buyer, key } = await licensed(t, { admin })
    const sold = await buyExtension(t, buyer, shop.id)
    const product = `extension:${shop.id}`
    const cut = { leases: false }
    const editor = new LicenseManager({
      forge: t.forge({
        retries: 0,
        fetch: (input, init) =>
          cut.leases && String(input).includes('licenses.lease')
            ? Promise.reject(new TypeError('fetch failed'))
            : t.fetch(input, init),
      }),
      storage: memoryLicenseStorage(),
      fingerprint: fingerprint(),
      now: () => t.clock.now().getTime(),
    })
    await editor.activate(key)
    cut.leases = true
    const dispute = t.sandbox.disputes.open(sold.chargeId)
    expect(await t.drain()).toEqual([])
    const { status } = await editor.sync()
    expect([status.state, status.has(product), status.has('remote-models')]).toEqual(['valid', false, true])
    // Kept over a restart.
    expect((await editor.load()).has(product)).toBe(false)
    t.sandbox.disputes.win(dispute.id)
    expect(await t.drain()).toEqual([])
    cut.leases = false
    expect((await editor.sync()).status.has(product)).toBe(true)
  })

  test('a dispute holds the share, a lost one takes it back, a won one lets it go', async () => {
    const shop = await sellingShop(t, 10_000)
    const restricted = () => t.sandbox.accounts.restrict(shop.account)
    restricted()
    expect(await t.drain()).toEqual([])
    const [won, lost] = [
      await buyExtension(t, await signUp(t), shop.id),
      await buyExtension(t, await signUp(t), shop.id),
    ]
    expect(await addsUp(t, shop)).toMatchObject({
      earnedMinor: 17_000,
      availableMinor: 17_000,
      transferredMinor: 0,
    })
    const disputes = [won, lost].map(({ chargeId }) => t.sandbox.disputes.open(chargeId))
    expect(await t.drain()).toEqual([])
    expect(await addsUp(t, shop)).toMatchObject({
      earnedMinor: 17_000,
      availableMinor: 0,
      pendingMinor: 17_000,
    })
    // The account is in order again: nothing is sent while the bank decides.
    t.sandbox.accounts.finish(shop.account)
    expect(await t.drain()).toEqual([])
    expect(await addsUp(t, shop)).toMatchObject({ transferredMinor: 0, pendingMinor: 17_000 })
    t.sandbox.disputes.win(disputes[0]?.id ?? '')
    t.sandbox.disputes.lose(disputes[1]?.id ?? '')
    expect(await t.drain()).toEqual([])
    expect(await addsUp(t, shop)).toMatchObject({
      earnedMinor: 8_500,
      transferredMinor: 8_500,
      pendingMinor: 0,
    })
    // Weeks later the bank thinks again: what the loss took is given back, the access too.
    const license = () =>
      t.deps.sql`select status, suspended_reason from licenses where id = ${lost.licenseId}`
    expect(await license()).toMatchObject([{ status: 'revoked' }])
    t.sandbox.disputes.win(disputes[1]?.id ?? '')
    expect(await t.drain()).toEqual([])
    expect(await license()).toMatchObject([{ status: 'active', suspended_reason: null }])
    expect(await addsUp(t, shop)).toMatchObject({ earnedMinor: 17_000, transferredMinor: 17_000 })
  })

  test('an account that was paid out owes: kept from the next sales, in all never more nor less', async () => {
    const shop = await sellingShop(t, 10_000)
    const sold = await buyExtension(t, await signUp(t), shop.id)
    await t.deps.stripe?.payouts.create({ amount: 8_500, currency: 'usd' }, { stripeAccount: shop.account })
    await refund(sold.paymentId)
    expect(await addsUp(t, shop, 8_500)).toMatchObject({
      earnedMinor: 0,
      transferredMinor: 8_500,
      negativeMinor: 8_500,
    })
    await setPrice(shop, 6_000)
    await buyExtension(t, await signUp(t), shop.id)
    expect(await addsUp(t, shop, 8_500)).toMatchObject({
      earnedMinor: 5_100,
      transferredMinor: 8_500,
      negativeMinor: 3_400,
    })
    await buyExtension(t, await signUp(t), shop.id)
    expect(await addsUp(t, shop, 8_500)).toMatchObject({
      earnedMinor: 10_200,
      transferredMinor: 10_200,
      negativeMinor: 0,
    })
  })
})

describe('the report', () => {
  test('a month of the ledger, page by page and as CSV, adds up to the balance', async () => {
    const shop = await sellingShop(t, 3_333)
    const sold = [
      await buyExtension(t, await signUp(t), shop.id),
      await buyExtension(t, await signUp(t), shop.id),
    ]
    await refund(sold[0]?.paymentId ?? '', 1_111)
    const month = t.clock.now().toISOString().slice(0, 7)
    const of = { publisher: shop.publisher, month }
    const seen = []
    let cursor: string | undefined
    do {
      const page = await shop.owner.forge.call('marketplace.payouts', 'query', {
        ...of,
        limit: 2,
        ...(cursor ? { cursor } : {}),
      })
      seen.push(...page.items)
      cursor = page.nextCursor ?? undefined
      expect(page.totals).toHaveLength(1)
      expect(page.totals[0]).toMatchObject({ grossMinor: 5_555, currency: 'usd' })
    } while (cursor)
    expect(seen.map((entry) => entry.kind).sort()).toEqual(
      ['refund', 'sale', 'sale', 'transfer', 'transfer', 'transfer_reversed'].sort(),
    )
    const { csv, entries, fileName } = await shop.owner.forge.call('marketplace.payoutsCsv', 'query', of)
    expect([entries, fileName]).toEqual([6, `${shop.publisher}-${month}.csv`])
    const lines = csv
      .trimEnd()
      .split('\r\n')
      .map((line) => line.split(','))
    const columns = lines[0] ?? []
    const sum = (name: string) =>
      Math.round(lines.slice(1).reduce((total, line) => total + Number(line[columns.indexOf(name)]) * 100, 0))
    const balance = await balanceOf(shop)
    expect([sum('gross'), sum('share'), sum('transferred')]).toEqual([
      5_555,
      balance.earnedMinor,
      balance.transferredMinor,
    ])
    expect(sum('gross')).toBe(sum('tax') + sum('fee') + sum('share'))
    // Another month has nothing.
    const empty = await shop.owner.forge.call('marketplace.payoutsCsv', 'query', { ...of, month: '2020-01' })
    expect(empty).toMatchObject({ entries: 0 })
    t.clock.advance(DAY)
  })
})
