import { type Db, TICKET_SEARCH_TIERS, ticketSearch } from '@devforge/db'
import { sql } from 'drizzle-orm'

/** Most that one tier is relieved of at a time. */
const MOVED = 500

/** Any fixed number: whoever moves documents on holds it. */
const TIERS_LOCK = 4_711_022

/**
 * Moves documents on that are no longer among the newest, each by one tier. In the order of numbers, and one copy of the server at a time:
 * tiers must not overlap. Where another is at it, nothing is left to do.
 */
export async function moveTiers(db: Db): Promise<void> {
  const leaving = TICKET_SEARCH_TIERS.map(
    (size, tier) => sql`(
      select ticket_id from ${ticketSearch}
      where tier = ${tier} and number < (select max(number) from ${ticketSearch}) - ${size}
      order by number limit ${MOVED})`,
  )
  await db.transaction(async (tx) => {
    const [lock] = await tx.execute(sql`select pg_try_advisory_xact_lock(${TIERS_LOCK}) as held`)
    // A statement of its own: it must see what those did who held the lock before.
    if (lock?.held)
      await tx.execute(
        sql`update ${ticketSearch} set tier = tier + 1 where ticket_id in (${sql.join(leaving, sql` union all `)})`,
      )
  })
}
