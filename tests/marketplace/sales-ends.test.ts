import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createTestApp, type TestApp } from '../support/app.ts'
import { failure } from '../support/errors.ts'
import { ask, byName } from '../support/gallery.ts'
import { openMarketplace } from '../support/marketplace.ts'
import { GOOD_CARD } from '../support/payments.ts'
import { signUp } from '../support/people.ts'
import {
  addsUp,
  buyExtension,
  onboard,
  type Shop,
  sellingShop,
  setPrice,
  startBuying,
} from './sales-support.ts'

// What becomes of money and of what was bought when somebody has to go.

vi.setConfig({ testTimeout: 120_000 })

let t: TestApp
beforeAll(async () => {
  t = await createTestApp()
})
afterAll(() => t[Symbol.asyncDispose]())

const pages = { returnUrl: 'https://a.example/ok', refreshUrl: 'https://a.example/again' }

test('owners of a removed publisher still see its money, and reach the account it goes to', async () => {
  const shop = await sellingShop(t)
  const { owner, publisher, id } = shop
  await buyExtension(t, await signUp(t), id)
  const before = await addsUp(t, shop)
  expect(before.earnedMinor).toBeGreaterThan(0)
  const [member, stranger, left] = [await signUp(t), await signUp(t), await signUp(t)]
  await owner.forge.marketplace.addMember({ publisher, userId: member.id, role: 'member' })
  await owner.forge.marketplace.addMember({ publisher, userId: left.id, role: 'owner' })
  await owner.forge.marketplace.removeMember({ publisher, userId: left.id })
  await owner.forge.marketplace.removePublisher({ publisher, reason: 'enough' })
  expect(await t.drain()).toEqual([])

  expect(await addsUp(t, shop)).toEqual(before)
  const month = t.clock.now().toISOString().slice(0, 7)
  expect((await owner.forge.marketplace.payouts({ publisher, month })).items.length).toBeGreaterThan(0)
  expect((await owner.forge.marketplace.payoutsCsv({ publisher, month })).entries).toBeGreaterThan(0)
  const account = await owner.forge.marketplace.createPayoutAccount({ publisher, ...pages })
  expect(account.url).toMatch(/^http/)
  for (const { forge } of [member, stranger, left]) {
    expect(await failure(forge.marketplace.balance({ publisher }))).toBe('PUBLISHER_FORBIDDEN')
    expect(await failure(forge.marketplace.payouts({ publisher, month }))).toBe('PUBLISHER_FORBIDDEN')
    expect(await failure(forge.marketplace.payoutsCsv({ publisher, month }))).toBe('PUBLISHER_FORBIDDEN')
    expect(await failure(forge.marketplace.createPayoutAccount({ publisher, ...pages }))).toBe(
      'PUBLISHER_FORBIDDEN',
    )
  }
  // That is all it is good for.
  expect(await failure(setPrice(shop, 500))).toBe('PUBLISHER_FORBIDDEN')
  expect(await failure(owner.forge.marketplace.members({ publisher }))).toBe('PUBLISHER_FORBIDDEN')
})

test('a share that waited when its publisher was removed is sent once the owner says where to', async () => {
  const shop = await sellingShop(t)
  const { owner, publisher, publisherId, id } = shop
  // The provider closed the account; what is sold meanwhile waits.
  await t.deps
    .sql`update payout_accounts set closed_at = now(), transfers_enabled = false where publisher_id = ${publisherId}`
  await buyExtension(t, await signUp(t), id)
  await owner.forge.marketplace.removePublisher({ publisher, reason: 'enough' })
  expect(await t.drain()).toEqual([])
  const waiting = (await owner.forge.marketplace.balance({ publisher })).items[0]
  expect(waiting).toMatchObject({ transferredMinor: 0 })
  await onboard(t, shop)
  const sent = (await owner.forge.marketplace.balance({ publisher })).items[0]
  expect(sent?.transferredMinor).toBe(waiting?.earnedMinor)
})

test.each(['taken down', 'removed by its author'])(
  'nobody pays on the open page of an extension that is %s',
  async (how) => {
    const shop = await sellingShop(t)
    const { id, owner } = shop
    const buyer = await signUp(t)
    const page = await startBuying(buyer, id)
    if (how === 'taken down') {
      const admin = await signUp(t, { role: 'admin' })
      await admin.forge.marketplace.takedown({ id, reason: 'it steals keys', malicious: true })
    } else await owner.forge.marketplace.remove({ id })
    expect(await t.drain()).toEqual([])
    expect(await buyer.forge.payments.checkout({ id: page.id })).toMatchObject({
      status: 'expired',
      url: null,
    })
    expect((await t.sandbox.pay(page.url, { card: GOOD_CARD })).status).toBe(409)
  },
)

test('who is banned, or signed out, has nothing paid from that moment, at any door; what is free stays', async () => {
  const m = await openMarketplace(t)
  await m.publish({ name: 'tools' })
  await m.publish({ name: 'gratis' })
  const [id, free] = [`${m.publisher}.tools`, `${m.publisher}.gratis`]
  const [row] = await t.deps.sql`select id, publisher_id from extensions where identifier = ${id}`
  const shop: Shop = {
    owner: m.author,
    publisher: m.publisher,
    publisherId: String(row?.publisher_id),
    id,
    extensionId: String(row?.id),
  }
  await onboard(t, shop)
  await setPrice(shop, 2_900)
  expect(await t.drain()).toEqual([])
  const [banned, leaving] = [await signUp(t), await signUp(t)]
  await buyExtension(t, banned, id)
  await buyExtension(t, leaving, id)

  // Access tokens as an editor holds them, good for some more minutes whatever happens.
  const held = async ({ forge }: typeof banned) => {
    const { accessToken } = await forge.auth.refresh()
    const headers = { authorization: `Bearer ${accessToken}` }
    const query = (name: string) => {
      const input = encodeURIComponent(JSON.stringify({ json: { id: name } }))
      return t.fetch(`http://devforge.test/trpc/marketplace.download?input=${input}`, { headers })
    }
    return {
      download: async (name: string) => (await query(name)).status,
      found: async () => (await ask(t, { criteria: byName(id), headers })).extensions.length,
      door: async () => (await t.fetch(`http://devforge.test/api/${m.publisher}/tools`, { headers })).status,
    }
  }
  const [one, two] = [await held(banned), await held(leaving)]
  for (const caller of [one, two]) {
    expect([await caller.download(id), await caller.found(), await caller.door()]).toEqual([200, 1, 200])
  }
  const stranger = (await t.fetch(`http://devforge.test/api/${m.publisher}/tools`)).status
  await m.admin.forge.admin.ban({ userId: banned.id, reason: 'stolen card' })
  await leaving.forge.auth.signOut()
  for (const caller of [one, two]) {
    const refused = expect.toSatisfy((status: number) => status === 401 || status === 403)
    expect([await caller.download(id), await caller.found(), await caller.door()]).toEqual([
      refused,
      0,
      stranger,
    ])
    expect(await caller.download(free)).toBe(200)
  }
})
