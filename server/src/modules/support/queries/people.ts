import {
  type Db,
  inboundMails,
  ticketAttachments,
  ticketDiagnostics,
  ticketMessages,
  ticketSearch,
  tickets,
  users,
} from '@devforge/db'
import { and, asc, eq, inArray, isNull, or, sql } from 'drizzle-orm'

/** What stands where somebody's words were. */
const ERASED = '[erased]'

/** Whether an account has not been deleted. Asked under the lock of a ticket: who deletes an account holds its tickets first. */
export async function isThere(db: Db, userId: string): Promise<boolean> {
  const rows = await db
    .select({ id: users.id })
    .from(users)
    .where(and(eq(users.id, userId), isNull(users.erasedAt)))
  return rows.length > 0
}

/** Locks all tickets of some people, and those that they have to do something about as agents, in the order of their ids. */
export async function lockTicketsAround(db: Db, userIds: string[]): Promise<void> {
  await db
    .select({ id: tickets.id })
    .from(tickets)
    .where(
      or(
        inArray(tickets.requesterId, userIds),
        and(inArray(tickets.assigneeId, userIds), sql`${tickets.status} not in ('solved', 'closed')`),
      ),
    )
    .orderBy(asc(tickets.id))
    .for('update')
}

/** The tickets of a person, locked in the order in which everybody locks them. */
async function lockOwn(db: Db, requesterId: string): Promise<string[]> {
  const rows = await db
    .select({ id: tickets.id })
    .from(tickets)
    .where(eq(tickets.requesterId, requesterId))
    .orderBy(asc(tickets.id))
    .for('update')
  return rows.map((row) => row.id)
}

/**
 * Empties the tickets of a person of their words: what they wrote, attached, sent by mail and told of their machine. The tickets stay, as
 * numbers in the books of support; so do the answers of agents. Bytes go with the next sweep.
 */
export async function eraseTicketWords(db: Db, userId: string, now: Date): Promise<void> {
  const ids = await lockOwn(db, userId)
  await db
    .update(ticketAttachments)
    .set({ deletedAt: now, fileName: 'erased' })
    .where(
      and(
        isNull(ticketAttachments.deletedAt),
        or(eq(ticketAttachments.uploaderId, userId), inArray(ticketAttachments.ticketId, ids)),
      ),
    )
  if (ids.length === 0) return
  await db
    .update(ticketMessages)
    .set({ body: ERASED, mailMessageId: null, idempotencyKey: null })
    .where(
      and(
        inArray(ticketMessages.ticketId, ids),
        // What came by mail and became a note is theirs, too.
        or(eq(ticketMessages.authorType, 'customer'), eq(ticketMessages.source, 'mail')),
      ),
    )
  await db
    .update(tickets)
    .set({
      subject: 'Erased',
      satisfactionComment: null,
      idempotencyKey: null,
      requestHash: null,
      publisherShare: [],
    })
    .where(inArray(tickets.id, ids))
  await db.delete(ticketDiagnostics).where(inArray(ticketDiagnostics.ticketId, ids))
  await db.delete(ticketSearch).where(inArray(ticketSearch.ticketId, ids))
  await db
    .update(inboundMails)
    .set({ status: 'ignored', reason: 'erased' })
    .where(inArray(inboundMails.ticketId, ids))
}

/** Makes the tickets of one account another's, when both are one person's. Keys that both used are the other's. */
export async function moveTickets(db: Db, { from, to }: { from: string; to: string }): Promise<void> {
  const ids = await lockOwn(db, from)
  await db.update(ticketAttachments).set({ uploaderId: to }).where(eq(ticketAttachments.uploaderId, from))
  if (ids.length === 0) return
  await db.update(tickets).set({ requesterId: to, idempotencyKey: null }).where(inArray(tickets.id, ids))
  await db
    .update(ticketMessages)
    .set({ authorId: to, idempotencyKey: null })
    .where(and(inArray(ticketMessages.ticketId, ids), eq(ticketMessages.authorId, from)))
}
