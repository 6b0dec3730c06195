import { type Db, supportQueues } from '@devforge/db'
import { and, eq, or, sql } from 'drizzle-orm'
import type { TicketRow } from './tickets.ts'

/** The queue that takes a category; the default one where none does. */
export async function queueFor(db: Db, category: TicketRow['category']): Promise<string> {
  const [row] = await db
    .select({ id: supportQueues.id })
    .from(supportQueues)
    .where(
      or(
        eq(supportQueues.isDefault, true),
        and(supportQueues.active, sql`${category} = any(${supportQueues.categories})`),
      ),
    )
    // One that names the category comes before the default one, even where that names it, too.
    .orderBy(sql`(${category} = any(${supportQueues.categories})) desc`, supportQueues.position)
    .limit(1)
  if (!row) throw new Error('there is no default queue')
  return row.id
}
