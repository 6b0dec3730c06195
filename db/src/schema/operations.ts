import { sql } from 'drizzle-orm'
import {
  bigint,
  check,
  index,
  jsonb,
  pgEnum,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
} from 'drizzle-orm/pg-core'
import { at, bytes, count, id, timestamps } from '../columns.ts'
import { users } from './identity.ts'

/** Side effects promised by a committed transaction (mails today), carried out by the worker exactly as often as their key is new. */
export const outbox = pgTable(
  'outbox',
  {
    id: id('obx'),
    kind: text('kind').notNull(),
    /** What makes it once: `mail:license-issued:lic_…`. */
    dedupeKey: text('dedupe_key').notNull(),
    payload: jsonb('payload').$type<Record<string, unknown>>().notNull(),
    /** Parts that must not stand in a database dump (a license key, a reset link), sealed; emptied once sent. */
    sealed: bytes('sealed'),
    attempts: count('attempts').notNull().default(0),
    lastError: text('last_error'),
    sentAt: at('sent_at'),
    ...timestamps(),
  },
  (t) => [
    uniqueIndex('outbox_dedupe_key').on(t.dedupeKey),
    index('outbox_unsent_idx').on(t.createdAt).where(sql`${t.sentAt} is null`),
  ],
)

/** Who did what, why, before and after: every change that people may ask about later and that has no event table of its own. */
export const auditLog = pgTable(
  'audit_log',
  {
    id: id('aud'),
    actor: text('actor').notNull(),
    action: text('action').notNull(),
    subject: text('subject').notNull(),
    reason: text('reason'),
    before: jsonb('before').$type<Record<string, unknown>>(),
    after: jsonb('after').$type<Record<string, unknown>>(),
    requestId: text('request_id'),
    ip: text('ip'),
    at: at('at').notNull(),
  },
  (t) => [
    index('audit_log_at_idx').on(t.at, t.id),
    index('audit_log_subject_idx').on(t.subject, t.at, t.id),
    // An account acts under several labels (`admin:usr_…`, `admin:usr_…:as:usr_…`): found by the id within.
    index('audit_log_actor_idx').using('gin', t.actor.op('gin_trgm_ops')),
    index('audit_log_action_idx').on(t.action, t.at, t.id),
  ],
)

export const signingKeyStatus = pgEnum('signing_key_status', ['active', 'retiring', 'withdrawn'])

/** Ed25519 keys for access tokens, leases and revocation lists. Private halves are sealed under a secret outside the database. */
export const signingKeys = pgTable(
  'signing_keys',
  {
    kid: text('kid').primaryKey(),
    purpose: text('purpose').$type<'access' | 'lease' | 'package'>().notNull(),
    status: signingKeyStatus('status').notNull(),
    publicJwk: jsonb('public_jwk').$type<{ kty: 'OKP'; crv: 'Ed25519'; x: string }>().notNull(),
    sealedPrivate: bytes('sealed_private').notNull(),
    /** Until when a retiring key is still served, so that what it signed stays verifiable; null: for good (packages). */
    retiresAt: at('retires_at'),
    withdrawnAt: at('withdrawn_at'),
    ...timestamps(),
  },
  (t) => [
    // At most one key signs for a purpose.
    uniqueIndex('signing_keys_active_key').on(t.purpose).where(sql`${t.status} = 'active'`),
  ],
)

/** Counters of the rate limiter, shared by all copies of the server (layout of rate-limiter-flexible). */
export const rateLimits = pgTable('rate_limits', {
  key: text('key').primaryKey(),
  points: count('points').notNull().default(0),
  expire: bigint('expire', { mode: 'number' }),
})

/** What calls with an idempotency key made, so that a repeated one answers the same and does nothing. Swept after a day. */
export const idempotencyKeys = pgTable(
  'idempotency_keys',
  {
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    /** The procedure: `licenses.issue`. */
    operation: text('operation').notNull(),
    key: text('key').notNull(),
    /** SHA-256 of the input without the key. */
    requestHash: bytes('request_hash').notNull(),
    /** The row that was made or changed; null only inside the transaction that does it. */
    subject: text('subject'),
    /** A part of the answer that stands nowhere else in clear, sealed. */
    sealed: bytes('sealed'),
    createdAt: at('created_at').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.userId, t.operation, t.key] }),
    index('idempotency_keys_created_at_idx').on(t.createdAt),
    check('idempotency_keys_hash_size', sql`octet_length(${t.requestHash}) = 32`),
  ],
)
