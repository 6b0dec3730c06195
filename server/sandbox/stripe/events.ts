import type { Context } from './context.ts'
import { newId } from './ids.ts'
import { strip } from './present.ts'
import type { SandboxEvent, WebhookEndpoint } from './types.ts'
import { API_VERSION } from './version.ts'

/** Endpoints that want this type; a connected account's events go to every endpoint here. */
export function endpointsFor(ctx: Pick<Context, 'store'>, type: string): WebhookEndpoint[] {
  return ctx.store
    .list('webhook_endpoint', { status: 'enabled' })
    .filter(({ enabled_events }) => enabled_events.includes('*') || enabled_events.includes(type))
    .reverse()
}

/** Writes the event in the transaction of what caused it, with one delivery per endpoint. */
export function recordEvent(
  ctx: Context,
  type: string,
  object: object,
  previous?: Record<string, unknown>,
): void {
  const snapshot = strip(object)
  const endpoints = endpointsFor(ctx, type)
  const event: SandboxEvent = {
    id: newId('evt'),
    object: 'event',
    ...(ctx.account ? { account: ctx.account } : {}),
    api_version: API_VERSION,
    created: ctx.now,
    data: { object: snapshot, ...(previous ? { previous_attributes: previous } : {}) },
    livemode: false,
    pending_webhooks: endpoints.length,
    request: { id: ctx.requestId, idempotency_key: ctx.idempotencyKey },
    type,
  }
  ctx.store
    .prepare('INSERT INTO events (id, type, account, created, object_id, json) VALUES (?, ?, ?, ?, ?, ?)')
    .run(
      event.id,
      type,
      ctx.account,
      event.created,
      typeof snapshot.id === 'string' ? snapshot.id : null,
      JSON.stringify(event),
    )
  if (!ctx.settings.autoDeliver) return
  for (const endpoint of endpoints) {
    ctx.store
      .prepare('INSERT INTO deliveries (event_id, endpoint_id, next_at_ms) VALUES (?, ?, 0)')
      .run(event.id, endpoint.id)
  }
}

/**
 * `previous_attributes`: the former values of changed members only. Hashes are followed (a key that is new was `null`),
 * arrays are given whole, as at Stripe.
 */
export function changesOf(before: object, after: object): Record<string, unknown> {
  const old = before as Record<string, unknown>
  const fresh = after as Record<string, unknown>
  const changes: Record<string, unknown> = {}
  for (const key of new Set([...Object.keys(old), ...Object.keys(fresh)])) {
    if (key === '_sandbox' || JSON.stringify(old[key]) === JSON.stringify(fresh[key])) continue
    const [was, is] = [old[key], fresh[key]]
    changes[key] = isHash(was) && isHash(is) ? changesOf(was, is) : (was ?? null)
  }
  return changes
}

function isHash(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
