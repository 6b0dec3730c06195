import { type Db, ticketMessages, users } from '@devforge/db'
import { and, asc, desc, eq, inArray, lt } from 'drizzle-orm'
import { type AttachmentView, attachmentsOfMessage } from './attachments.ts'

export type MessageRow = typeof ticketMessages.$inferSelect
export type NewMessage = typeof ticketMessages.$inferInsert

/** @returns undefined when the author used the key before */
export async function insertMessage(db: Db, values: NewMessage): Promise<MessageRow | undefined> {
  const [row] = await db
    .insert(ticketMessages)
    .values(values)
    .onConflictDoNothing({ target: [ticketMessages.authorId, ticketMessages.idempotencyKey] })
    .returning()
  return row
}

export async function findMessageByKey(
  db: Db,
  { authorId, idempotencyKey }: { authorId: string; idempotencyKey: string },
): Promise<MessageRow | undefined> {
  const [row] = await db
    .select()
    .from(ticketMessages)
    .where(and(eq(ticketMessages.authorId, authorId), eq(ticketMessages.idempotencyKey, idempotencyKey)))
  return row
}

export interface AuthoredMessage {
  message: MessageRow
  authorName: string | null
  attachments: AttachmentView[]
}

const authored = { message: ticketMessages, authorName: users.name, attachments: attachmentsOfMessage }

export async function findMessage(db: Db, id: string): Promise<AuthoredMessage | undefined> {
  const [row] = await db
    .select(authored)
    .from(ticketMessages)
    .leftJoin(users, eq(users.id, ticketMessages.authorId))
    .where(eq(ticketMessages.id, id))
  return row
}

/** Messages by their ids, oldest first. */
export async function findAuthoredMessages(db: Db, ids: string[]): Promise<AuthoredMessage[]> {
  if (ids.length === 0) return []
  return db
    .select(authored)
    .from(ticketMessages)
    .leftJoin(users, eq(users.id, ticketMessages.authorId))
    .where(inArray(ticketMessages.id, ids))
    .orderBy(asc(ticketMessages.sequence))
}

/** Messages of a ticket, newest first, one more than the limit; notes only where they may be seen. */
export async function listMessages(
  db: Db,
  {
    ticketId,
    withNotes,
    before,
    limit,
  }: { ticketId: string; withNotes: boolean; before?: number | undefined; limit: number },
): Promise<AuthoredMessage[]> {
  return db
    .select(authored)
    .from(ticketMessages)
    .leftJoin(users, eq(users.id, ticketMessages.authorId))
    .where(
      and(
        eq(ticketMessages.ticketId, ticketId),
        withNotes ? undefined : eq(ticketMessages.kind, 'message'),
        before === undefined ? undefined : lt(ticketMessages.sequence, before),
      ),
    )
    .orderBy(desc(ticketMessages.sequence))
    .limit(limit + 1)
}
