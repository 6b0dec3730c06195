import { Hono } from 'hono'
import { createApi } from './api.ts'
import type { Settings } from './context.ts'
import { controls } from './controls.ts'
import { Deliverer, type DeliverOptions } from './delivery.ts'
import { Engine } from './engine.ts'
import { faultAnswer, StripeFault } from './errors.ts'
import { type Disturbance, Faults } from './faults.ts'
import { newId, randomText } from './ids.ts'
import type { DisputeOptions } from './objects/dispute.ts'
import { Operator, type PayForm } from './operator.ts'
import { challengePages } from './pages/challenge.ts'
import { checkoutPages } from './pages/checkout.ts'
import { documentPages } from './pages/documents.ts'
import { portalPages } from './pages/portal.ts'
import { Store } from './store.ts'
import type { Account, Dispute, EarlyFraudWarning, Refund, SandboxEvent } from './types.ts'

export type { SandboxEvent } from './types.ts'
export { API_VERSION } from './version.ts'

export interface StripeSandboxOptions {
  /** SQLite file that keeps the state across restarts; `:memory:` for tests. */
  file: string
  /** Public base URL of the sandbox, used in `session.url`, receipts and the portal: e.g. `http://127.0.0.1:4242`. */
  url: string
  /** Default: the system's. */
  clock?: { now(): Date }
  /** Delivers webhooks; default the global fetch. Tests pass `(request) => app.request(request)`. */
  fetch?: typeof fetch
  /** Endpoints configured up front; more can be made through `POST /v1/webhook_endpoints`. */
  webhooks?: { url: string; secret: string; events?: string[] }[]
  /** Delivers by itself after answering (default). Turned off, only `deliver` does. */
  autoDeliver?: boolean
  /** Waits between attempts at a delivery, in milliseconds; as many retries as there are entries. */
  retryDelaysMs?: number[]
  /** The dashboard's settings: dunning, how long drafts and bank debits take. */
  settings?: Partial<Omit<Settings, 'autoDeliver'>>
}

export interface StripeSandbox {
  /** Serve it with @hono/node-server, or call `app.request`. */
  app: Hono
  /** A fetch bound to the app, for `Stripe.createFetchHttpClient(sandbox.fetch)`: tests need no port. */
  fetch: typeof fetch
  /** Pays (or fails) the hosted page like a person would, through the page's own form. */
  pay(sessionUrlOrId: string, form: PayForm): Promise<Response>
  /** Resolves when all pending deliveries (not delayed retries) are done. */
  settled(): Promise<void>
  /** Full event envelopes, oldest first. */
  events(filter?: { type?: string }): SandboxEvent[]
  /** Posts an event (again) to every endpoint that wants it. */
  deliver(eventId: string, options?: DeliverOptions): Promise<Response[]>
  /** What would be posted: raw body and Stripe-Signature header. */
  signedRequest(eventId: string, options?: DeliverOptions): Request
  /** Passes time: renewals, finalizing, dunning, trial ends, settlements, expiring sessions. See Operator.advance. */
  advance(to: Date | { days?: number; months?: number }): Promise<void>
  /** The sandbox's present time. */
  now(): Date
  disputes: {
    open(chargeId: string, options?: DisputeOptions): Dispute
    win(disputeId: string): Dispute
    lose(disputeId: string): Dispute
  }
  earlyFraudWarning(chargeId: string): EarlyFraudWarning
  refunds: { fail(refundId: string): Refund }
  /** Connected accounts: their owner finishes the onboarding; Stripe restricts them until an answer comes. */
  accounts: { finish(accountId: string): Account; restrict(accountId: string): Account }
  /** Orders a delay or an outage for coming API requests. */
  disturb(disturbance: Disturbance): void
  close(): Promise<void>
}

const MINUTE = 60_000
const DEFAULT_RETRY_DELAYS_MS = [
  1000,
  5000,
  30_000,
  5 * MINUTE,
  30 * MINUTE,
  120 * MINUTE,
  300 * MINUTE,
  600 * MINUTE,
]

const SETTINGS: Omit<Settings, 'autoDeliver'> = {
  dunningRetryDays: [3, 5, 7],
  dunningEnd: 'canceled',
  draftSeconds: 3600,
  asyncSeconds: 3,
}

