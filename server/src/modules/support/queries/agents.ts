import { type Db, supportAgents, users } from '@devforge/db'
import { and, eq, inArray, isNull } from 'drizzle-orm'

/** An agent who may be given tickets, locked against leaving in this moment. */
export async function holdAgent(db: Db, userId: string): Promise<{ userId: string } | undefined> {
  const [row] = await db
    .select({ userId: supportAgents.userId })
    .from(supportAgents)
    .innerJoin(users, eq(users.id, supportAgents.userId))
    .where(
      and(
        eq(supportAgents.userId, userId),
        supportAgents.active,
        inArray(users.role, ['agent', 'admin']),
        eq(users.banned, false),
        isNull(users.erasedAt),
      ),
    )
    .for('share', { of: supportAgents })
  return row
}
