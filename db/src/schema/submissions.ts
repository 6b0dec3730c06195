import { sql } from 'drizzle-orm'
import { bigint, boolean, check, index, jsonb, pgEnum, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core'
import { at, bytes, count, id, timestamps } from '../columns.ts'
import { users } from './identity.ts'
import { extensions, extensionVersions, publishers } from './marketplace.ts'

/** `scan_failed`: the scanner timed out, crashed or is not set up; nothing is published, and it is tried again. */
export const submissionStatus = pgEnum('submission_status', [
  'received',
  'scanning',
  'scan_failed',
  'needs_review',
  'approved',
  'rejected',
  'published',
])

/** What a check found. `error` rejects, `hold` waits for a moderator, `warning` and `info` are told. */
export interface Finding {
  /** The check, such as `secret` or `zip-path`. */
  rule: string
  severity: 'error' | 'hold' | 'warning' | 'info'
  message: string
  file?: string
  line?: number
}

/** What an update changes that people should look at. */
export interface UpdateDifference {
  /** The version it was compared with. */
  previousVersion: string
  changes: { rule: string; before: unknown; after: unknown }[]
}

/** A package on its way to being published. Its bytes lie in the storage under `storageKey` until they are published or swept. */
export const submissions = pgTable(
  'submissions',
  {
    id: id('smn'),
    publisherId: text('publisher_id')
      .notNull()
      .references(() => publishers.id, { onDelete: 'restrict' }),
    /** Null until a first version of the extension is published. */
    extensionId: text('extension_id').references(() => extensions.id, { onDelete: 'restrict' }),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'restrict' }),
    /** The API token that was used. */
    tokenId: text('token_id'),
    /** `publisher.name` in lower case. */
    identifier: text('identifier').notNull(),
    version: text('version').notNull(),
    targetPlatform: text('target_platform').notNull(),
    preRelease: boolean('pre_release').notNull(),
    sha256: bytes('sha256').notNull(),
    sizeBytes: bigint('size_bytes', { mode: 'number' }).notNull(),
    storageKey: text('storage_key').notNull(),
    /** Where publishing it puts its files; noted before the first is written, so that a crash leaves nothing unknown behind. */
    publishPrefix: text('publish_prefix'),
    manifest: jsonb('manifest').$type<Record<string, unknown>>().notNull(),
    status: submissionStatus('status').notNull().default('received'),
    /** Why it was rejected, or what it waits for; for people. */
    reason: text('reason'),
    findings: jsonb('findings').$type<Finding[]>().notNull().default([]),
    difference: jsonb('difference').$type<UpdateDifference>(),
    idempotencyKey: text('idempotency_key'),
    attempts: count('attempts').notNull().default(0),
    /** Since when a process works on it; taken over when that process died. */
    claimedAt: at('claimed_at'),
    /** When all checks and the malware scanner had their say; null: nothing may be published yet, whoever approves. */
    scannedAt: at('scanned_at'),
    decidedBy: text('decided_by').references(() => users.id, { onDelete: 'restrict' }),
    decidedAt: at('decided_at'),
    publishedVersionId: text('published_version_id').references(() => extensionVersions.id, {
      onDelete: 'restrict',
    }),
    ...timestamps(),
  },
  (t) => [
    // Two identical publishes at once: one of them loses here.
    uniqueIndex('submissions_open_key')
      .on(t.identifier, t.version, t.targetPlatform)
      .where(sql`${t.status} <> 'rejected'`),
    uniqueIndex('submissions_user_idempotency_key').on(t.userId, t.idempotencyKey),
    index('submissions_publisher_id_idx').on(t.publisherId, t.id),
    index('submissions_user_id_idx').on(t.userId, t.id),
    index('submissions_sha256_idx').on(t.sha256),
    index('submissions_extension_id_idx').on(t.extensionId),
    index('submissions_queue_idx')
      .on(t.status, t.createdAt)
      .where(sql`${t.status} in ('received', 'scanning', 'scan_failed', 'needs_review', 'approved')`),
    index('submissions_decided_at_idx').on(t.decidedAt).where(sql`${t.decidedAt} is not null`),
    // Files that a refused publishing left behind.
    index('submissions_leftovers_idx')
      .on(t.id)
      .where(sql`${t.status} = 'rejected' and ${t.publishPrefix} is not null`),
    check('submissions_sha256_size', sql`octet_length(${t.sha256}) = 32`),
  ],
)

/** The states a submission went through, in order: what a watching author is told, from any point on. Append-only. */
export const submissionEvents = pgTable(
  'submission_events',
  {
    sequence: bigint('sequence', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    submissionId: text('submission_id')
      .notNull()
      .references(() => submissions.id, { onDelete: 'restrict' }),
    status: submissionStatus('status').notNull(),
    actor: text('actor').notNull(),
    reason: text('reason'),
    at: at('at').notNull(),
  },
  (t) => [
    index('submission_events_submission_id_idx').on(t.submissionId, t.sequence),
    index('submission_events_at_idx').using('brin', t.at),
  ],
)

export const appealStatus = pgEnum('appeal_status', ['open', 'granted', 'declined'])

/** An author's word against a rejection or a takedown: one open at a time. `ticketId`: where it is talked about. */
export const appeals = pgTable(
  'appeals',
  {
    id: id('apl'),
    submissionId: text('submission_id').references(() => submissions.id, { onDelete: 'restrict' }),
    extensionId: text('extension_id').references(() => extensions.id, { onDelete: 'restrict' }),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'restrict' }),
    text: text('text').notNull(),
    status: appealStatus('status').notNull().default('open'),
    answer: text('answer'),
    decidedBy: text('decided_by').references(() => users.id, { onDelete: 'restrict' }),
    decidedAt: at('decided_at'),
    ticketId: text('ticket_id'),
    ...timestamps(),
  },
  (t) => [
    uniqueIndex('appeals_open_submission_key').on(t.submissionId).where(sql`${t.status} = 'open'`),
    uniqueIndex('appeals_open_extension_key').on(t.extensionId).where(sql`${t.status} = 'open'`),
    index('appeals_user_id_idx').on(t.userId),
    index('appeals_status_idx').on(t.status, t.createdAt),
    check('appeals_one_subject', sql`(${t.submissionId} is null) <> (${t.extensionId} is null)`),
  ],
)

export const reportStatus = pgEnum('report_status', ['open', 'upheld', 'dismissed'])

/** Abuse that somebody reports of an extension; one open report per person and extension. */
export const abuseReports = pgTable(
  'abuse_reports',
  {
    id: id('rpt'),
    extensionId: text('extension_id')
      .notNull()
      .references(() => extensions.id, { onDelete: 'restrict' }),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'restrict' }),
    category: text('category')
      .$type<'malware' | 'impersonation' | 'copyright' | 'spam' | 'privacy' | 'other'>()
      .notNull(),
    text: text('text').notNull(),
    status: reportStatus('status').notNull().default('open'),
    answer: text('answer'),
    decidedBy: text('decided_by').references(() => users.id, { onDelete: 'restrict' }),
    decidedAt: at('decided_at'),
    ticketId: text('ticket_id'),
    ...timestamps(),
  },
  (t) => [
    uniqueIndex('abuse_reports_open_key').on(t.extensionId, t.userId).where(sql`${t.status} = 'open'`),
    index('abuse_reports_user_id_idx').on(t.userId),
    index('abuse_reports_status_idx').on(t.status, t.createdAt),
  ],
)
