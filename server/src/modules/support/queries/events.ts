import { type Db, runPrepared, ticketEvents, ticketMessages, tickets, users } from '@devforge/db'
import { and, asc, eq, gt, sql } from 'drizzle-orm'
import { CHANNEL, type Topic } from '../../../realtime/notify.ts'
import { type AttachmentView, attachmentsOfMessage } from './attachments.ts'
import type { MessageRow } from './messages.ts'
import { ownedBy } from './tickets.ts'

export type EventRow = typeof ticketEvents.$inferSelect
export type NewEventRow = typeof ticketEvents.$inferInsert

/** Any fixed number: the lock under which events get their places. */
const EVENTS_LOCK = 4_711_020

/** From here to the commit there is one writer of events at a time. The last lock that a transaction takes. */
export async function lockEvents(db: Db): Promise<void> {
  await db.execute(`select pg_advisory_xact_lock(${EVENTS_LOCK})`)
}

/** The lock first: rows get their sequence as they come out of the join with it. */
const WRITE = `
with held as materialized (select pg_advisory_xact_lock(${EVENTS_LOCK})),
written as (
  insert into ticket_events (ticket_id, requester_id, type, version, actor, is_public, message_id, reason, before, after, request_id, at)
  select e.* from held, jsonb_to_recordset($1::jsonb) as e(
    "ticketId" text, "requesterId" text, type text, version int, actor text, "isPublic" boolean, "messageId" text, reason text,
    before jsonb, after jsonb, "requestId" text, at timestamptz)
)
select pg_notify('${CHANNEL}', topic) from unnest($2::text[]) as topic`

/**
 * Writes events, and wakes whoever follows one of the topics. Streams over many tickets go on from a sequence, so no event may appear behind
 * one that was read already: hence the lock. It is the last thing that a change does, so that nobody holds it and waits for another, and one
 * statement, since everybody else waits from the lock to the commit.
 */
export async function insertEvents(db: Db, rows: NewEventRow[], topics: Topic[]): Promise<void> {
  await runPrepared(db, WRITE, [JSON.stringify(rows), topics])
}

/** Whose events a stream tells: those of one ticket, of one person's tickets, or all. */
export type EventScope = { ticketId: string } | { requesterId: string } | 'all'

export interface StreamedEvent {
  event: EventRow
  requesterId: string
  number: number
  subject: string
  status: typeof tickets.$inferSelect.status
  message: MessageRow | null
  authorName: string | null
  attachments: AttachmentView[]
}

/**
 * Events after a sequence, oldest first, with the message that came with them.
 */
export async function listEvents(
  db: Db,
  {
    scope,
    publicOnly,
    after,
    limit,
  }: { scope: EventScope; publicOnly: boolean; after: number; limit: number },
): Promise<StreamedEvent[]> {
  return db
    .select({
      event: ticketEvents,
      requesterId: tickets.requesterId,
      number: tickets.number,
      subject: tickets.subject,
      status: tickets.status,
      message: ticketMessages,
      authorName: users.name,
      attachments: attachmentsOfMessage,
    })
    .from(ticketEvents)
    .innerJoin(tickets, eq(tickets.id, ticketEvents.ticketId))
    .leftJoin(ticketMessages, eq(ticketMessages.id, ticketEvents.messageId))
    .leftJoin(users, eq(users.id, ticketMessages.authorId))
    .where(
      and(
        gt(ticketEvents.sequence, after),
        scope === 'all'
          ? undefined
          : 'ticketId' in scope
            ? eq(ticketEvents.ticketId, scope.ticketId)
            : and(eq(ticketEvents.requesterId, scope.requesterId), ownedBy(scope.requesterId)),
        publicOnly ? ticketEvents.isPublic : undefined,
      ),
    )
    .orderBy(asc(ticketEvents.sequence))
    .limit(limit)
}

/** The newest place in the history: where a stream over many tickets begins that wants only what comes. */
export async function lastSequence(db: Db): Promise<number> {
  const [row] = await db
    .select({ last: sql<number>`coalesce(max(${ticketEvents.sequence}), 0)::float8` })
    .from(ticketEvents)
  return row?.last ?? 0
}
