import { sql } from 'drizzle-orm'
import { boolean, check, index, integer, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core'
import { at, count, id, timestamps } from '../columns.ts'
import { users } from './identity.ts'
import { extensions } from './marketplace.ts'

/** One rating per person and extension. The sums on the extension's row move in the same transaction. */
export const ratings = pgTable(
  'ratings',
  {
    id: id('rat'),
    extensionId: text('extension_id')
      .notNull()
      .references(() => extensions.id, { onDelete: 'restrict' }),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'restrict' }),
    stars: integer('stars').notNull(),
    /** The version that was newest when the rating was given. */
    version: text('version'),
    ...timestamps(),
  },
  (t) => [
    uniqueIndex('ratings_extension_user_key').on(t.extensionId, t.userId),
    index('ratings_user_id_idx').on(t.userId),
    check('ratings_stars_range', sql`${t.stars} between 1 and 5`),
  ],
)

/** What somebody wrote to a rating. */
export const reviews = pgTable(
  'reviews',
  {
    id: id('rev'),
    ratingId: text('rating_id')
      .notNull()
      .references(() => ratings.id, { onDelete: 'cascade' }),
    extensionId: text('extension_id')
      .notNull()
      .references(() => extensions.id, { onDelete: 'restrict' }),
    /** The rating's stars again, so that reviews can be sorted by them. */
    stars: integer('stars').notNull(),
    title: text('title').notNull(),
    body: text('body').notNull(),
    /** `purchase` or `install`: what we know of the writer having it; shown beside the review. */
    verified: text('verified').$type<'install' | 'purchase'>(),
    reply: text('reply'),
    repliedBy: text('replied_by').references(() => users.id, { onDelete: 'restrict' }),
    repliedAt: at('replied_at'),
    flags: count('flags').notNull().default(0),
    /** Hidden by a moderator: neither shown, nor are its stars counted. */
    hidden: boolean('hidden').notNull().default(false),
    hiddenReason: text('hidden_reason'),
    hiddenBy: text('hidden_by').references(() => users.id, { onDelete: 'restrict' }),
    hiddenAt: at('hidden_at'),
    ...timestamps(),
  },
  (t) => [
    uniqueIndex('reviews_rating_id_key').on(t.ratingId),
    index('reviews_extension_id_idx').on(t.extensionId, t.id).where(sql`not ${t.hidden}`),
    index('reviews_extension_stars_idx').on(t.extensionId, t.stars, t.id).where(sql`not ${t.hidden}`),
    // Fewest stars first, and of those the newest first: an index for which both run the same way.
    index('reviews_extension_fewest_idx')
      .on(t.extensionId, sql`(5 - ${t.stars})`, t.id)
      .where(sql`not ${t.hidden}`),
    index('reviews_flagged_idx').on(t.flags, t.id).where(sql`${t.flags} > 0 and not ${t.hidden}`),
  ],
)

/** Who flagged a review, and why; once per person. */
export const reviewFlags = pgTable(
  'review_flags',
  {
    reviewId: text('review_id')
      .notNull()
      .references(() => reviews.id, { onDelete: 'cascade' }),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'restrict' }),
    reason: text('reason').notNull(),
    at: at('at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.reviewId, t.userId] }), index('review_flags_user_id_idx').on(t.userId)],
)
