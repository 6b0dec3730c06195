import { type Db, supportAgents, supportQueues, ticketMacros, users } from '@devforge/db'
import { and, asc, count, eq, isNull, or, type SQL } from 'drizzle-orm'

export type MacroRow = typeof ticketMacros.$inferSelect
export type MacroValues = Pick<MacroRow, 'name' | 'body' | 'asNote' | 'actions' | 'active' | 'updatedAt'>

/** One's own and everybody's. */
const visibleTo = (userId: string): SQL | undefined =>
  or(isNull(ticketMacros.ownerId), eq(ticketMacros.ownerId, userId))

export async function listMacros(
  db: Db,
  { userId, limit }: { userId: string; limit: number },
): Promise<MacroRow[]> {
  return db
    .select()
    .from(ticketMacros)
    .where(visibleTo(userId))
    .orderBy(asc(ticketMacros.name), asc(ticketMacros.id))
    .limit(limit)
}

/** @param lock for a change of it in this transaction */
export async function findMacro(
  db: Db,
  { id, userId, lock = false }: { id: string; userId: string; lock?: boolean },
): Promise<MacroRow | undefined> {
  const found = db
    .select()
    .from(ticketMacros)
    .where(and(eq(ticketMacros.id, id), visibleTo(userId)))
  const [row] = await (lock ? found.for('update') : found)
  return row
}

export async function countMacrosOf(db: Db, ownerId: string | null): Promise<number> {
  const [row] = await db
    .select({ count: count() })
    .from(ticketMacros)
    .where(ownerId === null ? isNull(ticketMacros.ownerId) : eq(ticketMacros.ownerId, ownerId))
  return row?.count ?? 0
}

export async function insertMacro(db: Db, values: typeof ticketMacros.$inferInsert): Promise<MacroRow> {
  const [row] = await db.insert(ticketMacros).values(values).returning()
  if (!row) throw new Error('the macro was not inserted')
  return row
}

export async function updateMacro(db: Db, id: string, values: MacroValues): Promise<MacroRow> {
  const [row] = await db.update(ticketMacros).set(values).where(eq(ticketMacros.id, id)).returning()
  if (!row) throw new Error(`macro ${id} vanished while locked`)
  return row
}

export async function deleteMacroRow(db: Db, id: string): Promise<void> {
  await db.delete(ticketMacros).where(eq(ticketMacros.id, id))
}

/** The agent who writes, as a macro names them. */
export async function findWriter(
  db: Db,
  userId: string,
): Promise<{ name: string; signature: string | null } | undefined> {
  const [row] = await db
    .select({ name: users.name, signature: supportAgents.signature })
    .from(users)
    .leftJoin(supportAgents, eq(supportAgents.userId, users.id))
    .where(eq(users.id, userId))
  return row
}

export async function findQueue(
  db: Db,
  id: string,
): Promise<{ id: string; name: string; active: boolean } | undefined> {
  const [row] = await db
    .select({ id: supportQueues.id, name: supportQueues.name, active: supportQueues.active })
    .from(supportQueues)
    .where(eq(supportQueues.id, id))
  return row
}
