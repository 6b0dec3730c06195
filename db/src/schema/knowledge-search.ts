import { sql } from 'drizzle-orm'
import {
  bigint,
  index,
  integer,
  pgEnum,
  pgTable,
  primaryKey,
  real,
  smallint,
  text,
  uniqueIndex,
} from 'drizzle-orm/pg-core'
import { at, id, tsvector } from '../columns.ts'
import { articles } from './knowledge.ts'

/**
 * What searches and lists of readers read: a narrow line per published article, and nothing of the others. The text itself stays with the
 * versions.
 */
export const articleSearch = pgTable(
  'article_search',
  {
    /** Short, for the indexes that end in it. */
    no: bigint('no', { mode: 'number' }).primaryKey().generatedByDefaultAsIdentity(),
    articleId: text('article_id')
      .notNull()
      .references(() => articles.id, { onDelete: 'cascade' }),
    slug: text('slug').notNull(),
    locale: text('locale').notNull(),
    /** Who may read, as a number: 0 everybody, 1 whoever is signed in, 2 agents. */
    audience: smallint('audience').notNull(),
    category: text('category').notNull(),
    title: text('title').notNull(),
    summary: text('summary').notNull(),
    /** Versions of the editor, as numbers that can be compared. */
    versionFloor: bigint('version_floor', { mode: 'number' }).notNull(),
    versionCeiling: bigint('version_ceiling', { mode: 'number' }).notNull(),
    /** What readers say of it, 0.87 … 1.27: helpful or not, solved it or not. */
    prior: real('prior').notNull().default(1),
    revisedAt: at('revised_at').notNull(),
    /** Stems of words. Weights: A title, B tags, C headings and summary, D the rest. */
    document: tsvector('document').notNull(),
  },
  (t) => [
    uniqueIndex('article_search_article_id_key').on(t.articleId),
    uniqueIndex('article_search_slug_key').on(t.slug, t.locale),
    index('article_search_by_prior').on(t.locale, t.prior, t.no),
    index('article_search_categories').on(t.locale, t.audience, t.category),
    // Readers come in their thousands for each writer: no pending list that all of them would scan.
    index('article_search_words').using('gin', t.document).with({ fastupdate: false }),
    index('article_search_titles').using('gin', sql`lower(${t.title}) gin_trgm_ops`),
  ],
)

/**
 * The words of the published articles, to tell rare ones from common ones and to set misspelt ones right. Counted apart for each
 * audience, so that what one may not read changes nothing of what one finds. The empty word counts the articles themselves.
 */
export const articleWords = pgTable(
  'article_words',
  {
    locale: text('locale').notNull(),
    word: text('word').notNull(),
    stem: text('stem').notNull(),
    /** Articles with a word of this stem that everybody may read; … whoever is signed in; … agents. */
    publicCount: integer('public_count').notNull(),
    customerCount: integer('customer_count').notNull(),
    agentCount: integer('agent_count').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.locale, t.word] }),
    index('article_words_stem_idx').on(t.locale, t.stem),
    index('article_words_trigrams').using('gin', sql`${t.word} gin_trgm_ops`),
    // For beginnings of words, whatever the collation of the database.
    index('article_words_prefix_idx').on(t.locale, t.word.op('text_pattern_ops')),
  ],
)

/**
 * What was counted of an article, to be taken back when it changes: exactly that, however texts were cut into words at the time. Apart from
 * its line, which searches read.
 */
export const articleWordLists = pgTable('article_word_lists', {
  articleId: text('article_id')
    .primaryKey()
    .references(() => articles.id, { onDelete: 'cascade' }),
  audience: smallint('audience').notNull(),
  words: text('words').array().notNull(),
})

export const knowledgeSearchKind = pgEnum('knowledge_search_kind', ['search', 'suggest'])

/**
 * What was looked for and what was shown, for those who write: 90 days, nobody's name. `query` is made of plain words, redacted; of
 * suggestions, which read a ticket that is being written, not even that is kept.
 */
export const knowledgeSearches = pgTable(
  'knowledge_searches',
  {
    id: id('kse'),
    kind: knowledgeSearchKind('kind').notNull(),
    query: text('query'),
    locale: text('locale').notNull(),
    /** How many were found. */
    found: integer('found').notNull(),
    /** Articles on the page, those that were opened from it, those that solved it. */
    shown: text('shown').array().notNull(),
    opened: text('opened').array().notNull().default([]),
    at: at('at').notNull(),
  },
  (t) => [
    index('knowledge_searches_at_idx').on(t.at),
    index('knowledge_searches_nothing_idx').on(t.at).where(sql`${t.found} = 0 and ${t.query} is not null`),
  ],
)