/** An HTTP stand-in for api.stripe.com that the real `stripe` package talks to, with Stripe's hosted pages. */
export function createStripeSandbox(options: StripeSandboxOptions): StripeSandbox {
  const store = new Store(options.file)
  const clock = options.clock ?? { now: () => new Date() }
  const url = options.url.replace(/\/+$/, '')
  const autoDeliver = options.autoDeliver ?? true
  const engine = new Engine({
    store,
    url,
    clock,
    settings: { ...SETTINGS, ...options.settings, autoDeliver },
  })
  const deliverer = new Deliverer({
    store,
    clock,
    fetch: options.fetch ?? fetch,
    retryDelaysMs: options.retryDelaysMs ?? DEFAULT_RETRY_DELAYS_MS,
  })
  const faults = new Faults()
  configureWebhooks(engine, options.webhooks ?? [])

  let closed = false
  let timer: NodeJS.Timeout | undefined
  const afterwards = (): void => {
    if (closed) return
    deliverer.kick()
    wakeForDue()
  }
  /** Bank debits and expiring sessions come due without any request. */
  const wakeForDue = (): void => {
    clearTimeout(timer)
    const next = engine.nextDue()
    if (next === undefined || closed) return
    const waitMs = Math.min(Math.max(200, (next - engine.now()) * 1000 + 50), MINUTE)
    timer = setTimeout(() => {
      engine.runDue(engine.now())
      afterwards()
    }, waitMs)
    timer.unref()
  }

  const app = new Hono()
  const operator = new Operator(engine, app, deliverer, afterwards)
  app.route('/', createApi(engine, faults, afterwards))
  app.route('/', checkoutPages(engine, afterwards))
  app.route('/', challengePages(engine, afterwards))
  app.route('/', portalPages(engine, afterwards))
  app.route('/', documentPages(engine, afterwards))
  app.route('/', controls(engine, operator, deliverer, faults))
  app.notFound((c) => {
    const requestId = `req_${randomText(14)}`
    const fault = new StripeFault(404, {
      type: 'invalid_request_error',
      message: `Unrecognized request URL (${c.req.method}: ${new URL(c.req.url).pathname}). The sandbox does not know this call.`,
    })
    return c.json(faultAnswer(fault, requestId, url), 404, { 'request-id': requestId })
  })
  app.onError((error, c) => {
    const requestId = `req_${randomText(14)}`
    const fault = new StripeFault(500, { type: 'api_error', message: error.message })
    return c.json(faultAnswer(fault, requestId, url), 500, { 'request-id': requestId })
  })
  afterwards()

  return {
    app,
    fetch: async (input, init) => app.request(input instanceof Request ? input : String(input), init),
    pay: (session, form) => operator.pay(session, form),
    settled: () => deliverer.settled(),
    events: (filter) => operator.events(filter),
    deliver: (id, how) => operator.deliver(id, how),
    signedRequest: (id, how) => operator.signedRequest(id, how),
    advance: (to) => operator.advance(to),
    now: () => new Date(engine.now() * 1000),
    disputes: operator.disputes,
    earlyFraudWarning: (id) => operator.earlyFraudWarning(id),
    refunds: operator.refunds,
    accounts: operator.accounts,
    disturb: (disturbance) => faults.order(disturbance),
    close: async () => {
      closed = true
      clearTimeout(timer)
      await deliverer.close()
      store.close()
    },
  }
}

/** One endpoint per URL; a restart with another secret changes it. */
function configureWebhooks(engine: Engine, webhooks: NonNullable<StripeSandboxOptions['webhooks']>): void {
  for (const { url, secret, events } of webhooks) {
    const known = engine.store.list('webhook_endpoint', { url })[0]
    if (known) {
      engine.store.update({ ...known, enabled_events: events ?? ['*'], _sandbox: { secret } })
      continue
    }
    const now = engine.now()
    const endpoint = {
      id: newId('we'),
      object: 'webhook_endpoint' as const,
      api_version: null,
      application: null,
      created: now,
      description: null,
      enabled_events: events ?? ['*'],
      livemode: false,
      metadata: {},
      status: 'enabled',
      url,
      _sandbox: { secret },
    }
    engine.store.insert('webhook_endpoint', endpoint, now)
  }
}
