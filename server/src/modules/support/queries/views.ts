import { type Db, ticketViews } from '@devforge/db'
import { and, asc, count, eq, isNull, or, type SQL } from 'drizzle-orm'

export type ViewRow = typeof ticketViews.$inferSelect

/** One's own and everybody's. */
const visibleTo = (userId: string): SQL | undefined =>
  or(isNull(ticketViews.ownerId), eq(ticketViews.ownerId, userId))

export async function listViews(
  db: Db,
  { userId, limit }: { userId: string; limit: number },
): Promise<ViewRow[]> {
  return db
    .select()
    .from(ticketViews)
    .where(visibleTo(userId))
    .orderBy(asc(ticketViews.position), asc(ticketViews.name), asc(ticketViews.id))
    .limit(limit)
}

/** @param scope `lock`: for a change of it in this transaction */
export async function findViewRow(
  db: Db,
  { id, userId, lock = false }: { id: string; userId: string; lock?: boolean },
): Promise<ViewRow | undefined> {
  const found = db
    .select()
    .from(ticketViews)
    .where(and(eq(ticketViews.id, id), visibleTo(userId)))
  const [row] = await (lock ? found.for('update') : found)
  return row
}

export async function countViewsOf(db: Db, ownerId: string | null): Promise<number> {
  const [row] = await db
    .select({ count: count() })
    .from(ticketViews)
    .where(ownerId === null ? isNull(ticketViews.ownerId) : eq(ticketViews.ownerId, ownerId))
  return row?.count ?? 0
}

export async function insertView(db: Db, values: typeof ticketViews.$inferInsert): Promise<ViewRow> {
  const [row] = await db.insert(ticketViews).values(values).returning()
  if (!row) throw new Error('the view was not inserted')
  return row
}

export async function updateViewRow(
  db: Db,
  id: string,
  values: Partial<Pick<ViewRow, 'name' | 'filters' | 'position' | 'updatedAt'>>,
): Promise<ViewRow> {
  const [row] = await db.update(ticketViews).set(values).where(eq(ticketViews.id, id)).returning()
  if (!row) throw new Error(`view ${id} vanished while locked`)
  return row
}

export async function deleteViewRow(db: Db, id: string): Promise<void> {
  await db.delete(ticketViews).where(eq(ticketViews.id, id))
}
