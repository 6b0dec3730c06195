import { type Db, supportAgents, supportQueueAgents, supportQueues, tickets, users } from '@devforge/db'
import {
  and,
  asc,
  desc,
  eq,
  exists,
  gt,
  ilike,
  inArray,
  isNotNull,
  isNull,
  or,
  type SQL,
  sql,
} from 'drizzle-orm'
import { type AgentRow, mayWork } from './agents.ts'
import { loadOf } from './assignment.ts'

export interface StaffRow {
  id: string
  name: string
  email: string
  role: (typeof users.$inferSelect)['role']
  /** Null: the role is there, and nobody has said yet how they work. */
  agent: AgentRow | null
  queueIds: string[]
  load: number
  openCount: number
  ratings: number
  averageScore: number | null
}

const queueIds = sql<string[]>`array(
  select ${supportQueueAgents.queueId} from ${supportQueueAgents}
  where ${supportQueueAgents.agentId} = ${users.id} order by 1)`

/** Whoever works on tickets or may, in the order of their ids, one more than the limit. Ratings count from a time on. */
export async function listStaff(
  db: Db,
  {
    userId,
    cursor,
    limit,
    ratedSince,
  }: { userId?: string | undefined; cursor?: string | undefined; limit: number; ratedSince: Date },
): Promise<StaffRow[]> {
  const theirs = (what: SQL, where: SQL) =>
    sql`(select ${what} from ${tickets} where ${tickets.assigneeId} = ${users.id} and ${where})`
  const rated = sql`${tickets.satisfactionScore} is not null and ${tickets.ratedAt} >= ${ratedSince.toISOString()}`
  return db
    .select({
      id: users.id,
      name: users.name,
      email: users.email,
      role: users.role,
      agent: supportAgents,
      queueIds,
      load: sql<number>`${theirs(sql`count(*)::int`, sql`${tickets.status} in ('new', 'open')`)}`,
      openCount: sql<number>`${theirs(sql`count(*)::int`, sql`${tickets.status} in ('new', 'open', 'pending', 'on_hold')`)}`,
      ratings: sql<number>`${theirs(sql`count(*)::int`, rated)}`,
      averageScore: sql<number | null>`${theirs(sql`avg(${tickets.satisfactionScore})::float8`, rated)}`,
    })
    .from(users)
    .leftJoin(supportAgents, eq(supportAgents.userId, users.id))
    .where(
      and(
        isNull(users.erasedAt),
        or(inArray(users.role, ['agent', 'admin']), isNotNull(supportAgents.userId)),
        userId === undefined ? undefined : eq(users.id, userId),
        cursor === undefined ? undefined : gt(users.id, cursor),
      ),
    )
    .orderBy(asc(users.id))
    .limit(limit + 1)
}

/** `%` and `_` in what people search for are letters, not wildcards. */
const contains = (text: string): string => `%${text.replace(/[\\%_]/g, '\\$&')}%`

/** Agents who can be given a ticket by hand, by name. */
export async function listAssignable(
  db: Db,
  filter: { queueId?: string | undefined; query?: string | undefined; limit: number; now: Date },
) {
  const inQueue = db
    .select({ one: sql`1` })
    .from(supportQueueAgents)
    .where(
      and(
        eq(supportQueueAgents.agentId, supportAgents.userId),
        eq(supportQueueAgents.queueId, filter.queueId ?? ''),
      ),
    )
  return db
    .select({
      id: users.id,
      name: users.name,
      available: supportAgents.available,
      capacity: supportAgents.capacity,
      skills: supportAgents.skills,
      load: loadOf,
      queueIds,
    })
    .from(supportAgents)
    .innerJoin(users, eq(users.id, supportAgents.userId))
    .where(
      and(
        mayWork(filter.now),
        filter.queueId === undefined ? undefined : exists(inQueue),
        filter.query === undefined ? undefined : ilike(users.name, contains(filter.query)),
      ),
    )
    .orderBy(asc(users.name), asc(users.id))
    .limit(filter.limit)
}

/** Who could take a ticket of a queue: its agents, those at their desks first; admins where there are none. In one order for everybody. */
export async function peopleOfQueue(
  db: Db,
  { queueId, now, limit }: { queueId: string; now: Date; limit: number },
): Promise<{ queue: string; people: { id: string; name: string; email: string }[] }> {
  const person = { id: users.id, name: users.name, email: users.email }
  const [queue] = await db
    .select({ name: supportQueues.name })
    .from(supportQueues)
    .where(eq(supportQueues.id, queueId))
  const agents = await db
    .select(person)
    .from(supportQueueAgents)
    .innerJoin(supportAgents, eq(supportAgents.userId, supportQueueAgents.agentId))
    .innerJoin(users, eq(users.id, supportAgents.userId))
    .where(and(eq(supportQueueAgents.queueId, queueId), mayWork(now)))
    .orderBy(desc(supportAgents.available), asc(users.id))
    .limit(limit)
  const people =
    agents.length > 0
      ? agents
      : await db
          .select(person)
          .from(users)
          .where(and(eq(users.role, 'admin'), isNull(users.erasedAt), eq(users.banned, false)))
          .orderBy(asc(users.id))
          .limit(limit)
  return { queue: queue?.name ?? queueId, people: people.toSorted((a, b) => (a.id < b.id ? -1 : 1)) }
}
