import { type Db, supportAgents, users } from '@devforge/db'
import { and, eq, gt, inArray, isNull, not, or, type SQL } from 'drizzle-orm'

export type AgentRow = typeof supportAgents.$inferSelect

/** Whether an account may work on tickets at all: its role says so, and nothing keeps it out. */
export const mayWork = (now: Date): SQL | undefined =>
  and(
    supportAgents.active,
    inArray(users.role, ['agent', 'admin']),
    isNull(users.erasedAt),
    not(isBanned(now)),
  )

const isBanned = (now: Date): SQL =>
  // `and` and `or` of something are never empty.
  and(users.banned, or(isNull(users.banExpires), gt(users.banExpires, now))) as SQL

/**
 * Who of some accounts may be given tickets, locked against leaving in this moment. Looked up after they are locked: a lock that had to
 * wait still answers with roles and bans of before.
 */
export async function holdAgents(db: Db, userIds: string[], now: Date): Promise<Set<string>> {
  if (userIds.length === 0) return new Set()
  await db
    .select({ userId: supportAgents.userId })
    .from(supportAgents)
    .where(inArray(supportAgents.userId, userIds))
    .orderBy(supportAgents.userId)
    .for('share')
  const rows = await db
    .select({ userId: supportAgents.userId })
    .from(supportAgents)
    .innerJoin(users, eq(users.id, supportAgents.userId))
    .where(and(inArray(supportAgents.userId, userIds), mayWork(now)))
  return new Set(rows.map((row) => row.userId))
}

/** The agent, locked for a change: nobody is given a ticket before it has committed. */
export async function lockAgent(db: Db, userId: string): Promise<AgentRow | undefined> {
  const [row] = await db.select().from(supportAgents).where(eq(supportAgents.userId, userId)).for('update')
  return row
}

/** Makes an account an agent with what everybody begins with, unless it is one. */
export async function insertAgent(db: Db, userId: string, now: Date): Promise<void> {
  await db.insert(supportAgents).values({ userId, createdAt: now, updatedAt: now }).onConflictDoNothing()
}
