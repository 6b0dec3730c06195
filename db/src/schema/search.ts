import { sql } from 'drizzle-orm'
import {
  bigint,
  customType,
  index,
  integer,
  pgTable,
  real,
  smallint,
  text,
  uniqueIndex,
} from 'drizzle-orm/pg-core'
import { at, tsvector } from '../columns.ts'
import { extensions } from './marketplace.ts'

/** The full number of a transaction, which never comes again. */
const xid8 = customType<{ data: string }>({ dataType: () => 'xid8' })

/** How many tiers of popularity the search walks down, best first. */
export const SEARCH_TIERS = 7

/**
 * What search and sorted lists read: a line per extension that can be found, and nothing of the others. Apart from `extensions`, so that
 * counting an install does not touch a text index, and narrow, so that much of it stays in memory.
 */
export const extensionSearch = pgTable(
  'extension_search',
  {
    /** Short, for the many indexes that end in it. */
    no: bigint('no', { mode: 'number' }).primaryKey().generatedByDefaultAsIdentity(),
    extensionId: text('extension_id')
      .notNull()
      .references(() => extensions.id, { onDelete: 'cascade' }),
    identifier: text('identifier').notNull(),
    /** 0 holds the few hundred best by `prior`, each further one about four times as many. Each has a text index of its own. */
    tier: smallint('tier').notNull().default(0),
    /** What the ranking knows besides the text: rating, installs, freshness, publisher. */
    prior: real('prior').notNull(),
    installs: bigint('installs', { mode: 'number' }).notNull(),
    /** Bayesian average of the stars. */
    rating: real('rating').notNull(),
    trending: real('trending').notNull(),
    releasedAt: at('released_at').notNull(),
    publishedAt: at('published_at').notNull(),
    engineFloor: bigint('engine_floor', { mode: 'number' }).notNull(),
    /** Display name, name and publisher without accents, case and punctuation: what names are compared and sorted by. */
    titleKey: text('title_key').notNull(),
    titleSquash: text('title_squash').notNull(),
    nameSquash: text('name_squash').notNull(),
    publisherKey: text('publisher_key').notNull(),
    /** Words of the display name. */
    titleWords: smallint('title_words').notNull(),
    /** Words (weights: A names, B tags, C publisher, D description) and, behind a letter and a slash, what can be filtered by. */
    document: tsvector('document').notNull(),
  },
  (t) => [
    uniqueIndex('extension_search_extension_id_key').on(t.extensionId),
    uniqueIndex('extension_search_identifier_key').on(t.identifier),
    index('extension_search_title_idx').on(t.titleSquash, t.prior),
    index('extension_search_name_idx').on(t.nameSquash, t.prior),
    // One per sort; ends in `no`, so that pages are cut by comparing rows.
    index('extension_search_by_prior').on(t.prior, t.no),
    index('extension_search_by_installs').on(t.installs, t.no),
    index('extension_search_by_rating').on(t.rating, t.no),
    index('extension_search_by_trending').on(t.trending, t.no),
    index('extension_search_by_released').on(t.releasedAt, t.no),
    index('extension_search_by_published').on(t.publishedAt, t.no),
    index('extension_search_by_title').on(t.titleKey, t.no),
    index('extension_search_by_publisher').on(t.publisherKey, t.no),
    // Readers come in their thousands for each writer: no pending list that all of them would scan.
    ...Array.from({ length: SEARCH_TIERS }, (_, tier) =>
      index(`extension_search_words_${tier}`)
        .using('gin', t.document)
        .with({ fastupdate: false })
        .where(sql`tier = ${sql.raw(String(tier))}`),
    ),
  ],
)

/** From which `prior` on an extension belongs to a tier. Empty: all are in tier 0. */
export const searchTiers = pgTable('search_tiers', {
  tier: smallint('tier').primaryKey(),
  floor: real('floor').notNull(),
})

/** Every word of a name or tag, to set misspelt ones right; `documents` is counted by a job. */
export const searchWords = pgTable(
  'search_words',
  {
    word: text('word').primaryKey(),
    documents: integer('documents').notNull().default(1),
  },
  (t) => [
    index('search_words_trigrams').using('gin', sql`${t.word} gin_trgm_ops`),
    // For beginnings of words, whatever the collation of the database.
    index('search_words_prefix_idx').on(t.word.op('text_pattern_ops')),
  ],
)

/**
 * Transactions that changed what the catalog shows, written by triggers on its tables. A server that kept an answer asks here whether
 * any of them has committed since; old ones are removed.
 */
export const catalogChanges = pgTable('catalog_changes', {
  xid: xid8('xid').primaryKey().default(sql`pg_current_xact_id()`),
  at: at('at').notNull().default(sql`now()`),
})
