import { auditLog, type Db, sessions, users } from '@devforge/db'
import { and, desc, eq, gte, ilike, isNull, like, lt, max, or, sql } from 'drizzle-orm'

type Role = (typeof users.$inferSelect)['role']
interface Page {
  cursor?: string | undefined
  limit: number
}

/** `%` and `_` in what people search for are letters, not wildcards. */
const contains = (text: string): string => `%${text.replace(/[\\%_]/g, '\\$&')}%`

/** Accounts by id, name or address, newest first, and one more than asked for if there are more. */
export async function searchUsers(
  db: Db,
  filter: { query?: string | undefined; role?: Role | undefined; banned?: boolean | undefined } & Page,
) {
  const { query, role, banned, cursor, limit } = filter
  const lastSeen = db
    .select({ userId: sessions.userId, at: max(sessions.updatedAt).as('last_seen_at') })
    .from(sessions)
    .groupBy(sessions.userId)
    .as('last_seen')
  return db
    .select({ user: users, lastSeenAt: lastSeen.at })
    .from(users)
    .leftJoin(lastSeen, eq(lastSeen.userId, users.id))
    .where(
      and(
        isNull(users.erasedAt),
        query === undefined
          ? undefined
          : or(
              eq(users.id, query),
              ilike(users.email, contains(query)),
              ilike(users.claimedEmail, contains(query)),
              ilike(users.name, contains(query)),
            ),
        role === undefined ? undefined : eq(users.role, role),
        banned === undefined ? undefined : eq(users.banned, banned),
        cursor === undefined ? undefined : lt(users.id, cursor),
      ),
    )
    .orderBy(desc(users.id))
    .limit(limit + 1)
}

/** The account with its row locked, unless it was deleted. */
export async function lockUser(db: Db, userId: string) {
  const [row] = await db
    .select()
    .from(users)
    .where(and(eq(users.id, userId), isNull(users.erasedAt)))
    .for('no key update')
  return row
}

export async function setRole(db: Db, userId: string, role: Role, now: Date) {
  const [row] = await db.update(users).set({ role, updatedAt: now }).where(eq(users.id, userId)).returning()
  return row
}

export async function setBan(
  db: Db,
  userId: string,
  ban: { banned: boolean; banReason: string | null; banExpires: Date | null },
  now: Date,
) {
  const [row] = await db
    .update(users)
    .set({ ...ban, updatedAt: now })
    .where(eq(users.id, userId))
    .returning()
  return row
}

export interface AuditFilter {
  subject?: string | undefined
  actor?: string | undefined
  action?: string | undefined
  from?: Date | undefined
  until?: Date | undefined
}

/** What was done, newest first, and one more than asked for if there is more. */
export async function listAudit(
  db: Db,
  filter: AuditFilter & { after?: { time: Date; id: string } | undefined; limit: number },
) {
  const { subject, actor, action, from, until, after, limit } = filter
  return db
    .select()
    .from(auditLog)
    .where(
      and(
        subject === undefined ? undefined : eq(auditLog.subject, subject),
        // By an account, whatever it acted as.
        actor === undefined ? undefined : like(auditLog.actor, contains(actor)),
        action === undefined ? undefined : eq(auditLog.action, action),
        from === undefined ? undefined : gte(auditLog.at, from),
        until === undefined ? undefined : lt(auditLog.at, until),
        after === undefined
          ? undefined
          : sql`(${auditLog.at}, ${auditLog.id}) < (${after.time.toISOString()}::timestamptz, ${after.id})`,
      ),
    )
    .orderBy(desc(auditLog.at), desc(auditLog.id))
    .limit(limit + 1)
}
