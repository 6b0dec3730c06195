import { bigint, date, index, integer, pgEnum, pgTable, primaryKey, real, text } from 'drizzle-orm/pg-core'
import { at, bytes, count } from '../columns.ts'
import { users } from './identity.ts'
import { extensions } from './marketplace.ts'

export const usageKind = pgEnum('usage_kind', ['download', 'install', 'update', 'uninstall'])

/** What editors told of, until it is rolled up; only ever appended to, in batches, and emptied by the roll-up. */
export const usageEvents = pgTable('usage_events', {
  sequence: bigint('sequence', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
  extensionId: text('extension_id').notNull(),
  version: text('version').notNull(),
  targetPlatform: text('target_platform').notNull(),
  kind: usageKind('kind').notNull(),
  /** Digest, under a secret key, of the client's id, or of its network where it sent none. */
  client: bytes('client').notNull(),
  /** Digest of the client's network and the day: ids can be made up, networks less so. */
  network: bytes('network').notNull(),
  at: at('at').notNull(),
})

/** What was counted in these days: one client counts once per kind, version and day. Emptied after some days. */
export const usageSeen = pgTable(
  'usage_seen',
  {
    day: date('day', { mode: 'string' }).notNull(),
    extensionId: text('extension_id').notNull(),
    version: text('version').notNull(),
    kind: usageKind('kind').notNull(),
    client: bytes('client').notNull(),
    network: bytes('network').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.day, t.extensionId, t.version, t.kind, t.client] }),
    index('usage_seen_network_idx').on(t.day, t.extensionId, t.network),
  ],
)

/** Counts per extension, version, platform and day (UTC). `downloads` are packages given out, whatever for. */
export const extensionDaily = pgTable(
  'extension_daily',
  {
    extensionId: text('extension_id')
      .notNull()
      .references(() => extensions.id, { onDelete: 'cascade' }),
    day: date('day', { mode: 'string' }).notNull(),
    version: text('version').notNull(),
    targetPlatform: text('target_platform').notNull(),
    downloads: count('downloads').notNull().default(0),
    installs: count('installs').notNull().default(0),
    updates: count('updates').notNull().default(0),
    uninstalls: count('uninstalls').notNull().default(0),
    /** Installs by clients that had not installed the extension before. */
    uniqueInstalls: count('unique_installs').notNull().default(0),
  },
  (t) => [
    primaryKey({ columns: [t.extensionId, t.day, t.version, t.targetPlatform] }),
    index('extension_daily_day_idx').on(t.day),
  ],
)

/** Which client has which extension: unique installs, and what else those who installed one have. */
export const extensionClients = pgTable(
  'extension_clients',
  {
    extensionId: text('extension_id')
      .notNull()
      .references(() => extensions.id, { onDelete: 'cascade' }),
    client: bytes('client').notNull(),
    /** Set while it is installed; null after an uninstall. */
    version: text('version'),
    firstAt: at('first_at').notNull(),
    lastAt: at('last_at').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.extensionId, t.client] }),
    index('extension_clients_client_idx').on(t.client),
  ],
)

/** Downloads of signed-in people: what makes a review a verified one. */
export const extensionUsers = pgTable(
  'extension_users',
  {
    extensionId: text('extension_id')
      .notNull()
      .references(() => extensions.id, { onDelete: 'cascade' }),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'restrict' }),
    firstAt: at('first_at').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.extensionId, t.userId] }),
    index('extension_users_user_id_idx').on(t.userId),
  ],
)

/** "Others also installed", made anew by a job. */
export const extensionRelated = pgTable(
  'extension_related',
  {
    extensionId: text('extension_id')
      .notNull()
      .references(() => extensions.id, { onDelete: 'cascade' }),
    relatedId: text('related_id')
      .notNull()
      .references(() => extensions.id, { onDelete: 'cascade' }),
    position: integer('position').notNull(),
    score: real('score').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.extensionId, t.relatedId] }),
    index('extension_related_related_id_idx').on(t.relatedId),
  ],
)
