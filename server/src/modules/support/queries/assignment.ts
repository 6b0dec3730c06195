import { type Db, supportAgents, supportQueueAgents, supportQueues, tickets, users } from '@devforge/db'
import { and, asc, eq, exists, inArray, isNull, ne, or, sql } from 'drizzle-orm'
import { mayWork } from './agents.ts'
import type { TicketRow } from './tickets.ts'

export type AssignmentMode = (typeof supportQueues.$inferSelect)['assignment']

/** An agent who may be given a ticket. */
export interface Candidate {
  id: string
  skills: string[]
  capacity: number
  /** New and open tickets that are theirs. */
  load: number
  lastAssignedAt: Date | null
}

/** New and open tickets of an agent. */
export const loadOf = sql<number>`(
  select count(*)::int from ${tickets}
  where ${tickets.assigneeId} = ${supportAgents.userId} and ${tickets.status} in ('new', 'open'))`

/** A ticket that waits for somebody to take it, as `tickets_waiting_idx` has it. */
const isWaiting = and(isNull(tickets.assigneeId), sql`${tickets.status} in ('new', 'open')`)

/** Agents at their desks who work in a queue, with what they have to do. */
export async function listCandidates(
  db: Db,
  { queueId, now }: { queueId: string; now: Date },
): Promise<Candidate[]> {
  return db
    .select({
      id: supportAgents.userId,
      skills: supportAgents.skills,
      capacity: supportAgents.capacity,
      load: loadOf,
      lastAssignedAt: supportAgents.lastAssignedAt,
    })
    .from(supportQueueAgents)
    .innerJoin(supportAgents, eq(supportAgents.userId, supportQueueAgents.agentId))
    .innerJoin(users, eq(users.id, supportAgents.userId))
    .where(and(eq(supportQueueAgents.queueId, queueId), supportAgents.available, mayWork(now)))
}

/** Locks agents in the order of their ids, so that two who lock the same ones never wait for each other. */
export async function lockAgents(db: Db, ids: string[]): Promise<void> {
  await db
    .select({ id: supportAgents.userId })
    .from(supportAgents)
    .where(inArray(supportAgents.userId, ids))
    .orderBy(asc(supportAgents.userId))
    .for('update')
}

export async function setLastAssigned(db: Db, agentId: string, at: Date): Promise<void> {
  await db.update(supportAgents).set({ lastAssignedAt: at }).where(eq(supportAgents.userId, agentId))
}

/**
 * The ticket of a queue that is next to be given to somebody, and that one of these agents can do; locked. The nearest promise first, then
 * the most urgent, then the oldest. One that somebody works on in this moment is passed over: what they do to it wakes the engine again.
 */
export async function nextWaiting(
  db: Db,
  { queueId, agentIds }: { queueId: string; agentIds: string[] },
): Promise<TicketRow | undefined> {
  const able = db
    .select({ one: sql`1` })
    .from(supportAgents)
    .where(and(inArray(supportAgents.userId, agentIds), sql`${tickets.skills} <@ ${supportAgents.skills}`))
  const [row] = await db
    .select()
    .from(tickets)
    .where(and(eq(tickets.queueId, queueId), isWaiting, or(sql`${tickets.skills} = '{}'`, exists(able))))
    // As the index has it.
    .orderBy(sql`${tickets.nextDueAt} asc nulls last, ${tickets.priority} desc nulls last, ${tickets.id} asc`)
    .limit(1)
    .for('update', { skipLocked: true })
  return row
}

/** How a queue is worked on. */
export async function assignmentOf(db: Db, queueId: string): Promise<AssignmentMode | undefined> {
  const [row] = await db
    .select({ assignment: supportQueues.assignment })
    .from(supportQueues)
    .where(eq(supportQueues.id, queueId))
  return row?.assignment
}

/** Queues that assign by themselves: of those named, and those that these agents work in. In the order of their ids. */
export async function queuesToWake(
  db: Db,
  { queueIds, agentIds }: { queueIds: string[]; agentIds: string[] },
): Promise<string[]> {
  const oftheirs = db
    .select({ id: supportQueueAgents.queueId })
    .from(supportQueueAgents)
    .where(inArray(supportQueueAgents.agentId, agentIds))
  const rows = await db
    .select({ id: supportQueues.id })
    .from(supportQueues)
    .where(
      and(
        ne(supportQueues.assignment, 'manual'),
        or(
          queueIds.length > 0 ? inArray(supportQueues.id, queueIds) : undefined,
          agentIds.length > 0 ? inArray(supportQueues.id, oftheirs) : undefined,
        ),
      ),
    )
    .orderBy(asc(supportQueues.id))
  return rows.map((row) => row.id)
}

/** Queues that assign by themselves and in which tickets wait. */
export async function queuesWithWaiting(db: Db): Promise<string[]> {
  const waiting = db
    .select({ one: sql`1` })
    .from(tickets)
    .where(and(eq(tickets.queueId, supportQueues.id), isWaiting))
  const rows = await db
    .select({ id: supportQueues.id })
    .from(supportQueues)
    .where(and(ne(supportQueues.assignment, 'manual'), exists(waiting)))
    .orderBy(asc(supportQueues.id))
  return rows.map((row) => row.id)
}
