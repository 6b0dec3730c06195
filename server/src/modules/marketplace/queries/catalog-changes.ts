import { catalogChanges, type Db, type Sql } from '@devforge/db'
import { lt, sql } from 'drizzle-orm'

/** What the database had seen at a moment: names the transactions whose changes were visible. */
export type Snapshot = string

export interface ChangesSince {
  /** Of this very question. */
  snapshot: Snapshot
  changed: boolean
}

/** As columns: what is asked of each moment. @param since a parameter of a statement, as SQL spells it */
export const changesSinceSql = (since: string): string => `
  pg_current_snapshot()::text as snapshot,
  coalesce((
    select true from catalog_changes c
    where c.xid >= pg_snapshot_xmin(${since}::pg_snapshot) and not pg_visible_in_snapshot(c.xid, ${since}::pg_snapshot)
    limit 1
  ), ${since}::text is null) as changed`

const CHANGES = `select ${changesSinceSql('$1')}`

/** Whether a transaction that changed the catalog is visible now and was not at `since`. */
export async function changesSince(client: Sql, since: Snapshot | null): Promise<ChangesSince> {
  const [row] = await client.unsafe<ChangesSince[]>(CHANGES, [since], { prepare: true })
  if (!row) throw new Error('a select without rows')
  return row
}

/** Forgets changes of more than an hour ago, by the database's own clock. Nobody keeps answers for that long. */
export async function deleteOldChanges(db: Db): Promise<void> {
  await db.delete(catalogChanges).where(lt(catalogChanges.at, sql`now() - interval '1 hour'`))
}
