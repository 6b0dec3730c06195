import { type Db, stripeCursors, webhookEvents } from '@devforge/db'
import { and, asc, desc, eq, gt, inArray, lt, sql } from 'drizzle-orm'

export type WebhookEventRow = typeof webhookEvents.$inferSelect
export type WebhookStatus = WebhookEventRow['status']

/** Stores events that were not stored before. @returns the ids that are new */
export async function insertMissingEvents(
  db: Db,
  rows: (typeof webhookEvents.$inferInsert)[],
): Promise<string[]> {
  if (rows.length === 0) return []
  const inserted = await db
    .insert(webhookEvents)
    .values(rows)
    .onConflictDoNothing({ target: webhookEvents.id })
    .returning({ id: webhookEvents.id })
  return inserted.map((row) => row.id)
}

export async function findWebhookEvent(db: Db, id: string): Promise<WebhookEventRow | undefined> {
  const [row] = await db.select().from(webhookEvents).where(eq(webhookEvents.id, id))
  return row
}

export async function lockWebhookEvent(db: Db, id: string): Promise<WebhookEventRow | undefined> {
  const [row] = await db.select().from(webhookEvents).where(eq(webhookEvents.id, id)).for('update')
  return row
}

export async function updateWebhookEvent(
  db: Db,
  id: string,
  values: Partial<Omit<typeof webhookEvents.$inferInsert, 'attempts'>>,
): Promise<void> {
  await db.update(webhookEvents).set(values).where(eq(webhookEvents.id, id))
}

/** Notes one attempt at processing and what came of it. */
export async function finishAttempt(
  db: Db,
  id: string,
  values: { status: WebhookStatus; lastError: string | null; processedAt: Date | null },
): Promise<void> {
  await db
    .update(webhookEvents)
    .set({ ...values, attempts: sql`${webhookEvents.attempts} + 1` })
    .where(eq(webhookEvents.id, id))
}

/** Events that were stored a while ago and whose job was lost. */
export async function waitingEvents(
  db: Db,
  { before, limit }: { before: Date; limit: number },
): Promise<string[]> {
  const rows = await db
    .select({ id: webhookEvents.id })
    .from(webhookEvents)
    .where(and(eq(webhookEvents.status, 'received'), lt(webhookEvents.receivedAt, before)))
    .orderBy(asc(webhookEvents.receivedAt))
    .limit(limit)
  return rows.map((row) => row.id)
}

/** Events for admins, newest first. The cursor is the time and id of the last row. */
export function listWebhookEvents(
  db: Db,
  filter: {
    status?: WebhookStatus | undefined
    type?: string | undefined
    after?: { receivedAt: Date; id: string } | undefined
    limit: number
  },
): Promise<WebhookEventRow[]> {
  const { status, type, after, limit } = filter
  return db
    .select()
    .from(webhookEvents)
    .where(
      and(
        status === undefined ? undefined : inArray(webhookEvents.status, [status]),
        type === undefined ? undefined : eq(webhookEvents.type, type),
        after === undefined
          ? undefined
          : sql`(${webhookEvents.receivedAt}, ${webhookEvents.id}) < (${after.receivedAt.toISOString()}::timestamptz, ${after.id})`,
      ),
    )
    .orderBy(desc(webhookEvents.receivedAt), desc(webhookEvents.id))
    .limit(limit + 1)
}

/** Failed events young enough to be tried again by themselves. */
export async function failedEvents(
  db: Db,
  { after, limit }: { after: Date; limit: number },
): Promise<string[]> {
  const rows = await db
    .select({ id: webhookEvents.id })
    .from(webhookEvents)
    .where(and(eq(webhookEvents.status, 'failed'), gt(webhookEvents.receivedAt, after)))
    .orderBy(asc(webhookEvents.receivedAt))
    .limit(limit)
  return rows.map((row) => row.id)
}

/** Until when Stripe's events are known to be here. */
export async function findCursor(db: Db, name: string): Promise<Date | null> {
  const [row] = await db
    .select({ until: stripeCursors.until })
    .from(stripeCursors)
    .where(eq(stripeCursors.name, name))
  return row?.until ?? null
}

/** Moves the cursor on; never back, should two runs end in the wrong order. */
export async function keepCursor(db: Db, name: string, until: Date): Promise<void> {
  await db
    .insert(stripeCursors)
    .values({ name, until })
    .onConflictDoUpdate({
      target: stripeCursors.name,
      set: { until: sql`greatest(${stripeCursors.until}, excluded.until)` },
    })
}

/**
 * Reduces payloads of events that were dealt with to the ids that a replay needs: names, addresses and cards are Stripe's to
 * keep. @returns how many
 */
export async function reducePayloads(
  db: Db,
  { before, limit }: { before: Date; limit: number },
): Promise<number> {
  const old = db
    .select({ id: webhookEvents.id })
    .from(webhookEvents)
    .where(
      and(
        inArray(webhookEvents.status, ['processed', 'ignored']),
        lt(webhookEvents.receivedAt, before),
        sql`not ${webhookEvents.payload} ? 'reduced'`,
      ),
    )
    .limit(limit)
  const { payload } = webhookEvents
  const id = (name: string) => {
    const value = sql`${payload} #> array['data', 'object', ${name}::text]`
    return sql`case jsonb_typeof(${value}) when 'object' then ${value} -> 'id' else ${value} end`
  }
  const reduced = sql`jsonb_strip_nulls(jsonb_build_object(
    'id', ${payload} -> 'id',
    'account', ${payload} -> 'account',
    'reduced', true,
    'data', jsonb_build_object('object', jsonb_build_object(
      'id', ${id('id')}, 'object', ${id('object')},
      'payment_intent', ${id('payment_intent')}, 'charge', ${id('charge')}))))`
  const rows = await db
    .update(webhookEvents)
    .set({ payload: reduced })
    .where(inArray(webhookEvents.id, old))
    .returning({ id: webhookEvents.id })
  return rows.length
}
