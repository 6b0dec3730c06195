import type { Sql } from '@devforge/db'
import type { Jobs } from '../../../jobs/queue.ts'

export interface IncomingEvent {
  id: string
  type: string
  apiVersion: string | null
  livemode: boolean
  /** The body as it was signed. */
  body: string
  occurredAt: Date
  receivedAt: Date
  /** `received` is processed; `ignored` is a type we do not follow; `quarantined` waits for an admin. */
  status: 'received' | 'ignored' | 'quarantined'
}

/**
 * Stores an event and the job that processes it, in one transaction of prepared statements by hand: this is what Stripe
 * waits for. An event that is known is left alone, unless it had failed: then its redelivery is another try.
 * @returns whether it is news
 */
export function storeEvent(sql: Sql, jobs: Jobs, event: IncomingEvent): Promise<boolean> {
  return sql.begin(async (tx) => {
    const stored = await tx`
      insert into webhook_events (id, type, api_version, livemode, payload, status, occurred_at, received_at)
      values (
        ${event.id}, ${event.type}, ${event.apiVersion}, ${event.livemode}, ${event.body}::text::jsonb,
        ${event.status}::webhook_status, ${event.occurredAt.toISOString()}, ${event.receivedAt.toISOString()}
      )
      on conflict (id) do update set status = 'received' where webhook_events.status = 'failed'
      returning status`
    if (stored[0]?.status !== 'received') return stored.length > 0
    const db = {
      executeSql: async (text: string, values: unknown[] = []) => ({
        rows: await tx.unsafe(text, values as string[], { prepare: true }),
      }),
    }
    await jobs.boss.send('stripe.event', { eventId: event.id }, { db })
    return true
  })
}
