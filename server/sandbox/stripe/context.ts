import { missing } from './errors.ts'
import { changesOf, recordEvent } from './events.ts'
import { newId } from './ids.ts'
import type { Store, Where } from './store.ts'
import type { Kind, Kinds } from './types.ts'

/** How the sandboxed account is set up; what at Stripe stands in the dashboard's settings. */
export interface Settings {
  /** Days after a failed renewal at which it is tried again, counted from the previous attempt. */
  dunningRetryDays: number[]
  /** What becomes of the subscription when all retries failed. */
  dunningEnd: 'canceled' | 'unpaid' | 'past_due'
  /** For how long a renewal invoice stays a draft. */
  draftSeconds: number
  /** Bank debits and asynchronous refunds settle after this. */
  asyncSeconds: number
  autoDeliver: boolean
}

/** Kinds of things that happen by themselves when their time comes. */
export type DueKind =
  | 'session_expires'
  | 'payment_settles'
  | 'subscription_period'
  | 'subscription_trial_warning'
  | 'subscription_incomplete'
  | 'invoice_finalizes'
  | 'invoice_retries'
  | 'refund_settles'
  | 'dispute_decides'
  | 'charge_aftermath'

interface Origin {
  store: Store
  settings: Settings
  /** Public base URL of the sandbox, without a trailing slash. */
  url: string
  /** Present time of the sandbox, Unix seconds. */
  now: number
  /** Connected account of the request, '' for the platform's own. */
  account: string
  requestId: string | null
  idempotencyKey: string | null
  /** The caller names an API version, so dropped parameters are refused. */
  pinned: boolean
}

/** Everything that one request, or one thing coming due, may touch. */
export class Context {
  readonly store: Store
  readonly settings: Settings
  readonly url: string
  readonly now: number
  readonly account: string
  readonly requestId: string | null
  readonly idempotencyKey: string | null
  readonly pinned: boolean
  /** The test clock whose time `now` is, '' for the sandbox's own. */
  readonly clock: string

  constructor(origin: Origin, clock = '') {
    this.store = origin.store
    this.settings = origin.settings
    this.url = origin.url
    this.now = origin.now
    this.account = origin.account
    this.requestId = origin.requestId
    this.idempotencyKey = origin.idempotencyKey
    this.pinned = origin.pinned
    this.clock = clock
  }

  /** The same request in the time of a test clock (null: unchanged). */
  atClock(clockId: string | null | undefined): Context {
    if (!clockId || clockId === this.clock) return this
    const clock = this.store.find('test_helpers.test_clock', clockId)
    return clock ? new Context({ ...this, now: clock.frozen_time }, clockId) : this
  }

  /** The same request in the time in which this customer lives. */
  forCustomer(customerId: string | null | undefined): Context {
    if (!customerId) return this
    return this.atClock(this.store.find('customer', customerId)?.test_clock)
  }

  at(now: number): Context {
    return new Context({ ...this, now }, this.clock)
  }

  forAccount(account: string): Context {
    return new Context({ ...this, account }, this.clock)
  }

  /** The object, or Stripe's `resource_missing`. `param` names the parameter that carried the id. */
  get<K extends Kind>(kind: K, id: string, param = 'id'): Kinds[K] {
    const object = this.store.find(kind, id, this.account)
    if (!object) throw missing(LABELS[kind] ?? kind, id, param)
    return object
  }

  find<K extends Kind>(kind: K, id: string | null | undefined): Kinds[K] | undefined {
    return id ? this.store.find(kind, id, this.account) : undefined
  }

  all<K extends Kind>(kind: K, where: Where = {}): Kinds[K][] {
    return this.store.list(kind, where, undefined, this.account)
  }

  id(prefix: string): string {
    return newId(prefix)
  }

  add<K extends Kind>(kind: K, object: Kinds[K] & { id: string }): Kinds[K] {
    this.store.insert(kind, object, this.now, this.account)
    return object
  }

  /** Changes the object in place and in the store; answers what the changed members were before. */
  change<T extends { id: string }>(object: T, patch: Partial<T>): Record<string, unknown> {
    const before = structuredClone(object)
    Object.assign(object, patch)
    this.store.update(object)
    return changesOf(before, object)
  }

  /** Changes and announces; nothing is emitted when nothing changed. */
  changeAndEmit<T extends { id: string }>(type: string, object: T, patch: Partial<T>): void {
    const previous = this.change(object, patch)
    if (Object.keys(previous).length > 0) this.emit(type, object, previous)
  }

  emit(type: string, object: object, previous?: Record<string, unknown>): void {
    recordEvent(this, type, object, previous)
  }

  /** Lets something happen at `at` (Unix seconds) in this context's time; a second call moves it. */
  schedule(kind: DueKind, objectId: string, at: number): void {
    this.store
      .prepare(
        `INSERT INTO due (at, clock, kind, object_id) VALUES (?, ?, ?, ?)
         ON CONFLICT (kind, object_id) DO UPDATE SET at = excluded.at, clock = excluded.clock`,
      )
      .run(at, this.clock, kind, objectId)
  }

  unschedule(kind: DueKind, objectId: string): void {
    this.store.prepare('DELETE FROM due WHERE kind = ? AND object_id = ?').run(kind, objectId)
  }
}

/** Names in `No such …` where they differ from the kind. */
const LABELS: Partial<Record<Kind, string>> = {
  payment_intent: 'payment_intent',
  payment_method: 'PaymentMethod',
  'checkout.session': 'checkout.session',
  promotion_code: 'promotion code',
  webhook_endpoint: 'webhook endpoint',
  setup_intent: 'setupintent',
  'test_helpers.test_clock': 'test clock',
}
