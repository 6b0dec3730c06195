import { type Db, inboundMails, ticketMessages, tickets, users } from '@devforge/db'
import { and, asc, desc, eq, gte, inArray, isNotNull, isNull, lt, ne, or, sql } from 'drizzle-orm'

export type InboundMailRow = typeof inboundMails.$inferSelect

/** @returns undefined when the very same bytes came before */
export async function insertInboundMail(
  db: Db,
  values: typeof inboundMails.$inferInsert,
): Promise<InboundMailRow | undefined> {
  const [row] = await db
    .insert(inboundMails)
    .values(values)
    .onConflictDoNothing({ target: inboundMails.sha256 })
    .returning()
  return row
}

export async function lockInboundMail(db: Db, id: string): Promise<InboundMailRow | undefined> {
  const [row] = await db.select().from(inboundMails).where(eq(inboundMails.id, id)).for('update')
  return row
}

export async function findInboundMail(db: Db, id: string): Promise<InboundMailRow | undefined> {
  const [row] = await db.select().from(inboundMails).where(eq(inboundMails.id, id))
  return row
}

/** Whether another mail is this one, come by another way. */
export async function isKnownMail(
  db: Db,
  { id, identity }: { id: string; identity: Buffer },
): Promise<boolean> {
  const [row] = await db
    .select({ id: inboundMails.id })
    .from(inboundMails)
    .where(and(eq(inboundMails.identity, identity), ne(inboundMails.id, id)))
  return row !== undefined
}

export async function updateInboundMail(
  db: Db,
  id: string,
  patch: Partial<
    Pick<
      InboundMailRow,
      'status' | 'reason' | 'ticketId' | 'messageId' | 'identity' | 'storageKey' | 'attempts' | 'updatedAt'
    >
  >,
): Promise<void> {
  await db.update(inboundMails).set(patch).where(eq(inboundMails.id, id))
}

/** Mails taken before a time that nobody has worked on to the end. */
export async function waitingMails(db: Db, before: Date): Promise<string[]> {
  const rows = await db
    .select({ id: inboundMails.id })
    .from(inboundMails)
    .where(and(eq(inboundMails.status, 'received'), lt(inboundMails.createdAt, before)))
    .orderBy(asc(inboundMails.createdAt))
    .limit(500)
  return rows.map((row) => row.id)
}

/** Whether the very same bytes came before. */
export async function hasMailBytes(db: Db, sha256: Buffer): Promise<boolean> {
  const rows = await db
    .select({ id: inboundMails.id })
    .from(inboundMails)
    .where(eq(inboundMails.sha256, sha256))
  return rows.length > 0
}

/** Gives up mails that nobody has looked at since a time. */
export async function expireParked(db: Db, { before, now }: { before: Date; now: Date }): Promise<void> {
  await db
    .update(inboundMails)
    .set({ status: 'ignored', reason: 'expired', updatedAt: now })
    .where(and(eq(inboundMails.status, 'parked'), lt(inboundMails.updatedAt, before)))
}

/** Mails whose bytes have been kept long enough, or must go at once. Those that people have yet to look at are kept longer. */
export async function outdatedMails(db: Db, before: Date): Promise<{ id: string; storageKey: string }[]> {
  const rows = await db
    .select({ id: inboundMails.id, storageKey: inboundMails.storageKey })
    .from(inboundMails)
    .where(
      and(
        isNotNull(inboundMails.storageKey),
        inArray(inboundMails.status, ['processed', 'ignored']),
        or(lt(inboundMails.createdAt, before), inArray(inboundMails.reason, ['erased', 'expired'])),
      ),
    )
    .limit(500)
  return rows.flatMap(({ id, storageKey }) => (storageKey === null ? [] : [{ id, storageKey }]))
}

/** The ticket that one of these mails belongs to: ours that were answered, or theirs that came before. The newest counts. */
export async function ticketOfMails(db: Db, messageIds: string[]): Promise<string | undefined> {
  if (messageIds.length === 0) return undefined
  const [row] = await db
    .select({ ticketId: ticketMessages.ticketId })
    .from(ticketMessages)
    .where(inArray(ticketMessages.mailMessageId, messageIds))
    .orderBy(desc(ticketMessages.sequence))
    .limit(1)
  return row?.ticketId
}

/**
 * The newest mails of a ticket, oldest first: what another one answers. The condition is one that no index has: few messages of all have
 * been mailed, and PostgreSQL would otherwise look through those rather than through the ticket's.
 */
export async function mailsOfTicket(db: Db, ticketId: string, limit: number): Promise<string[]> {
  const rows = await db
    .select({ mailMessageId: ticketMessages.mailMessageId })
    .from(ticketMessages)
    .where(
      and(eq(ticketMessages.ticketId, ticketId), sql`coalesce(${ticketMessages.mailMessageId}, '') <> ''`),
    )
    .orderBy(desc(ticketMessages.sequence))
    .limit(limit)
  return rows.flatMap(({ mailMessageId }) => mailMessageId ?? []).reverse()
}

/** The account of an address, if it is one that can write. */
export async function findSender(
  db: Db,
  email: string,
): Promise<{ id: string; verified: boolean; banned: boolean } | undefined> {
  const [row] = await db
    .select({ id: users.id, verified: users.emailVerified, banned: users.banned })
    .from(users)
    .where(and(eq(users.email, email), isNull(users.erasedAt)))
  return row
}

/** How many tickets somebody has opened by mail since a time. */
export async function countMailed(
  db: Db,
  { requesterId, since }: { requesterId: string; since: Date },
): Promise<number> {
  const [row] = await db
    .select({ count: sql<number>`count(*)::int` })
    .from(tickets)
    .where(
      and(eq(tickets.requesterId, requesterId), eq(tickets.source, 'mail'), gte(tickets.createdAt, since)),
    )
  return row?.count ?? 0
}

/** Whom mails about a ticket go to. An account whose address is another's placeholder has none that is proven. */
export async function findMailTarget(
  db: Db,
  userId: string,
): Promise<{ name: string; email: string; verified: boolean } | undefined> {
  const [row] = await db
    .select({
      name: users.name,
      email: sql<string>`coalesce(${users.claimedEmail}, ${users.email})`,
      verified: users.emailVerified,
    })
    .from(users)
    .where(and(eq(users.id, userId), isNull(users.erasedAt)))
  return row
}

export async function hasMailMessageId(db: Db, mailMessageId: string): Promise<boolean> {
  const [row] = await db
    .select({ id: ticketMessages.id })
    .from(ticketMessages)
    .where(eq(ticketMessages.mailMessageId, mailMessageId))
  return row !== undefined
}

export async function muteTicket(db: Db, id: string): Promise<boolean> {
  const rows = await db
    .update(tickets)
    .set({ mailMuted: true })
    .where(eq(tickets.id, id))
    .returning({ id: tickets.id })
  return rows.length > 0
}

/** Mails for admins to look at, newest first, one more than the limit. */
export async function pageInboundMails(
  db: Db,
  {
    status,
    cursor,
    limit,
  }: { status?: InboundMailRow['status'] | undefined; cursor?: string | undefined; limit: number },
): Promise<InboundMailRow[]> {
  return db
    .select()
    .from(inboundMails)
    .where(
      and(
        status === undefined ? undefined : eq(inboundMails.status, status),
        cursor === undefined ? undefined : sql`${inboundMails.id} < ${cursor}`,
      ),
    )
    .orderBy(desc(inboundMails.id))
    .limit(limit + 1)
}
