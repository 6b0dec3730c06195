import type { Db } from '@devforge/db'
import { sql } from 'drizzle-orm'

/** Holds what a person keeps at the desk (views, macros), or what everybody has, against being added to at the same time. */
export async function lockShelf(db: Db, ownerId: string | null): Promise<void> {
  await db.execute(sql`select pg_advisory_xact_lock(4711021, hashtext(${ownerId ?? ''}))`)
}
