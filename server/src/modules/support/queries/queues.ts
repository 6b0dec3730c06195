import { type Db, supportQueueAgents, supportQueues, tickets } from '@devforge/db'
import { and, asc, eq, inArray, or, sql } from 'drizzle-orm'
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

export type QueueRow = typeof supportQueues.$inferSelect
export type QueuePatch = Partial<Omit<QueueRow, 'id' | 'createdAt' | 'updatedAt'>>

/** All queues with what stands in them, in the order in which people see them. */
export async function listQueues(db: Db) {
  const count = (where: ReturnType<typeof sql>) =>
    sql<number>`(select count(*)::int from ${tickets} where ${tickets.queueId} = ${supportQueues.id} and ${where})`
  return db
    .select({
      queue: supportQueues,
      waiting: count(sql`${tickets.assigneeId} is null and ${tickets.status} in ('new', 'open')`),
      open: count(sql`${tickets.status} in ('new', 'open', 'pending', 'on_hold')`),
      agentIds: sql<string[]>`array(
        select ${supportQueueAgents.agentId} from ${supportQueueAgents}
        where ${supportQueueAgents.queueId} = ${supportQueues.id} order by 1)`,
    })
    .from(supportQueues)
    .orderBy(asc(supportQueues.position), asc(supportQueues.id))
}

/** Which of these there are. */
export async function existingQueues(db: Db, ids: string[]): Promise<string[]> {
  if (ids.length === 0) return []
  const rows = await db
    .select({ id: supportQueues.id })
    .from(supportQueues)
    .where(inArray(supportQueues.id, ids))
  return rows.map((row) => row.id)
}

/**
 * All queues, locked in the order of their ids: what must be so among them is decided by one at a time. There is always one, the default
 * one. Tickets may still be opened in them meanwhile.
 */
export async function lockQueues(db: Db): Promise<QueueRow[]> {
  await db
    .select({ id: supportQueues.id })
    .from(supportQueues)
    .orderBy(asc(supportQueues.id))
    .for('no key update')
  // With those that were made while we waited.
  return db.select().from(supportQueues).orderBy(asc(supportQueues.id))
}

export async function insertQueue(db: Db, values: typeof supportQueues.$inferInsert): Promise<void> {
  await db.insert(supportQueues).values(values)
}

export async function updateQueue(
  db: Db,
  id: string,
  patch: QueuePatch & { updatedAt: Date },
): Promise<void> {
  await db.update(supportQueues).set(patch).where(eq(supportQueues.id, id))
}

/** Whether an agent works in a queue. */
export async function isInQueue(
  db: Db,
  { queueId, agentId }: { queueId: string; agentId: string },
): Promise<boolean> {
  const rows = await db
    .select({ queueId: supportQueueAgents.queueId })
    .from(supportQueueAgents)
    .where(and(eq(supportQueueAgents.queueId, queueId), eq(supportQueueAgents.agentId, agentId)))
  return rows.length > 0
}
