import { pgTable, text } from 'drizzle-orm/pg-core'
import { at, count } from '../columns.ts'
import { extensions } from './marketplace.ts'

/**
 * What editors' galleries are told of an extension, as JSON that is ready to be sent: written by the transaction that changes its
 * versions, so that no query of a gallery builds it. Counters and the publisher stand on their own rows and are put in while reading.
 * A missing row is made by whoever needs it first.
 */
export const extensionListings = pgTable('extension_listings', {
  extensionId: text('extension_id')
    .primaryKey()
    .references(() => extensions.id, { onDelete: 'cascade' }),
  /** Raised by each change: what a server has in memory under the same number is current. */
  revision: count('revision').notNull().default(1),
  /** The extension with its newest stable version and newest pre-release for each platform. */
  latest: text('latest').notNull(),
  /** The same, cut down for pages of many extensions; null where `latest` is small enough. */
  page: text('page'),
  renderedAt: at('rendered_at').notNull(),
})
