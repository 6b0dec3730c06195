import { pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { at, timestamps } from '../columns.ts'

/** Versions of our products with the day they came out: what a license's window of updates is held against. */
export const releases = pgTable(
  'releases',
  {
    product: text('product').notNull().default('editor'),
    version: text('version').notNull(),
    releasedAt: at('released_at').notNull(),
    ...timestamps(),
  },
  (t) => [primaryKey({ columns: [t.product, t.version] })],
)
