import { createHmac } from 'node:crypto'
import { endpointsFor } from './events.ts'
import type { Store } from './store.ts'
import type { SandboxEvent, WebhookEndpoint } from './types.ts'

const TIMEOUT_MS = 20_000

/** What a delivery looks like when tests make it by hand. */
export interface DeliverOptions {
  /** Signs with this instead of the endpoint's secret; several separated by a space give several `v1` (rotation). */
  secret?: string
  /** Unix seconds in the signature header; default now. */
  timestamp?: number
  /** Posts the same event so often, all at once. */
  times?: number
}

/** `t=…,v1=…` over `<t>.<raw body>`. https://docs.stripe.com/webhooks#verify-manually */
export function signatureHeader(body: string, secrets: string[], timestamp: number): string {
  const signatures = secrets.map(
    (secret) => `v1=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`,
  )
  return [`t=${timestamp}`, ...signatures].join(',')
}

interface Origin {
  store: Store
  fetch: typeof fetch
  clock: { now(): Date }
  retryDelaysMs: number[]
}

/**
 * Posts events after the answer that caused them. Pending deliveries live in the store, so they survive a restart;
 * what fails is tried again after the configured delays, like Stripe does over three days.
 */
export class Deliverer {
  private readonly origin: Origin
  private running: Promise<void> | undefined
  private timer: NodeJS.Timeout | undefined
  private closed = false

  constructor(origin: Origin) {
    this.origin = origin
  }

  /** Starts on what is due unless a run is under way. */
  kick(): void {
    if (this.closed || this.running) return
    if (this.nextDue() === undefined) {
      this.sleep()
      return
    }
    this.running = this.run().finally(() => {
      this.running = undefined
      // Something may have come in between the last look and now.
      if (!this.closed && this.nextDue() !== undefined) this.kick()
      else this.sleep()
    })
  }

  async settled(): Promise<void> {
    this.kick()
    while (this.running) await this.running
  }

  async close(): Promise<void> {
    this.closed = true
    clearTimeout(this.timer)
    await this.running
  }

  /** The request that would be posted to an endpoint. */
  request(event: SandboxEvent, endpoint: WebhookEndpoint, options: DeliverOptions = {}): Request {
    const body = JSON.stringify(event, null, 2)
    const secrets = options.secret?.split(' ') ?? [endpoint._sandbox?.secret ?? '']
    const timestamp = options.timestamp ?? Math.floor(this.origin.clock.now().getTime() / 1000)
    return new Request(endpoint.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'stripe-signature': signatureHeader(body, secrets, timestamp),
        'user-agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
      },
      body,
    })
  }

  async deliver(event: SandboxEvent, options: DeliverOptions = {}): Promise<Response[]> {
    const requests = endpointsFor({ store: this.origin.store }, event.type).flatMap((endpoint) =>
      Array.from({ length: options.times ?? 1 }, () => this.request(event, endpoint, options)),
    )
    return Promise.all(requests.map((request) => this.origin.fetch(request)))
  }

  private nextDue(): { seq: number; event_id: string; endpoint_id: string; attempts: number } | undefined {
    const row = this.origin.store
      .prepare(
        'SELECT * FROM deliveries WHERE next_at_ms IS NOT NULL AND next_at_ms <= ? ORDER BY seq LIMIT 1',
      )
      .get(Date.now())
    if (!row) return undefined
    return {
      seq: Number(row.seq),
      event_id: String(row.event_id),
      endpoint_id: String(row.endpoint_id),
      attempts: Number(row.attempts),
    }
  }

  private sleep(): void {
    if (this.closed) return
    clearTimeout(this.timer)
    const row = this.origin.store
      .prepare('SELECT min(next_at_ms) AS at FROM deliveries WHERE next_at_ms IS NOT NULL')
      .get()
    if (row?.at === null || row?.at === undefined) return
    this.timer = setTimeout(() => this.kick(), Math.max(10, Number(row.at) - Date.now()))
    this.timer.unref()
  }

  private async run(): Promise<void> {
    for (let due = this.nextDue(); due && !this.closed; due = this.nextDue()) {
      const { status, error } = await this.attempt(due.event_id, due.endpoint_id)
      const succeeded = status !== undefined && status >= 200 && status < 300
      const delay = succeeded ? undefined : this.origin.retryDelaysMs[due.attempts]
      this.origin.store
        .prepare(
          'UPDATE deliveries SET attempts = ?, next_at_ms = ?, last_status = ?, last_error = ? WHERE seq = ?',
        )
        .run(
          due.attempts + 1,
          delay === undefined ? null : Date.now() + delay,
          status ?? null,
          error ?? null,
          due.seq,
        )
    }
  }

  private async attempt(eventId: string, endpointId: string): Promise<{ status?: number; error?: string }> {
    const row = this.origin.store.prepare('SELECT json FROM events WHERE id = ?').get(eventId)
    const endpoint = this.origin.store.find('webhook_endpoint', endpointId)
    // An endpoint deleted meanwhile gets nothing more.
    if (!row || !endpoint) return { status: 200 }
    try {
      const request = this.request(JSON.parse(String(row.json)) as SandboxEvent, endpoint)
      const response = await this.origin.fetch(
        new Request(request, { signal: AbortSignal.timeout(TIMEOUT_MS) }),
      )
      await response.body?.cancel()
      return { status: response.status }
    } catch (error) {
      return { error: error instanceof Error ? error.message : String(error) }
    }
  }
}
