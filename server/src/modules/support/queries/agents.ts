import { type Db, supportAgents, supportQueueAgents, tickets, users } from '@devforge/db'
import { and, eq, gt, inArray, isNull, not, notInArray, or, type SQL, sql } from 'drizzle-orm'
import type { TicketRow } from './tickets.ts'

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

/** Members of an agent that admins, or agents themselves, set. */
export type AgentPatch = Partial<Pick<AgentRow, 'active' | 'available' | 'capacity' | 'skills' | 'signature'>>

export async function updateAgent(
  db: Db,
  userId: string,
  patch: AgentPatch & { updatedAt: Date },
): Promise<AgentRow | undefined> {
  const [row] = await db.update(supportAgents).set(patch).where(eq(supportAgents.userId, userId)).returning()
  return row
}

/** The role of an account that was not deleted. */
export async function roleOf(
  db: Db,
  userId: string,
): Promise<(typeof users.$inferSelect)['role'] | undefined> {
  const [row] = await db
    .select({ role: users.role })
    .from(users)
    .where(and(eq(users.id, userId), isNull(users.erasedAt)))
  return row?.role
}

/** The queues that an agent works in, in the order of their ids. */
export async function queuesOf(db: Db, agentId: string): Promise<string[]> {
  const rows = await db
    .select({ id: supportQueueAgents.queueId })
    .from(supportQueueAgents)
    .where(eq(supportQueueAgents.agentId, agentId))
    .orderBy(supportQueueAgents.queueId)
  return rows.map((row) => row.id)
}

/** Has an agent work in these queues and no other. */
export async function setQueuesOf(db: Db, agentId: string, queueIds: string[]): Promise<void> {
  await db
    .delete(supportQueueAgents)
    .where(
      and(
        eq(supportQueueAgents.agentId, agentId),
        queueIds.length > 0 ? notInArray(supportQueueAgents.queueId, queueIds) : undefined,
      ),
    )
  if (queueIds.length === 0) return
  await db
    .insert(supportQueueAgents)
    .values(queueIds.map((queueId) => ({ queueId, agentId })))
    .onConflictDoNothing()
}

/** The tickets that an agent has to do something about, or will have; locked in the order of their ids. */
export async function lockTicketsOf(db: Db, agentId: string): Promise<TicketRow[]> {
  return db
    .select()
    .from(tickets)
    .where(and(eq(tickets.assigneeId, agentId), sql`${tickets.status} not in ('solved', 'closed')`))
    .orderBy(tickets.id)
    .for('update')
}
