import type { Hono } from 'hono'
import type { Context } from './context.ts'
import type { Deliverer, DeliverOptions } from './delivery.ts'
import type { Engine } from './engine.ts'
import { missing } from './errors.ts'
import { endpointsFor } from './events.ts'
import { finishOnboarding, restrictAccount } from './objects/account.ts'
import { addIntervals } from './objects/calendar.ts'
import { type DisputeOptions, decideDispute, openDispute, warnOfFraud } from './objects/dispute.ts'
import { failRefund } from './objects/refund.ts'
import type { Account, Dispute, EarlyFraudWarning, Refund, SandboxEvent } from './types.ts'

export interface PayForm {
  /** A documented test number; `bank_debit` (or `bank_debit:<account>`) pays by bank debit. */
  card: string
  email?: string
  name?: string
  country?: string
  promotionCode?: string
  /** How the bank's challenge is answered; unset: the caller gets the redirect to it. */
  authorize3ds?: boolean
}

/** What at Stripe happens in the dashboard, at the customer's or at the bank. */
export class Operator {
  private readonly engine: Engine
  private readonly app: Hono
  private readonly deliverer: Deliverer
  private readonly afterwards: () => void

  constructor(engine: Engine, app: Hono, deliverer: Deliverer, afterwards: () => void) {
    this.engine = engine
    this.app = app
    this.deliverer = deliverer
    this.afterwards = afterwards
  }

  /** Posts the hosted page's own form; the answer is the page's (303 to the shop, or 402 with the page again). */
  async pay(sessionUrlOrId: string, form: PayForm): Promise<Response> {
    const id = sessionUrlOrId.split('/').at(-1)?.split(/[?#]/)[0] ?? ''
    const debit = /^bank_debit(?::(\w+))?$/.exec(form.card)
    const fields = new URLSearchParams({
      ...(debit ? { method: 'bank_debit', account: debit[1] ?? '' } : { method: 'card', card: form.card }),
      email: form.email ?? 'customer@example.com',
      ...(form.name ? { name: form.name } : {}),
      ...(form.country ? { country: form.country } : {}),
      ...(form.promotionCode ? { promotion_code: form.promotionCode } : {}),
    })
    const answer = await this.post(`/c/pay/${id}`, fields)
    const next = answer.headers.get('location')
    if (form.authorize3ds === undefined || !next?.startsWith(`${this.engine.url}/3d_secure/`)) return answer
    return this.post(
      new URL(next).pathname,
      new URLSearchParams({ action: form.authorize3ds ? 'complete' : 'fail' }),
    )
  }

  private async post(path: string, fields: URLSearchParams): Promise<Response> {
    return this.app.request(path, { method: 'POST', body: fields })
  }

  /** Full envelopes, oldest first. */
  events(filter: { type?: string } = {}): SandboxEvent[] {
    const [conditions, values] = filter.type ? [['type = ?'], [filter.type]] : [['1 = 1'], []]
    return this.engine.store
      .select(conditions, values, { limit: -1 }, 'events')
      .map((json) => JSON.parse(json) as SandboxEvent)
      .reverse()
  }

  event(id: string): SandboxEvent {
    const row = this.engine.store.prepare('SELECT json FROM events WHERE id = ?').get(id)
    if (!row) throw missing('event', id)
    return JSON.parse(String(row.json)) as SandboxEvent
  }

  deliver(eventId: string, options: DeliverOptions = {}): Promise<Response[]> {
    return this.deliverer.deliver(this.event(eventId), options)
  }

  /** What would be posted to the first endpoint that wants the event. */
  signedRequest(eventId: string, options: DeliverOptions = {}): Request {
    const event = this.event(eventId)
    const [endpoint] = endpointsFor({ store: this.engine.store }, event.type)
    if (!endpoint) throw missing('webhook endpoint', `for ${event.type}`)
    return this.deliverer.request(event, endpoint, options)
  }

  /**
   * Passes time. A date is exact; a duration gets the hour on top for which renewal invoices stay drafts, so that
   * after `{ months: 1 }` the renewal has been paid (or has failed).
   */
  async advance(to: Date | { days?: number; months?: number }): Promise<void> {
    const now = this.engine.now()
    const target =
      to instanceof Date
        ? Math.floor(to.getTime() / 1000)
        : addIntervals(now, 'month', to.months ?? 0) +
          (to.days ?? 0) * 86_400 +
          this.engine.settings.draftSeconds +
          60
    if (!Number.isFinite(target)) throw missing('time', String(to))
    this.engine.advance(target)
    this.afterwards()
    await this.deliverer.settled()
  }

  readonly disputes = {
    open: (chargeId: string, options: DisputeOptions = {}): Dispute =>
      this.act(chargeId, (ctx) => openDispute(ctx, ctx.get('charge', chargeId, 'charge'), options)),
    win: (disputeId: string): Dispute => this.decide(disputeId, 'won'),
    lose: (disputeId: string): Dispute => this.decide(disputeId, 'lost'),
  }

  readonly refunds = {
    /** The bank sends the refund back, as late as it likes. */
    fail: (refundId: string): Refund =>
      this.act(refundId, (ctx) => {
        const refund = ctx.get('refund', refundId)
        failRefund(ctx, refund)
        return refund
      }),
  }

  /** Of publishers and other connected accounts. */
  readonly accounts = {
    /** What its owner does on the onboarding page. */
    finish: (id: string): Account => this.onAccount(id, finishOnboarding),
    restrict: (id: string): Account => this.onAccount(id, restrictAccount),
  }

  private onAccount(id: string, work: (ctx: Context, account: Account) => void): Account {
    return this.act(id, (ctx) => {
      const account = ctx.get('account', id)
      work(ctx, account)
      return account
    })
  }

  earlyFraudWarning(chargeId: string): EarlyFraudWarning {
    return this.act(chargeId, (ctx) => warnOfFraud(ctx, ctx.get('charge', chargeId, 'charge')))
  }

  private decide(id: string, verdict: 'won' | 'lost'): Dispute {
    return this.act(id, (ctx) => {
      const dispute = ctx.get('dispute', id)
      decideDispute(ctx, dispute, verdict)
      return dispute
    })
  }

  private act<T>(id: string, work: (ctx: ReturnType<Engine['context']>) => T): T {
    try {
      return this.engine.store.transaction(() =>
        work(this.engine.context({ account: this.engine.store.accountOf(id) })),
      )
    } finally {
      this.afterwards()
    }
  }
}
