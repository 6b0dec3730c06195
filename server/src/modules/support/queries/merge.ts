import { type Db, ticketAttachments, ticketEvents, ticketLinks, ticketMessages, tickets } from '@devforge/db'
import { and, eq, gte, inArray, isNotNull, min, ne, or, type SQL, sql } from 'drizzle-orm'
import type { MessageRow } from './messages.ts'

/** The ticket that a message stood in before, the last one. */
const lastPlace = sql`${ticketMessages.movedThrough}[cardinality(${ticketMessages.movedThrough})]`

/** Moves messages of a ticket to another, all or some, with their files. Each remembers the way. */
export async function moveMessages(
  db: Db,
  { from, to, ids }: { from: string; to: string; ids?: string[] | undefined },
): Promise<void> {
  await db
    .update(ticketMessages)
    .set({
      ticketId: to,
      movedFromId: sql`coalesce(${ticketMessages.movedFromId}, ${from})`,
      movedThrough: sql`array_append(${ticketMessages.movedThrough}, ${from})`,
    })
    .where(
      and(eq(ticketMessages.ticketId, from), ids === undefined ? undefined : inArray(ticketMessages.id, ids)),
    )
  await moveFiles(db, from)
}

/** Moves back what came from a ticket to another; what was written in the other since stays there. */
export async function moveMessagesBack(db: Db, { from, to }: { from: string; to: string }): Promise<void> {
  await db
    .update(ticketMessages)
    .set({
      ticketId: to,
      movedFromId: sql`case when cardinality(${ticketMessages.movedThrough}) > 1 then ${ticketMessages.movedFromId} end`,
      movedThrough: sql`trim_array(${ticketMessages.movedThrough}, 1)`,
    })
    .where(and(eq(ticketMessages.ticketId, from), sql`${lastPlace} = ${to}`))
  await moveFiles(db, from)
}

/** Files stand where their messages do. */
async function moveFiles(db: Db, from: string): Promise<void> {
  await db
    .update(ticketAttachments)
    .set({ ticketId: sql`${ticketMessages.ticketId}` })
    .from(ticketMessages)
    .where(
      and(
        eq(ticketAttachments.ticketId, from),
        eq(ticketMessages.id, ticketAttachments.messageId),
        ne(ticketMessages.ticketId, from),
      ),
    )
}

const byMerge = (from: string): string => `merge:${from}`

/** Gives a ticket the links of another, which keeps them. */
export async function copyLinks(
  db: Db,
  { from, to, now }: { from: string; to: string; now: Date },
): Promise<void> {
  const links = await db
    .select()
    .from(ticketLinks)
    .where(
      and(eq(ticketLinks.ticketId, from), or(ne(ticketLinks.kind, 'ticket'), ne(ticketLinks.targetId, to))),
    )
  if (links.length === 0) return
  await db
    .insert(ticketLinks)
    .values(links.map((link) => ({ ...link, ticketId: to, createdBy: byMerge(from), createdAt: now })))
    .onConflictDoNothing()
}

/** Takes back the links that came with a merge. */
export async function dropLinks(db: Db, { from, to }: { from: string; to: string }): Promise<void> {
  await db
    .delete(ticketLinks)
    .where(and(eq(ticketLinks.ticketId, to), eq(ticketLinks.createdBy, byMerge(from))))
}

/** Messages of a ticket by their ids, in the order in which they were written. */
export async function findMessagesOf(db: Db, ticketId: string, ids: string[]): Promise<MessageRow[]> {
  return db
    .select()
    .from(ticketMessages)
    .where(and(eq(ticketMessages.ticketId, ticketId), inArray(ticketMessages.id, ids)))
    .orderBy(ticketMessages.sequence)
}

/** What people said to each other: no notes, nothing that machines wrote. */
const isSaid = and(eq(ticketMessages.kind, 'message'), eq(ticketMessages.isAuto, false))

