import { sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  check,
  index,
  integer,
  jsonb,
  pgEnum,
  pgTable,
  text,
  uniqueIndex,
} from 'drizzle-orm/pg-core'
import { at, bytes, count, id, timestamps } from '../columns.ts'
import { users } from './identity.ts'
import { tickets } from './tickets.ts'

export const articleStatus = pgEnum('article_status', ['draft', 'published', 'archived'])
/** Who may read: everybody, whoever is signed in, support agents. Each includes those after it. */
export const articleVisibility = pgEnum('article_visibility', ['public', 'customers', 'agents'])

/**
 * Articles of the knowledge base, one row per language of a slug. What they say stands in `article_versions`: `version` is the newest,
 * which writers work on, `published_version` the one that readers see.
 */
export const articles = pgTable(
  'articles',
  {
    id: id('art'),
    /** What the address ends in; shared by the translations. Never changes. */
    slug: text('slug').notNull(),
    /** A language tag in lower case, `en` or `pt-br`. */
    locale: text('locale').notNull(),
    status: articleStatus('status').notNull().default('draft'),
    version: integer('version').notNull().default(1),
    publishedVersion: integer('published_version'),
    /** Of the first publication. */
    publishedAt: at('published_at'),
    /** When readers last got another text. */
    revisedAt: at('revised_at'),
    createdBy: text('created_by')
      .notNull()
      .references(() => users.id, { onDelete: 'restrict' }),
    /** The solved ticket that it was drafted from. */
    ticketId: text('ticket_id').references(() => tickets.id, { onDelete: 'set null' }),
    helpful: count('helpful').notNull().default(0),
    notHelpful: count('not_helpful').notNull().default(0),
    /** How often somebody said that it solved the problem. */
    solved: count('solved').notNull().default(0),
    /** Accounts that ever said so, each once: what ranks. */
    solvedByAccounts: count('solved_by_accounts').notNull().default(0),
    ...timestamps(),
  },
  (t) => [
    uniqueIndex('articles_slug_locale_key').on(t.slug, t.locale),
    index('articles_status_idx').on(t.status, t.id),
    index('articles_created_by_idx').on(t.createdBy),
    index('articles_ticket_id_idx').on(t.ticketId).where(sql`${t.ticketId} is not null`),
    check(
      'articles_published_has_version',
      sql`${t.status} <> 'published' or ${t.publishedVersion} is not null`,
    ),
    check('articles_published_is_a_version', sql`${t.publishedVersion} <= ${t.version}`),
  ],
)

/** Every text that an article ever had, whole. Never changed: a restore makes a new one. */
export const articleVersions = pgTable(
  'article_versions',
  {
    id: id('arv'),
    articleId: text('article_id')
      .notNull()
      .references(() => articles.id, { onDelete: 'restrict' }),
    number: integer('number').notNull(),
    title: text('title').notNull(),
    summary: text('summary').notNull(),
    /** Markdown. */
    body: text('body').notNull(),
    category: text('category').notNull(),
    tags: text('tags').array().notNull().default([]),
    visibility: articleVisibility('visibility').notNull(),
    /** Versions of the editor that it is about, both included; null: from the first, to the last. */
    minVersion: text('min_version'),
    maxVersion: text('max_version'),
    /** What the author says of the change. */
    note: text('note'),
    /** The version that was restored by this one. */
    restoredFrom: integer('restored_from'),
    authorId: text('author_id')
      .notNull()
      .references(() => users.id, { onDelete: 'restrict' }),
    at: at('at').notNull(),
  },
  (t) => [
    uniqueIndex('article_versions_number_key').on(t.articleId, t.number),
    index('article_versions_author_id_idx').on(t.authorId),
  ],
)

/** What happened to an article. Append-only. */
export const articleEvents = pgTable(
  'article_events',
  {
    sequence: bigint('sequence', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    articleId: text('article_id')
      .notNull()
      .references(() => articles.id, { onDelete: 'restrict' }),
    /** `article.published`, … */
    type: text('type').notNull(),
    actor: text('actor').notNull(),
    before: jsonb('before').$type<Record<string, unknown>>(),
    after: jsonb('after').$type<Record<string, unknown>>(),
    at: at('at').notNull(),
  },
  (t) => [index('article_events_article_id_idx').on(t.articleId, t.sequence)],
)

/**
 * Whether an article helped, once per reader: an account, or a digest of where somebody without one reads from. Neither is set once the
 * account was erased; the voice still counts.
 */
export const articleFeedback = pgTable(
  'article_feedback',
  {
    id: id('fbk'),
    articleId: text('article_id')
      .notNull()
      .references(() => articles.id, { onDelete: 'restrict' }),
    userId: text('user_id').references(() => users.id, { onDelete: 'restrict' }),
    reader: bytes('reader'),
    helpful: boolean('helpful').notNull(),
    ...timestamps(),
  },
  (t) => [
    uniqueIndex('article_feedback_user_key').on(t.articleId, t.userId),
    uniqueIndex('article_feedback_reader_key').on(t.articleId, t.reader),
    index('article_feedback_user_id_idx').on(t.userId).where(sql`${t.userId} is not null`),
    check('article_feedback_one_reader', sql`${t.userId} is null or ${t.reader} is null`),
  ],
)

/** "This solved it": a ticket that was not needed. Once per reader, article and day. */
export const articleDeflections = pgTable(
  'article_deflections',
  {
    id: id('dfl'),
    articleId: text('article_id')
      .notNull()
      .references(() => articles.id, { onDelete: 'restrict' }),
    userId: text('user_id').references(() => users.id, { onDelete: 'restrict' }),
    /** As of feedback, with the day in it: those of two days cannot be told to be one's. */
    reader: bytes('reader'),
    day: text('day').notNull(),
    /** The search or suggestion that showed the article, as long as that is kept. */
    searchId: text('search_id'),
    at: at('at').notNull(),
  },
  (t) => [
    uniqueIndex('article_deflections_user_key').on(t.articleId, t.userId, t.day),
    uniqueIndex('article_deflections_reader_key').on(t.articleId, t.reader),
    index('article_deflections_user_id_idx').on(t.userId).where(sql`${t.userId} is not null`),
    index('article_deflections_at_idx').on(t.at),
    check('article_deflections_one_reader', sql`${t.userId} is null or ${t.reader} is null`),
  ],
)
