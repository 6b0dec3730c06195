import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createTestApp, TEST_URL, type TestApp } from '../support/app.ts'
import { failure } from '../support/errors.ts'
import { ask, byName } from '../support/gallery.ts'
import { licensed } from '../support/licenses.ts'
import { openMarketplace } from '../support/marketplace.ts'
import { GOOD_CARD } from '../support/payments.ts'
import { type Person, signUp } from '../support/people.ts'
import {
  addsUp,
  buyExtension,
  onboard,
  type Shop,
  sellingShop,
  setPrice,
  startBuying,
} from './sales-support.ts'

// Each buys and settles for real: on a busy machine that takes its time.
vi.setConfig({ testTimeout: 120_000 })

let t: TestApp
beforeAll(async () => {
  t = await createTestApp()
})
afterAll(() => t[Symbol.asyncDispose]())

const asEditor = async (person: Person) => {
  const { token } = await person.forge.auth.createApiToken({ name: 'editor', scopes: ['read'] })
  return { authorization: `Bearer ${token}` }
}

test('a paid extension from its publishing to its refund: SDK, gallery, Open VSX, lease and money', async () => {
  const m = await openMarketplace(t)
  expect(await m.publish({ name: 'tools' })).toMatchObject({ status: 'published' })
  const id = `${m.publisher}.tools`
  const [row] = await t.deps.sql`select id, publisher_id from extensions where identifier = ${id}`
  const shop: Shop = {
    owner: m.author,
    publisher: m.publisher,
    publisherId: String(row?.publisher_id),
    id,
    extensionId: String(row?.id),
  }
  const stranger = await signUp(t)
  expect(await stranger.forge.marketplace.download({ id })).toMatchObject({ extension: id })
  await onboard(t, shop)
  await setPrice(shop, 2_900)
  expect(await t.drain()).toEqual([])

  // For sale: everybody finds it in the store with its price; only who has paid gets the package.
  expect(await t.forge().marketplace.get({ id })).toMatchObject({
    price: { amountMinor: 2_900, currency: 'usd' },
  })
  const { owner: buyer, key } = await licensed(t, { admin: m.admin })
  const editors = { stranger: await asEditor(stranger), buyer: await asEditor(buyer) }
  const inGallery = async (headers: Record<string, string>) =>
    (await ask(t, { criteria: byName(id), headers })).extensions.length
  const openVsx = `${TEST_URL}/api/${m.publisher}/tools`
  await expect(t.forge().marketplace.download({ id })).rejects.toMatchObject({
    code: 'ENTITLEMENT_REQUIRED',
    details: { extension: id, amountMinor: 2_900, currency: 'usd' },
  })
  expect(await failure(stranger.forge.marketplace.download({ id }))).toBe('ENTITLEMENT_REQUIRED')
  expect([await inGallery({}), await inGallery(editors.stranger), await inGallery(editors.buyer)]).toEqual([
    0, 0, 0,
  ])
  const told = (await (await t.fetch(openVsx)).json()) as {
    downloadable: boolean
    files: { download?: string }
  }
  expect([told.downloadable, told.files.download]).toEqual([false, undefined])
  // Its own publisher goes on having it.
  expect(await m.author.forge.marketplace.download({ id })).toMatchObject({ extension: id })

  const sold = await buyExtension(t, buyer, id)
  const { url, sha256 } = await buyer.forge.marketplace.download({ id })
  const bytes = Buffer.from(await (await t.fetch(url)).arrayBuffer())
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256)
  expect([await inGallery({}), await inGallery(editors.stranger), await inGallery(editors.buyer)]).toEqual([
    0, 0, 1,
  ])
  expect(await failure(stranger.forge.marketplace.download({ id }))).toBe('ENTITLEMENT_REQUIRED')
  const machine = 'machine-of-the-buyer'
  const { lease } = await t.forge().licenses.activate({ key, fingerprint: machine })
  expect(JSON.parse(Buffer.from(lease.split('.')[1] ?? '', 'base64url').toString())).toMatchObject({
    plan: 'pro',
    entitlements: expect.arrayContaining([`extension:${id}`, 'remote-models']),
  })
  // 15 % of 29.00 is 4.35.
  expect(await addsUp(t, shop)).toMatchObject({ sales: 1, earnedMinor: 2_465, transferredMinor: 2_465 })

  const refund = (amountMinor?: number) =>
    m.admin.forge.payments.refund({
      paymentId: sold.paymentId,
      reason: 'asked for',
      idempotencyKey: `whole-${amountMinor}`,
      ...(amountMinor === undefined ? {} : { amountMinor }),
    })
  await refund(900)
  expect(await t.drain()).toEqual([])
  expect(await addsUp(t, shop)).toMatchObject({ earnedMinor: 1_700, transferredMinor: 1_700 })
  expect(await buyer.forge.marketplace.download({ id })).toMatchObject({ extension: id })
  await refund()
  expect(await t.drain()).toEqual([])
  expect(await addsUp(t, shop)).toMatchObject({ earnedMinor: 0, transferredMinor: 0, negativeMinor: 0 })
  expect(await failure(buyer.forge.marketplace.download({ id }))).toBe('ENTITLEMENT_REQUIRED')
  expect(await inGallery(editors.buyer)).toBe(0)

  const { csv } = await m.author.forge.marketplace.payoutsCsv({
    publisher: m.publisher,
    month: t.clock.now().toISOString().slice(0, 7),
  })
  const kinds = csv
    .trimEnd()
    .split('\r\n')
    .slice(1)
    .map((line) => line.split(',')[2])
  expect(kinds.sort()).toEqual([
    'refund',
    'refund',
    'sale',
    'transfer',
    'transfer_reversed',
    'transfer_reversed',
  ])
  // Bought again after the refund: nothing stands in the way.
  await buyExtension(t, buyer, id)
  expect(await buyer.forge.marketplace.download({ id })).toMatchObject({ extension: id })
})