/** When both sides last spoke in a ticket. */
export async function lastWords(db: Db, ticketId: string) {
  const lastOf = (author: 'customer' | 'agent') =>
    sql<Date | null>`max(${ticketMessages.createdAt}) filter (where ${ticketMessages.authorType} = ${author})`.mapWith(
      ticketMessages.createdAt,
    )
  const [row] = await db
    .select({ lastCustomerMessageAt: lastOf('customer'), lastAgentMessageAt: lastOf('agent') })
    .from(ticketMessages)
    .where(and(eq(ticketMessages.ticketId, ticketId), isSaid))
  return row ?? { lastCustomerMessageAt: null, lastAgentMessageAt: null }
}

/** The first that somebody said in a ticket since a time; what came from elsewhere counts or does not. */
export async function firstWord(
  db: Db,
  {
    ticketId,
    author,
    since,
    writtenHere,
  }: { ticketId: string; author: 'customer' | 'agent'; since: Date; writtenHere: boolean },
): Promise<Date | null> {
  const [row] = await db
    .select({ at: min(ticketMessages.createdAt) })
    .from(ticketMessages)
    .where(
      and(
        eq(ticketMessages.ticketId, ticketId),
        isSaid,
        eq(ticketMessages.authorType, author),
        gte(ticketMessages.createdAt, since),
        writtenHere ? sql`${ticketMessages.movedThrough} = '{}'` : undefined,
      ),
    )
  return row?.at ?? null
}

/** Public messages of a ticket, by whether they came from another one, by its id. */
export async function countPublic(
  db: Db,
  { ticketId, notFrom }: { ticketId: string; notFrom?: string | undefined },
): Promise<number> {
  const other: SQL | undefined =
    notFrom === undefined ? undefined : sql`${lastPlace} is distinct from ${notFrom}`
  const [row] = await db
    .select({ n: sql<number>`count(*)::int` })
    .from(ticketMessages)
    .where(and(eq(ticketMessages.ticketId, ticketId), eq(ticketMessages.kind, 'message'), other))
  return row?.n ?? 0
}

/** The tickets that were merged into one, in the order of their ids. */
export async function mergedInto(db: Db, id: string) {
  return db
    .select({ id: tickets.id, closedAt: tickets.closedAt, beforeMerge: tickets.beforeMerge })
    .from(tickets)
    .where(and(eq(tickets.mergedIntoId, id), isNotNull(tickets.mergedIntoId)))
    .orderBy(tickets.id)
}

/** Longer than any chain of merges. */
const MAX_CHAIN = 1_000

/** A ticket and those that its conversation went on in, one after the other; empty if it is not there (or somebody else's). */
export async function mergeChain(
  db: Db,
  { id, requesterId }: { id: string; requesterId?: string | undefined },
): Promise<string[]> {
  const own = requesterId === undefined ? sql`` : sql`and requester_id = ${requesterId}`
  const rows = await db.execute<{ id: string }>(sql`
    with recursive chain as (
      select id, merged_into_id, 1 as place from ${tickets} where id = ${id} ${own}
      union all
      select t.id, t.merged_into_id, place + 1 from chain join ${tickets} t on t.id = chain.merged_into_id
      where place < ${MAX_CHAIN}
    )
    select id from chain order by place`)
  return [...rows].map((row) => row.id)
}

/**
 * Whether a message is one that was written to a ticket, wherever it stands by now: it may have been merged or split away, or stand where
 * its ticket had been merged to until that was undone.
 */
export async function wasWrittenTo(
  db: Db,
  { message, ticketId }: { message: MessageRow; ticketId: string },
): Promise<boolean> {
  const places = [message.ticketId, ...message.movedThrough]
  if (places.includes(ticketId)) return true
  const [row] = await db.execute<{ found: boolean }>(sql`
    with recursive way as (
      select ${ticketId}::text as id
      union
      select e.after->>'mergedIntoId' from way
      join ${ticketEvents} e on e.ticket_id = way.id and e.type = 'ticket.merged'
    )
    select exists (select from way where id in (${sql.join(
      places.map((place) => sql`${place}`),
      sql`, `,
    )})) as found`)
  return row?.found === true
}
