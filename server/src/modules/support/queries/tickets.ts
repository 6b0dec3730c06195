import { type Db, ticketMessages, tickets, users } from '@devforge/db'
import { and, desc, eq, inArray, lt, ne, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/pg-core'

export type TicketRow = typeof tickets.$inferSelect
export type NewTicket = typeof tickets.$inferInsert
export type TicketStatus = TicketRow['status']
/** Members that a change may set; the rest is kept by `saveTicket`. */
export type TicketPatch = Partial<
  Omit<TicketRow, 'id' | 'number' | 'requesterId' | 'version' | 'createdAt' | 'updatedAt'>
>

/** Whose tickets may be touched: those of one person, or (agents) all. */
export interface TicketScope {
  requesterId?: string | undefined
}

/**
 * The tickets of a person. What came by mail is theirs once the address is: anybody can sign up with an address of somebody else, who
 * then writes to us.
 */
export const ownedBy = (requesterId: string) =>
  and(
    eq(tickets.requesterId, requesterId),
    sql`(${tickets.source} <> 'mail' or exists (select from users u where u.id = ${requesterId} and u.email_verified))`,
  )

const inScope = ({ id, requesterId }: TicketScope & { id: string }) =>
  and(eq(tickets.id, id), requesterId === undefined ? undefined : ownedBy(requesterId))

/** @returns undefined when the key was used before: the first request is the one that counts */
export async function insertTicket(db: Db, values: NewTicket): Promise<TicketRow | undefined> {
  const [row] = await db
    .insert(tickets)
    .values(values)
    .onConflictDoNothing({ target: [tickets.requesterId, tickets.idempotencyKey] })
    .returning()
  return row
}

export async function findTicketByKey(
  db: Db,
  { requesterId, idempotencyKey }: { requesterId: string; idempotencyKey: string },
): Promise<TicketRow | undefined> {
  const [row] = await db
    .select()
    .from(tickets)
    .where(and(eq(tickets.requesterId, requesterId), eq(tickets.idempotencyKey, idempotencyKey)))
  return row
}

/** The ticket, locked until the transaction ends: whatever is decided about it is decided on this state of it. */
export async function lockTicket(
  db: Db,
  scope: TicketScope & { id: string },
): Promise<TicketRow | undefined> {
  const [row] = await db.select().from(tickets).where(inScope(scope)).for('update')
  return row
}

/** Several tickets, locked in the order of their ids, so that two who lock the same ones never wait for each other. */
export async function lockTickets(db: Db, ids: string[]): Promise<TicketRow[]> {
  return db.select().from(tickets).where(inArray(tickets.id, ids)).orderBy(tickets.id).for('update')
}

/** Tickets by their ids, of whoever. For the desk. */
export async function findTicketsById(db: Db, ids: string[]): Promise<TicketRow[]> {
  if (ids.length === 0) return []
  return db.select().from(tickets).where(inArray(tickets.id, ids)).orderBy(tickets.id)
}

/** Writes a change of a locked ticket. */
export async function updateTicket(
  db: Db,
  id: string,
  patch: TicketPatch & { version: number; updatedAt: Date },
): Promise<TicketRow | undefined> {
  const [row] = await db.update(tickets).set(patch).where(eq(tickets.id, id)).returning()
  return row
}

const requester = alias(users, 'requester')
const assignee = alias(users, 'assignee')
const people = {
  requesterName: requester.name,
  requesterEmail: requester.email,
  assigneeName: assignee.name,
}

export interface PeopledTicket {
  ticket: TicketRow
  requesterName: string
  requesterEmail: string
  assigneeName: string | null
}

export async function findTicket(
  db: Db,
  scope: TicketScope & { id: string },
): Promise<PeopledTicket | undefined> {
  const [row] = await db
    .select({ ticket: tickets, ...people })
    .from(tickets)
    .innerJoin(requester, eq(requester.id, tickets.requesterId))
    .leftJoin(assignee, eq(assignee.id, tickets.assigneeId))
    .where(inScope(scope))
  return row
}

/** One's own tickets, newest first, one more than the limit. */
export async function listTickets(
  db: Db,
  {
    requesterId,
    statuses,
    cursor,
    limit,
  }: {
    requesterId: string
    statuses?: TicketStatus[] | undefined
    cursor?: string | undefined
    limit: number
  },
): Promise<PeopledTicket[]> {
  return db
    .select({ ticket: tickets, ...people })
    .from(tickets)
    .innerJoin(requester, eq(requester.id, tickets.requesterId))
    .leftJoin(assignee, eq(assignee.id, tickets.assigneeId))
    .where(
      and(
        ownedBy(requesterId),
        statuses === undefined ? undefined : inArray(tickets.status, statuses),
        cursor === undefined ? undefined : lt(tickets.id, cursor),
      ),
    )
    .orderBy(desc(tickets.id))
    .limit(limit + 1)
}

/** Whether the newest public message is an agent's: then it is the customer's turn. */
export async function isAnswered(db: Db, ticketId: string): Promise<boolean> {
  const [row] = await db
    .select({ authorType: ticketMessages.authorType })
    .from(ticketMessages)
    .where(
      and(
        eq(ticketMessages.ticketId, ticketId),
        eq(ticketMessages.kind, 'message'),
        eq(ticketMessages.isAuto, false),
      ),
    )
    .orderBy(desc(ticketMessages.sequence))
    .limit(1)
  return row?.authorType === 'agent'
}

/** The newest other tickets of a person, newest first. */
export async function otherTickets(
  db: Db,
  { requesterId, except, limit }: { requesterId: string; except: string; limit: number },
): Promise<Pick<TicketRow, 'id' | 'number' | 'subject' | 'status' | 'createdAt'>[]> {
  return db
    .select({
      id: tickets.id,
      number: tickets.number,
      subject: tickets.subject,
      status: tickets.status,
      createdAt: tickets.createdAt,
    })
    .from(tickets)
    .where(and(eq(tickets.requesterId, requesterId), ne(tickets.id, except)))
    .orderBy(desc(tickets.id))
    .limit(limit)
}
