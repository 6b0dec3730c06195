import { randomBytes } from 'node:crypto'
import { newId } from '@devforge/db'
import { expect } from 'vitest'
import { RETURN_URLS } from '../payments/support.ts'
import type { TestApp } from '../support/app.ts'
import { GOOD_CARD } from '../support/payments.ts'
import { type Person, signUp } from '../support/people.ts'

const PAGES = { returnUrl: 'https://app.example/paid', refreshUrl: 'https://app.example/again' }

export interface Shop {
  owner: Person
  publisher: string
  publisherId: string
  /** `publisher.name` */
  id: string
  extensionId: string
}

/** An extension that is there without its packages: what money is concerned with. */
async function listExtension(t: TestApp, publisherId: string, identifier: string): Promise<string> {
  const id = newId('ext')
  await t.deps.sql`insert into extensions (id, publisher_id, name, identifier, status, display_name)
    values (${id}, ${publisherId}, ${identifier.split('.')[1] ?? ''}, ${identifier}, 'published', 'Acme Tools')`
  return id
}

/** Somebody with a publisher and an extension that is free so far. */
export async function openShop(t: TestApp): Promise<Shop> {
  const owner = await signUp(t)
  const publisher = `acme${randomBytes(4).toString('hex')}`
  await owner.forge.call('marketplace.createPublisher', 'mutation', { name: publisher, displayName: 'Acme' })
  const [row] = await t.deps.sql`select id from publishers where name_key = ${publisher}`
  const publisherId = String(row?.id)
  const id = `${publisher}.tools`
  return { owner, publisher, publisherId, id, extensionId: await listExtension(t, publisherId, id) }
}

/** Its owner goes through the provider's onboarding page. @returns the account at Stripe */
export async function onboard(t: TestApp, { owner, publisher, publisherId }: Shop): Promise<string> {
  const link = await owner.forge.call('marketplace.createPayoutAccount', 'mutation', { publisher, ...PAGES })
  const { pathname, search } = new URL(link.url)
  const answer = await t.sandbox.app.request(pathname + search, { method: 'POST' })
  expect(answer.headers.get('location')).toBe(PAGES.returnUrl)
  expect(await t.drain()).toEqual([])
  return stripeAccountOf(t, publisherId)
}

async function stripeAccountOf(t: TestApp, publisherId: string): Promise<string> {
  const [row] = await t.deps.sql`select stripe_account_id from payout_accounts
    where publisher_id = ${publisherId} and closed_at is null`
  return String(row?.stripe_account_id)
}

export const setPrice = ({ owner, id }: Shop, amountMinor: number, currency = 'usd') =>
  owner.forge.call('marketplace.setPrice', 'mutation', { id, amountMinor, currency })

/** A shop whose extension costs something and whose owner can be paid. */
export async function sellingShop(t: TestApp, amountMinor = 1_999): Promise<Shop & { account: string }> {
  const shop = await openShop(t)
  const account = await onboard(t, shop)
  await setPrice(shop, amountMinor)
  expect(await t.drain()).toEqual([])
  return { ...shop, account }
}

export interface Sold {
  checkoutId: string
  paymentId: string
  chargeId: string
  licenseId: string
  licenseKey: string
}

/** Opens the page for an extension. */
export const startBuying = (person: Person, extension: string, extra: { cancelUrl?: string } = {}) =>
  person.forge.payments.createCheckout({ item: { extension }, ...RETURN_URLS, ...extra })

/** Somebody buys an extension on the provider's page. */
export async function buyExtension(t: TestApp, person: Person, extension: string): Promise<Sold> {
  const started = await startBuying(person, extension)
  await t.sandbox.pay(started.url, { card: GOOD_CARD })
  expect(await t.drain()).toEqual([])
  const done = await person.forge.payments.checkout({ id: started.id })
  expect(done.status).toBe('complete')
  const [payment] = await t.deps.sql`select stripe_charge_id from payments where id = ${done.paymentId}`
  return {
    checkoutId: started.id,
    paymentId: done.paymentId ?? '',
    chargeId: String(payment?.stripe_charge_id),
    licenseId: done.licenseId ?? '',
    licenseKey: done.licenseKey ?? '',
  }
}

/** The balance of a shop in dollars; zeros before the first sale. */
export async function balanceOf({ owner, publisher }: Pick<Shop, 'owner' | 'publisher'>) {
  const { items } = await owner.forge.call('marketplace.balance', 'query', { publisher })
  const none = { earnedMinor: 0, transferredMinor: 0, availableMinor: 0, pendingMinor: 0, negativeMinor: 0 }
  return items.find((item) => item.currency === 'usd') ?? { currency: 'usd', sales: 0, ...none }
}

/** What the connected account has at Stripe, whatever it says here. */
async function atStripe(t: TestApp, account: string): Promise<number> {
  const balance = await t.deps.stripe?.balance.retrieve({}, { stripeAccount: account })
  const sum = (rows: { currency: string; amount: number }[] = []) =>
    rows.reduce((total, row) => total + (row.currency === 'usd' ? row.amount : 0), 0)
  return sum(balance?.available) + sum(balance?.pending)
}

/** The balance of a shop, after a look at the books: the ledger, the sales and Stripe say the same, to the cent. */
export async function addsUp(t: TestApp, shop: Shop, paidOutMinor = 0) {
  const balance = await balanceOf(shop)
  const { earnedMinor, transferredMinor, availableMinor, pendingMinor, negativeMinor } = balance
  expect(earnedMinor).toBe(transferredMinor + availableMinor + pendingMinor - negativeMinor)
  const [ledger] = await t.deps.sql`select coalesce(sum(share_minor), 0)::int as earned,
      coalesce(sum(transferred_minor), 0)::int as transferred, coalesce(sum(gross_minor - tax_minor - fee_minor - share_minor), 0)::int as odd
    from sale_entries where publisher_id = ${shop.publisherId} and currency = 'usd'`
  expect(ledger).toEqual({ earned: earnedMinor, transferred: transferredMinor, odd: 0 })
  const account = await stripeAccountOf(t, shop.publisherId)
  expect(await atStripe(t, account)).toBe(transferredMinor - paidOutMinor)
  return balance
}
