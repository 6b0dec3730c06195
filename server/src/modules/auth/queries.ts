import { apiTokens, type Db, sessions, users } from '@devforge/db'
import { and, eq, gt, isNull, or } from 'drizzle-orm'
import { sha256 } from '../../crypto/secrets.ts'

/** Whether a ban is in force now: for ever, or until a date that has not come. */
const isBanned = (user: { banned: boolean; banExpires: Date | null }, now: Date): boolean =>
  user.banned && (user.banExpires === null || user.banExpires > now)

/** The session, if it still lives, with what the account may do at this moment. */
export async function findLiveSession(
  db: Db,
  { userId, sessionId, now }: { userId: string; sessionId: string; now: Date },
) {
  const [row] = await db
    .select({ role: users.role, banned: users.banned, banExpires: users.banExpires })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.userId))
    .where(
      and(
        eq(sessions.id, sessionId),
        eq(sessions.userId, userId),
        gt(sessions.expiresAt, now),
        isNull(users.erasedAt),
      ),
    )
  return row && { role: row.role, banned: isBanned(row, now) }
}

/** The API token, if it is good. */
export async function findApiToken(db: Db, { token, now }: { token: string; now: Date }) {
  const [row] = await db
    .select({
      id: apiTokens.id,
      userId: apiTokens.userId,
      scopes: apiTokens.scopes,
      banned: users.banned,
      banExpires: users.banExpires,
    })
    .from(apiTokens)
    .innerJoin(users, eq(users.id, apiTokens.userId))
    .where(
      and(
        eq(apiTokens.tokenHash, sha256(token)),
        isNull(apiTokens.revokedAt),
        or(isNull(apiTokens.expiresAt), gt(apiTokens.expiresAt, now)),
        isNull(users.erasedAt),
      ),
    )
  return row && { id: row.id, userId: row.userId, scopes: row.scopes, banned: isBanned(row, now) }
}
