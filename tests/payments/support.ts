import { systemContext } from '@devforge/server/context'
import type { Deps } from '@devforge/server/deps'
import Stripe from 'stripe'
import type { TestApp } from '../support/app.ts'
import { GOOD_CARD } from '../support/payments.ts'
import type { Person } from '../support/people.ts'

export const RETURN_URLS = { successUrl: 'https://app.example/ok', cancelUrl: 'https://app.example/no' }
export const BANK_DEBIT = 'bank_debit'
/** One of Stripe's test accounts whose debits fail. */
export const FAILING_DEBIT = 'bank_debit:000111111116'

export interface Started {
  id: string
  url: string
  sessionId: string
}

/** A checkout that is open at Stripe. */
export async function start(
  t: TestApp,
  person: Person,
  item: { plan: string } | { renew: string } = { plan: 'pro' },
  extra: { quantity?: number; idempotencyKey?: string; promotionCode?: string } = {},
): Promise<Started> {
  const { id, url } = await person.forge.payments.createCheckout({ item, ...RETURN_URLS, ...extra })
  const [row] = await t.deps.sql`select stripe_session_id from checkouts where id = ${id}`
  return { id, url, sessionId: String(row?.stripe_session_id) }
}

/** Pays the hosted page, without letting anything be delivered or worked on. */
export async function pay(t: TestApp, started: Started, card = GOOD_CARD): Promise<void> {
  const answer = await t.sandbox.pay(started.url, { card })
  if (answer.status >= 400) throw new Error(`the page answered ${answer.status}`)
}

/** Ids of Stripe's events of a type, oldest first. */
export const eventIds = (t: TestApp, type: string): string[] =>
  t.sandbox.events({ type }).map((event) => event.id)

/** Lets jobs that wait for their next try run now. */
export const hurry = (t: TestApp) =>
  t.deps.sql`update pgboss.job set start_after = now() where state in ('created', 'retry')`

/** The context of the worker. */
export const asWorker = (deps: Deps) => systemContext(deps, { type: 'system', job: 'test' })

export interface Books {
  licenses: { id: string; status: string; suspendedReason: string | null; revokedReason: string | null }[]
  payments: { id: string; status: string; refundedMinor: number; licenseId: string | null }[]
  checkouts: { id: string; status: string; licenseId: string | null }[]
  /** Mails with a key that were promised. */
  keyMails: number
}

/** What a person has, as the database tells it. */
export async function booksOf(t: TestApp, person: Person): Promise<Books> {
  const { sql } = t.deps
  const [licenses, payments, checkouts, mails] = await Promise.all([
    sql`select id, status, suspended_reason as "suspendedReason", revoked_reason as "revokedReason"
        from licenses where user_id = ${person.id} order by id`,
    sql`select id, status, refunded_minor::int as "refundedMinor", license_id as "licenseId"
        from payments where user_id = ${person.id} order by id`,
    sql`select id, status, license_id as "licenseId" from checkouts where user_id = ${person.id} order by id`,
    sql`select count(*)::int as count from outbox where payload ->> 'template' = 'license-issued'
        and payload ->> 'to' = ${person.email}`,
  ])
  return {
    licenses: [...licenses] as unknown as Books['licenses'],
    payments: [...payments] as unknown as Books['payments'],
    checkouts: [...checkouts] as unknown as Books['checkouts'],
    keyMails: Number(mails[0]?.count),
  }
}

/** Stripe's charge behind a payment. */
export async function chargeOf(t: TestApp, paymentId: string): Promise<string> {
  const [row] = await t.deps.sql`select stripe_charge_id from payments where id = ${paymentId}`
  return String(row?.stripe_charge_id)
}

/** How the stored events stand, by status. */
export async function eventStates(t: TestApp): Promise<Record<string, number>> {
  const rows = await t.deps.sql`select status, count(*)::int as count from webhook_events group by status`
  return Object.fromEntries(rows.map((row) => [String(row.status), Number(row.count)]))
}

/** Puts something between the server and Stripe, and takes the retries of Stripe's package away. */
export function between(t: TestApp, make: (sandbox: typeof fetch) => typeof fetch): void {
  t.deps.stripe = new Stripe('sk_test_suite1234567890', {
    maxNetworkRetries: 0,
    httpClient: Stripe.createFetchHttpClient(make(t.sandbox.fetch)),
  })
}

/** Whether a request to Stripe is this one: `POST /v1/refunds`. */
export const isCall = (call: string, input: Parameters<typeof fetch>[0], init?: RequestInit): boolean =>
  call === `${init?.method ?? 'GET'} ${new URL(String(input)).pathname}`

/** Answers of a call are lost on the way back while `lost.on`: Stripe has done it, we do not know. */
export function losingAnswers(t: TestApp, call: string): { on: boolean } {
  const lost = { on: true }
  between(t, (sandbox) => async (input, init) => {
    const answer = await sandbox(input, init)
    if (lost.on && isCall(call, input, init)) throw new TypeError('connection reset')
    return answer
  })
  return lost
}

/** Stripe does not answer at all while `down.on`. */
export function stripeDown(t: TestApp): { on: boolean } {
  const down = { on: true }
  between(t, (sandbox) => async (input, init) => {
    if (down.on) throw new TypeError('no route to host')
    return sandbox(input, init)
  })
  return down
}

/** The same person with a client that does not try again by itself. */
export async function impatient(t: TestApp, person: Person): Promise<Person> {
  const forge = t.forge({ retries: 0 })
  await forge.auth.signIn({ email: person.email, password: person.password })
  return { ...person, forge }
}
