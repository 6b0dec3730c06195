import { Context, type DueKind, type Settings } from './context.ts'
import { expireIncomplete, turnPeriod, warnOfTrialEnd } from './objects/billing.ts'
import { expireSession } from './objects/checkout-session.ts'
import { autoFinalize, retryInvoice } from './objects/collection.ts'
import { decideDispute, sufferAftermath } from './objects/dispute.ts'
import { settlePayment } from './objects/outcomes.ts'
import { settleRefund } from './objects/refund.ts'
import type { Store } from './store.ts'

/** What happens when its time comes. An object that has gone or moved on is passed over. */
const DUE: Record<DueKind, (ctx: Context, id: string) => void> = {
  session_expires(ctx, id) {
    const session = ctx.find('checkout.session', id)
    if (session?.status === 'open') expireSession(ctx, session)
  },
  payment_settles(ctx, id) {
    const intent = ctx.find('payment_intent', id)
    if (intent) settlePayment(ctx, intent)
  },
  subscription_period(ctx, id) {
    const subscription = ctx.find('subscription', id)
    if (subscription) turnPeriod(ctx, subscription)
  },
  subscription_trial_warning(ctx, id) {
    const subscription = ctx.find('subscription', id)
    if (subscription) warnOfTrialEnd(ctx, subscription)
  },
  subscription_incomplete(ctx, id) {
    const subscription = ctx.find('subscription', id)
    if (subscription) expireIncomplete(ctx, subscription)
  },
  invoice_finalizes(ctx, id) {
    const invoice = ctx.find('invoice', id)
    if (invoice) autoFinalize(ctx, invoice)
  },
  invoice_retries(ctx, id) {
    const invoice = ctx.find('invoice', id)
    if (invoice) retryInvoice(ctx, invoice)
  },
  refund_settles(ctx, id) {
    const refund = ctx.find('refund', id)
    if (refund && refund.status !== 'failed' && refund.status !== 'canceled') settleRefund(ctx, refund)
  },
  dispute_decides(ctx, id) {
    const dispute = ctx.find('dispute', id)
    if (dispute?._sandbox?.verdict && dispute.status.endsWith('under_review')) {
      decideDispute(ctx, dispute, dispute._sandbox.verdict)
    }
  },
  charge_aftermath(ctx, id) {
    const charge = ctx.find('charge', id)
    if (charge) sufferAftermath(ctx, charge)
  },
}

/** Keeps the sandbox's time and lets due things happen in their own order, each at its own time. */
export class Engine {
  readonly store: Store
  readonly settings: Settings
  readonly url: string
  private readonly clock: { now(): Date }

  constructor(origin: { store: Store; settings: Settings; url: string; clock: { now(): Date } }) {
    this.store = origin.store
    this.settings = origin.settings
    this.url = origin.url
    this.clock = origin.clock
  }

  /** Unix seconds: the given clock, moved by what `advance` added. */
  now(): number {
    return Math.floor(this.clock.now().getTime() / 1000) + Number(this.store.setting('offset_seconds') ?? 0)
  }

  context(
    given: Partial<Pick<Context, 'account' | 'requestId' | 'idempotencyKey' | 'pinned' | 'now'>> = {},
  ): Context {
    return new Context({
      store: this.store,
      settings: this.settings,
      url: this.url,
      now: given.now ?? this.now(),
      account: given.account ?? '',
      requestId: given.requestId ?? null,
      idempotencyKey: given.idempotencyKey ?? null,
      pinned: given.pinned ?? true,
    })
  }

  /** Moves the sandbox's own time; test clocks keep theirs. */
  advance(to: number): void {
    this.runDue(to)
    this.store.setSetting('offset_seconds', String(to - Math.floor(this.clock.now().getTime() / 1000)))
  }

  /** Lets everything happen that is due by `until` on this clock ('' is the sandbox's own). */
  runDue(until: number, clock = ''): void {
    for (;;) {
      const row = this.store
        .prepare('SELECT * FROM due WHERE clock = ? AND at <= ? ORDER BY at, seq LIMIT 1')
        .get(clock, until)
      if (!row) return
      const [kind, id] = [String(row.kind) as DueKind, String(row.object_id)]
      try {
        this.store.transaction(() => {
          this.store.prepare('DELETE FROM due WHERE seq = ?').run(Number(row.seq))
          if (clock) this.freeze(clock, Number(row.at))
          const ctx = this.context({ now: Number(row.at), account: this.store.accountOf(id) }).atClock(clock)
          DUE[kind](ctx, id)
        })
      } catch (error) {
        // Inside a request everything is rolled back with it; on its own it must not block what comes after.
        if (this.store.db.isTransaction) throw error
        this.store.prepare('DELETE FROM due WHERE seq = ?').run(Number(row.seq))
        this.store.setSetting(
          'last_failure',
          `${kind} ${id}: ${error instanceof Error ? error.stack : error}`,
        )
      }
    }
  }

  /** When the next thing is due on the sandbox's own clock, Unix seconds. */
  nextDue(): number | undefined {
    const row = this.store.prepare("SELECT min(at) AS at FROM due WHERE clock = ''").get()
    return row?.at === null || row?.at === undefined ? undefined : Number(row.at)
  }

  /** While a test clock advances, its customers live at the time of what happens. */
  private freeze(clock: string, at: number): void {
    const object = this.store.find('test_helpers.test_clock', clock)
    if (object && at > object.frozen_time) this.store.update({ ...object, frozen_time: at })
  }

  /** `test_helpers.test_clocks.advance`: everything happens within the call; the clock is `ready` when it answers. */
  advanceClock(ctx: Context, clockId: string, to: number): void {
    const clock = ctx.get('test_helpers.test_clock', clockId)
    ctx.changeAndEmit('test_helpers.test_clock.advancing', clock, { status: 'advancing' })
    this.runDue(to, clockId)
    const fresh = ctx.get('test_helpers.test_clock', clockId)
    ctx.change(fresh, { frozen_time: to, status: 'ready' })
    ctx.emit('test_helpers.test_clock.ready', fresh, { status: 'advancing', frozen_time: clock.frozen_time })
  }
}
