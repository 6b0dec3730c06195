import { sql } from 'drizzle-orm'
import { index, integer, pgEnum, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core'
import { bytes, count, id, timestamps } from '../columns.ts'

export const inboundMailStatus = pgEnum('inbound_mail_status', [
  'received',
  /** Became a ticket, or a message of one. */
  'processed',
  /** Nothing to do: the same mail again, our own, a machine's that belongs to no ticket. `reason` says which. */
  'ignored',
  /** Held back for people: too many from one sender, or not to be read. */
  'parked',
])

/** Mails that came in, from the moment that their taking was acknowledged. Their bytes lie in the storage under `storageKey` for some days. */
export const inboundMails = pgTable(
  'inbound_mails',
  {
    id: id('iml'),
    /** SHA-256 of the bytes: a gateway that delivers again delivers the same. */
    sha256: bytes('sha256').notNull(),
    /** Digest of Message-ID and sender, once it was read: the same mail by another way. */
    identity: bytes('identity'),
    sizeBytes: integer('size_bytes').notNull(),
    /** Null: deleted after some days. */
    storageKey: text('storage_key'),
    status: inboundMailStatus('status').notNull().default('received'),
    reason: text('reason'),
    ticketId: text('ticket_id'),
    messageId: text('message_id'),
    attempts: count('attempts').notNull().default(0),
    ...timestamps(),
  },
  (t) => [
    uniqueIndex('inbound_mails_sha256_key').on(t.sha256),
    uniqueIndex('inbound_mails_identity_key').on(t.identity),
    index('inbound_mails_waiting_idx').on(t.createdAt).where(sql`${t.status} = 'received'`),
    index('inbound_mails_parked_idx').on(t.id).where(sql`${t.status} = 'parked'`),
    index('inbound_mails_stored_idx').on(t.createdAt).where(sql`${t.storageKey} is not null`),
    index('inbound_mails_ticket_idx').on(t.ticketId),
  ],
)
