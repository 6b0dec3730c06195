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
import { and, asc, eq, inArray, isNull, ne, or, sql } from 'drizzle-orm'
import { union } from 'drizzle-orm/pg-core'
import type { TicketRow } from './tickets.ts'

/** What stands where somebody's words were. */
export const ERASED = '[erased]'

/** Whether an account has not been deleted. Asked under the lock of a ticket: who deletes an account holds its tickets first. */
export async function isThere(db: Db, userId: string): Promise<boolean> {
  const rows = await db
    .select({ id: users.id })
    .from(users)
    .where(and(eq(users.id, userId), isNull(users.erasedAt)))
  return rows.length > 0
}

/** Mails of somebody that became notes in tickets, of others as a rule. */
const isMailedBy = (userIds: string[]) =>
  and(inArray(ticketMessages.authorId, userIds), eq(ticketMessages.authorType, 'system'))

/**
 * Locks all tickets of some people, those that they have to do something about as agents, and those that hold mails of theirs, in the
 * order of their ids.
 */
export async function lockTicketsAround(db: Db, userIds: string[]): Promise<void> {
  const { id } = tickets
  // A union and no `or`: of that a planner makes a look at every ticket there is.
  const around = union(
    db.select({ id }).from(tickets).where(inArray(tickets.requesterId, userIds)),
    db
      .select({ id })
      .from(tickets)
      .where(and(inArray(tickets.assigneeId, userIds), sql`${tickets.status} not in ('solved', 'closed')`)),
    db.select({ id: ticketMessages.ticketId }).from(ticketMessages).where(isMailedBy(userIds)),
  )
  await db.select({ id }).from(tickets).where(inArray(id, around)).orderBy(asc(id)).for('update')
}

/** The tickets of a person that are neither solved nor closed, locked in the order of their ids. */
export async function lockUnsolved(db: Db, requesterId: string): Promise<TicketRow[]> {
  return db
    .select()
    .from(tickets)
    .where(and(eq(tickets.requesterId, requesterId), sql`${tickets.status} not in ('solved', 'closed')`))
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
 * @returns what the tickets were about
 */
export async function eraseTicketWords(db: Db, userId: string, now: Date): Promise<string[]> {
  const ids = await lockOwn(db, userId)
  const subjects = await db.select({ subject: tickets.subject }).from(tickets).where(inArray(tickets.id, ids))
  const notes = await db
    .select({ id: ticketMessages.id, ticketId: ticketMessages.ticketId })
    .from(ticketMessages)
    .where(isMailedBy([userId]))
  const noteIds = notes.map((note) => note.id)
  const places = notes.map((note) => note.ticketId)
  // Before the messages: they tell which mails, and which files, are theirs.
  await db
    .update(inboundMails)
    .set({ status: 'ignored', reason: 'erased' })
    .where(
      or(
        inArray(inboundMails.ticketId, ids),
        and(inArray(inboundMails.ticketId, places), inArray(inboundMails.messageId, noteIds)),
      ),
    )
  await db
    .update(ticketAttachments)
    .set({ deletedAt: now, fileName: 'erased' })
    .where(
      and(
        isNull(ticketAttachments.deletedAt),
        or(
          eq(ticketAttachments.uploaderId, userId),
          inArray(ticketAttachments.ticketId, ids),
          inArray(ticketAttachments.messageId, noteIds),
        ),
      ),
    )
  if (ids.length === 0) return []
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
  return subjects.map(({ subject }) => subject)
}

/** Empties the mails of somebody that stand in tickets of others. @returns those tickets */
export async function eraseMailedNotes(db: Db, userId: string): Promise<{ elsewhere: string[] }> {
  const rows = await db
    .update(ticketMessages)
    .set({ body: ERASED, mailMessageId: null, authorId: null })
    .where(isMailedBy([userId]))
    .returning({ ticketId: ticketMessages.ticketId })
  return { elsewhere: [...new Set(rows.map((row) => row.ticketId))].sort() }
}

/** What others wrote in the tickets of a person. */
export async function answersTo(db: Db, requesterId: string): Promise<{ id: string; body: string }[]> {
  return db
    .select({ id: ticketMessages.id, body: ticketMessages.body })
    .from(ticketMessages)
    .innerJoin(tickets, eq(tickets.id, ticketMessages.ticketId))
    .where(
      and(
        eq(tickets.requesterId, requesterId),
        ne(ticketMessages.authorType, 'customer'),
        ne(ticketMessages.body, ERASED),
      ),
    )
}

/** Messages are never changed, but for this: what must be forgotten. */
export async function rewriteMessage(db: Db, id: string, body: string): Promise<void> {
  await db.update(ticketMessages).set({ body }).where(eq(ticketMessages.id, id))
}

/** Makes the tickets of one account another's, when both are one person's. Keys that both used are the other's. */
export async function moveTickets(db: Db, { from, to }: { from: string; to: string }): Promise<void> {
  const ids = await lockOwn(db, from)
  await db.update(ticketAttachments).set({ uploaderId: to }).where(eq(ticketAttachments.uploaderId, from))
  await db
    .update(ticketMessages)
    .set({ authorId: to })
    .where(isMailedBy([from]))
  if (ids.length === 0) return
  await db.update(tickets).set({ requesterId: to, idempotencyKey: null }).where(inArray(tickets.id, ids))
  await db
    .update(ticketMessages)
    .set({ authorId: to, idempotencyKey: null })
    .where(and(inArray(ticketMessages.ticketId, ids), eq(ticketMessages.authorId, from)))
}
