import { writeAudit } from '../../../audit.ts'
import type { AdminActor, Ctx } from '../../../context.ts'
import { notFound } from '../../../errors.ts'
import { inTx } from '../../../tx.ts'
import { decodeCursor, encodeCursor } from '../../../wire.ts'
import {
  listWebhookEvents,
  lockWebhookEvent,
  updateWebhookEvent,
  type WebhookEventRow,
  type WebhookStatus,
} from '../queries/webhooks.ts'

const present = (event: WebhookEventRow) => ({
  id: event.id,
  type: event.type,
  apiVersion: event.apiVersion,
  status: event.status,
  attempts: event.attempts,
  lastError: event.lastError,
  occurredAt: event.occurredAt,
  receivedAt: event.receivedAt,
  processedAt: event.processedAt,
})

/** What Stripe delivered, newest first: what failed, and what waits for a decision in quarantine. */
export async function listEvents(
  ctx: Ctx<AdminActor>,
  input: {
    status?: WebhookStatus | undefined
    type?: string | undefined
    cursor?: string | undefined
    limit: number
  },
) {
  const after = decodeCursor(input.cursor)
  const rows = await listWebhookEvents(ctx.db, {
    status: input.status,
    type: input.type,
    after: after && { receivedAt: after.time, id: after.id },
    limit: input.limit,
  })
  const page = rows.slice(0, input.limit)
  const last = rows.length > input.limit ? page.at(-1) : undefined
  return { items: page.map(present), nextCursor: last ? encodeCursor(last.receivedAt, last.id) : null }
}

/** Processes an event again, or a quarantined one at last. Harmless for what was processed: settling is idempotent. */
export async function replayEvent(ctx: Ctx<AdminActor>, { id }: { id: string }) {
  return inTx(ctx, async (ctx) => {
    const event = await lockWebhookEvent(ctx.db, id)
    if (!event) throw notFound('webhook event', id)
    await updateWebhookEvent(ctx.db, id, { status: 'received', processedAt: null })
    await writeAudit(ctx, { action: 'webhook.replay', subject: id, before: { status: event.status } })
    await ctx.deps.jobs.enqueue(ctx.db, 'stripe.event', { eventId: id })
    return present({ ...event, status: 'received', processedAt: null })
  })
}