test('members who are no owners see no money; nobody acts for an owner', async () => {
  const [owner, member] = [await signUp(t), await signUp(t)]
  const publisher = `pub${owner.id.slice(-8).toLowerCase()}`
  await owner.forge.marketplace.createPublisher({ name: publisher })
  await t.deps.sql`insert into publisher_members (publisher_id, user_id, role, accepted_at)
    select id, ${member.id}, 'member', now() from publishers where name_key = ${publisher}`
  const of = { publisher, month: '2026-11' }
  const pages = { returnUrl: 'https://a.example/ok', refreshUrl: 'https://a.example/again' }
  const { marketplace } = member.forge
  expect(await failure(marketplace.balance({ publisher }))).toBe('PUBLISHER_FORBIDDEN')
  expect(await failure(marketplace.payouts(of))).toBe('PUBLISHER_FORBIDDEN')
  expect(await failure(marketplace.payoutsCsv(of))).toBe('PUBLISHER_FORBIDDEN')
  expect(await failure(marketplace.createPayoutAccount({ publisher, ...pages }))).toBe('PUBLISHER_FORBIDDEN')
  expect(await failure(marketplace.setPrice({ id: `${publisher}.x`, free: true }))).toBe(
    'PUBLISHER_FORBIDDEN',
  )
  const { token } = await owner.forge.auth.createApiToken({ name: 'ci', scopes: ['publish', 'read'] })
  expect(await failure(t.forge({ apiToken: token }).marketplace.balance({ publisher }))).toMatch(
    /^AUTH_|FORBIDDEN/,
  )
  // What a browser would run is no page to return to.
  for (const returnUrl of ['javascript:alert(1)', 'data:text/html,x', '/here']) {
    const given = { publisher, ...pages, returnUrl }
    expect(await failure(owner.forge.marketplace.createPayoutAccount(given))).toBe('INVALID_INPUT')
  }
})

test('ten clicks make one account at the provider; one that was closed there gets a successor', async () => {
  const owner = await signUp(t)
  const publisher = `pub${owner.id.slice(-8).toLowerCase()}`
  await owner.forge.marketplace.createPublisher({ name: publisher })
  const open = () =>
    owner.forge.marketplace.createPayoutAccount({
      publisher,
      returnUrl: 'devforge://payouts',
      refreshUrl: 'https://a.example/again',
    })
  const links = await Promise.all(Array.from({ length: 10 }, open))
  const accounts = new Set(links.map(({ url }) => new URL(url).pathname))
  expect(accounts.size).toBe(1)
  const [account = ''] = [...accounts].map((path) => path.split('/').at(-1) ?? '')
  t.sandbox.accounts.finish(account)
  expect(await t.drain()).toEqual([])
  expect(await open()).toMatchObject({
    expiresAt: null,
    account: { transfersEnabled: true, requirementsDue: [] },
  })
  await t.deps.stripe?.accounts.del(account)
  expect(await t.drain()).toEqual([])
  expect((await owner.forge.marketplace.balance({ publisher })).account).toBeNull()
  const next = await open()
  expect(next.url).not.toContain(account)
  expect(next.account).toMatchObject({ detailsSubmitted: false, transfersEnabled: false })
})

test('taxes are the state’s: the share is of what is left without them, after refunds too', async () => {
  await using taxed = await createTestApp({ env: { STRIPE_AUTOMATIC_TAX: 'true' } })
  const shop = await sellingShop(taxed, 10_000)
  const [buyer, admin] = [await signUp(taxed), await signUp(taxed, { role: 'admin' })]
  const started = await startBuying(buyer, shop.id)
  await taxed.sandbox.pay(started.url, { card: GOOD_CARD, country: 'DE' })
  expect(await taxed.drain()).toEqual([])
  const [payment] = (await buyer.forge.payments.list()).items
  expect(payment).toMatchObject({ amountMinor: 11_900 })
  expect(await addsUp(taxed, shop)).toMatchObject({ earnedMinor: 8_500, transferredMinor: 8_500 })
  const half = { paymentId: payment?.id ?? '', amountMinor: 5_950, reason: 'half', idempotencyKey: 'half' }
  await admin.forge.payments.refund(half)
  expect(await taxed.drain()).toEqual([])
  expect(await addsUp(taxed, shop)).toMatchObject({ earnedMinor: 4_250, transferredMinor: 4_250 })
  const ledger = await taxed.deps
    .sql`select kind, tax_minor::int as tax, fee_minor::int as fee from sale_entries
    where gross_minor <> 0 order by gross_minor`
  expect(ledger).toEqual([
    { kind: 'refund', tax: -950, fee: -750 },
    { kind: 'sale', tax: 1_900, fee: 1_500 },
  ])
})
