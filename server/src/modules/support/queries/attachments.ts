import {
  type Db,
  publisherMembers,
  publishers,
  ticketAttachments,
  ticketMessages,
  tickets,
  users,
} from '@devforge/db'
import { and, asc, eq, gt, inArray, isNotNull, isNull, lt, lte, ne, or, type SQL, sql } from 'drizzle-orm'

import { ownedBy } from './tickets.ts'

export type AttachmentRow = typeof ticketAttachments.$inferSelect

/** What is shown of an attachment beside its message. */
export type AttachmentView = Pick<AttachmentRow, 'id' | 'fileName' | 'contentType' | 'sizeBytes'>

/** The attachments of the message in the row, as a column: no query of their own for each page of messages. */
export const attachmentsOfMessage: SQL<AttachmentView[]> = sql`(
  select coalesce(json_agg(json_build_object(
    'id', a.id, 'fileName', a.file_name, 'contentType', a.content_type, 'sizeBytes', a.size_bytes
  ) order by a.id), '[]'::json)
  from ticket_attachments a where a.message_id = ${ticketMessages.id} and a.deleted_at is null
)`

/** Notes an upload before its first byte is kept, so that no file can lie around that nobody knows of. */
export async function insertArriving(
  db: Db,
  values: Pick<AttachmentRow, 'id' | 'uploaderId' | 'fileName' | 'storageKey' | 'createdAt'>,
): Promise<void> {
  await db
    .insert(ticketAttachments)
    .values({ ...values, contentType: 'application/octet-stream', sizeBytes: 0 })
}

/** Locks an account that was not deleted against changes of what it has uploaded. */
export async function holdUploader(db: Db, userId: string): Promise<boolean> {
  const rows = await db
    .select({ id: users.id })
    .from(users)
    .where(and(eq(users.id, userId), isNull(users.erasedAt)))
    .for('no key update')
  return rows.length > 0
}

const isLoose = and(isNull(ticketAttachments.messageId), isNull(ticketAttachments.deletedAt))

/** Bytes that an account has uploaded and not sent. */
export async function looseBytes(db: Db, uploaderId: string): Promise<number> {
  const [row] = await db
    .select({ total: sql<number>`coalesce(sum(${ticketAttachments.sizeBytes}), 0)::float8` })
    .from(ticketAttachments)
    .where(and(eq(ticketAttachments.uploaderId, uploaderId), isLoose))
  return row?.total ?? 0
}

/** Bytes that an account has uploaded since a time, sent or not. */
export async function uploadedBytes(
  db: Db,
  { uploaderId, since }: { uploaderId: string; since: Date },
): Promise<number> {
  const [row] = await db
    .select({ total: sql<number>`coalesce(sum(${ticketAttachments.sizeBytes}), 0)::float8` })
    .from(ticketAttachments)
    .where(and(eq(ticketAttachments.uploaderId, uploaderId), gt(ticketAttachments.createdAt, since)))
  return row?.total ?? 0
}

export async function completeUpload(
  db: Db,
  id: string,
  values: { contentType: string; sizeBytes: number; sha256: Buffer },
): Promise<AttachmentRow | undefined> {
  const [row] = await db
    .update(ticketAttachments)
    .set(values)
    .where(and(eq(ticketAttachments.id, id), isLoose))
    .returning()
  return row
}

export async function deleteAttachment(db: Db, id: string): Promise<void> {
  await db
    .delete(ticketAttachments)
    .where(and(eq(ticketAttachments.id, id), isNull(ticketAttachments.messageId)))
}

/**
 * Gives uploads to a message: those of one account (or of mails) that are whole and that no message has. Locked in the order of their
 * ids, so that of two messages that want the same one gets it.
 * @returns the ids that were taken
 */
export async function takeAttachments(
  db: Db,
  {
    ids,
    uploaderId,
    ...to
  }: { ids: string[]; uploaderId: string | null; ticketId: string; messageId: string },
): Promise<string[]> {
  const rows = await db
    .select({ id: ticketAttachments.id })
    .from(ticketAttachments)
    .where(
      and(
        inArray(ticketAttachments.id, ids),
        uploaderId === null
          ? isNull(ticketAttachments.uploaderId)
          : eq(ticketAttachments.uploaderId, uploaderId),
        isLoose,
        isNotNull(ticketAttachments.sha256),
      ),
    )
    .orderBy(asc(ticketAttachments.id))
    .for('update')
  const taken = rows.map((row) => row.id)
  if (taken.length > 0) await db.update(ticketAttachments).set(to).where(inArray(ticketAttachments.id, taken))
  return taken
}

/** Whether a message took exactly these. */
export async function tookExactly(db: Db, messageId: string, ids: string[] = []): Promise<boolean> {
  const rows = await db
    .select({ id: ticketAttachments.id })
    .from(ticketAttachments)
    .where(eq(ticketAttachments.messageId, messageId))
  return rows.length === ids.length && rows.every(({ id }) => ids.includes(id))
}

/** Who looks. Staff see all but notes on tickets of their own. */
export interface Viewer {
  userId: string
  isStaff: boolean
}

/** A ticket whose customer lets the members of its publisher read along. */
const isShared = (db: Db, userId: string) =>
  and(
    sql`'messages' = any(${tickets.publisherShare})`,
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

/** An attachment that somebody may have in this moment. */
export async function findAttachment(
  db: Db,
  { id, viewer: { userId, isStaff } }: { id: string; viewer: Viewer },
): Promise<AttachmentRow | undefined> {
  const isPublic = eq(ticketMessages.kind, 'message')
  const [row] = await db
    .select({ attachment: ticketAttachments })
    .from(ticketAttachments)
    // The message says where it belongs: merged and split tickets move those.
    .innerJoin(ticketMessages, eq(ticketMessages.id, ticketAttachments.messageId))
    .innerJoin(tickets, eq(tickets.id, ticketMessages.ticketId))
    .where(
      and(
        eq(ticketAttachments.id, id),
        isNull(ticketAttachments.deletedAt),
        isNotNull(ticketAttachments.storageKey),
        isStaff
          ? or(isPublic, ne(tickets.requesterId, userId))
          : and(isPublic, or(ownedBy(userId), isShared(db, userId))),
      ),
    )
  return row?.attachment
}

/** Gives up uploads that no message took in time. */
export async function expireLoose(db: Db, { before, now }: { before: Date; now: Date }): Promise<void> {
  await db
    .update(ticketAttachments)
    .set({ deletedAt: now })
    .where(and(isLoose, lt(ticketAttachments.createdAt, before)))
}

/** Attachments that are given up and whose bytes are still there, in the order of their ids, after one. */
export async function listDoomed(
  db: Db,
  { after, now, limit }: { after: string; now: Date; limit: number },
): Promise<{ id: string; storageKey: string }[]> {
  const rows = await db
    .select({ id: ticketAttachments.id, storageKey: ticketAttachments.storageKey })
    .from(ticketAttachments)
    .where(
      and(
        isNotNull(ticketAttachments.storageKey),
        lte(ticketAttachments.deletedAt, now),
        gt(ticketAttachments.id, after),
      ),
    )
    .orderBy(asc(ticketAttachments.id))
    .limit(limit)
  return rows.flatMap(({ id, storageKey }) => (storageKey === null ? [] : [{ id, storageKey }]))
}

/** Its bytes are gone: what a message had is remembered, what none had is not. */
export async function forgetBytes(db: Db, id: string): Promise<void> {
  await deleteAttachment(db, id)
  await db.update(ticketAttachments).set({ storageKey: null }).where(eq(ticketAttachments.id, id))
}
