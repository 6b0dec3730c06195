import { type Db, publisherMembers, publishers, ticketLinks, tickets, users } from '@devforge/db'
import { and, desc, eq, inArray, isNotNull, lt, type SQL, sql } from 'drizzle-orm'
import type { TicketRow, TicketStatus } from './tickets.ts'

/** Tickets that somebody sees as a member of the publisher they are shared with, in this moment. */
const sharedWith = (db: Db, userId: string): SQL | undefined =>
  and(
    sql`cardinality(${tickets.publisherShare}) > 0`,
    inArray(
      tickets.publisherId,
      db
        .select({ id: publisherMembers.publisherId })
        .from(publisherMembers)
        .innerJoin(publishers, eq(publishers.id, publisherMembers.publisherId))
        .where(
          and(
            eq(publisherMembers.userId, userId),
            isNotNull(publisherMembers.acceptedAt),
            eq(publishers.status, 'active'),
          ),
        ),
    ),
  )

/** The extension that a ticket of a publisher is about, as it was linked first. */
const extension = sql<{ id: string; version: string | null } | null>`(
  select json_build_object('id', l.target_id, 'version', l.target_version) from ${ticketLinks} l
  where l.ticket_id = ${tickets.id} and l.kind = 'extension'
  order by l.created_at, l.target_id limit 1
)`

export interface SharedTicket {
  ticket: TicketRow
  extension: { id: string; version: string | null } | null
  requesterName: string
  requesterEmail: string
}

const shared = { ticket: tickets, extension, requesterName: users.name, requesterEmail: users.email }

/** Tickets of one publisher, newest first, one more than the limit. */
export async function listShared(
  db: Db,
  {
    userId,
    publisherId,
    statuses,
    cursor,
    limit,
  }: {
    userId: string
    publisherId: string
    statuses?: TicketStatus[] | undefined
    cursor?: string | undefined
    limit: number
  },
): Promise<SharedTicket[]> {
  return db
    .select(shared)
    .from(tickets)
    .innerJoin(users, eq(users.id, tickets.requesterId))
    .where(
      and(
        eq(tickets.publisherId, publisherId),
        sharedWith(db, userId),
        statuses === undefined ? undefined : inArray(tickets.status, statuses),
        cursor === undefined ? undefined : lt(tickets.id, cursor),
      ),
    )
    .orderBy(desc(tickets.id))
    .limit(limit + 1)
}

export async function findShared(
  db: Db,
  { id, userId }: { id: string; userId: string },
): Promise<SharedTicket | undefined> {
  const [row] = await db
    .select(shared)
    .from(tickets)
    .innerJoin(users, eq(users.id, tickets.requesterId))
    .where(and(eq(tickets.id, id), sharedWith(db, userId)))
  return row
}

/** The ticket, locked: nobody takes the share back while it is being answered. */
export async function lockShared(
  db: Db,
  { id, userId }: { id: string; userId: string },
): Promise<TicketRow | undefined> {
  const [row] = await db
    .select()
    .from(tickets)
    .where(and(eq(tickets.id, id), sharedWith(db, userId)))
    .for('update', { of: tickets })
  return row
}
