import { accounts, apiTokens, type Db, sessions, twoFactors, users } from '@devforge/db'
import { and, desc, eq, gt, isNull, lt, ne, or, sql } from 'drizzle-orm'
import { sha256 } from '../../crypto/secrets.ts'

/** Whether a ban is in force now: for ever, or until a date that has not come. */
const isBanned = (user: { banned: boolean; banExpires: Date | null }, now: Date): boolean =>
  user.banned && (user.banExpires === null || user.banExpires > now)

export interface LiveSession {
  userId: string
  role: (typeof users.$inferSelect)['role']
  banned: boolean
  impersonatedBy: string | null
}

/** The session, if it still lives, with what the account may do at this moment. */
export async function findLiveSession(
  db: Db,
  { userId, sessionId, now }: { userId: string; sessionId: string; now: Date },
): Promise<LiveSession | undefined> {
  const found = (await findLiveSessions(db, { sessionIds: [sessionId], now })).get(sessionId)
  return found?.userId === userId ? found : undefined
}

/** Those of the sessions that still live, by their ids. */
export async function findLiveSessions(
  db: Db,
  { sessionIds, now }: { sessionIds: string[]; now: Date },
): Promise<Map<string, LiveSession>> {
  const rows = await db
    .select({
      id: sessions.id,
      userId: sessions.userId,
      role: users.role,
      banned: users.banned,
      banExpires: users.banExpires,
      impersonatedBy: sessions.impersonatedBy,
    })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.userId))
    .where(
      and(
        sql`${sessions.id} = any(${sql.param(sessionIds)}::text[])`,
        gt(sessions.expiresAt, now),
        isNull(users.erasedAt),
      ),
    )
  return new Map(
    rows.map(({ id, userId, role, impersonatedBy, ...user }) => [
      id,
      { userId, role, impersonatedBy, banned: isBanned(user, now) },
    ]),
  )
}

/** The API token, if it is good: by its text, or by its id, which proves nothing. */
export async function findApiToken(
  db: Db,
  { now, ...by }: ({ token: string } | { id: string }) & { now: Date },
) {
  const [row] = await db
    .select({
      id: apiTokens.id,
      userId: apiTokens.userId,
      scopes: apiTokens.scopes,
      lastUsedAt: apiTokens.lastUsedAt,
      banned: users.banned,
      banExpires: users.banExpires,
    })
    .from(apiTokens)
    .innerJoin(users, eq(users.id, apiTokens.userId))
    .where(
      and(
        'token' in by ? eq(apiTokens.tokenHash, sha256(by.token)) : eq(apiTokens.id, by.id),
        isNull(apiTokens.revokedAt),
        or(isNull(apiTokens.expiresAt), gt(apiTokens.expiresAt, now)),
        isNull(users.erasedAt),
      ),
    )
  if (!row) return undefined
  const { banned: _, banExpires: __, ...found } = row
  return { ...found, banned: isBanned(row, now) }
}

/** Notes when an API token was used. */
export async function touchApiToken(db: Db, id: string, now: Date): Promise<void> {
  await db.update(apiTokens).set({ lastUsedAt: now }).where(eq(apiTokens.id, id))
}

/** Whether the account may be signed in: it exists, was not deleted and is not banned. */
export async function mayHaveSession(db: Db, { userId, now }: { userId: string; now: Date }) {
  const [row] = await db
    .select({ banned: users.banned, banExpires: users.banExpires })
    .from(users)
    .where(and(eq(users.id, userId), isNull(users.erasedAt)))
  return row !== undefined && !isBanned(row, now)
}

const credential = and(eq(accounts.userId, users.id), eq(accounts.providerId, 'credential'))

/**
 * The accounts that a mail address may sign in to: the one that has proven it, and the newest of those that only claim it.
 * (All claims look alike from outside, whether the address was free at the time or not: that is what keeps a sign-up from
 * telling whether an address is known.) One statement, found or not.
 */
export async function findSignInCandidates(db: Db, email: string, now: Date) {
  const columns = {
    userId: users.id,
    proven: users.emailVerified,
    passwordHash: accounts.password,
    twoFactorEnabled: users.twoFactorEnabled,
    banned: users.banned,
    banExpires: users.banExpires,
  }
  const owner = db
    .select(columns)
    .from(users)
    .leftJoin(accounts, credential)
    .where(and(eq(users.email, email), eq(users.emailVerified, true), isNull(users.erasedAt)))
  const claimants = db
    .select(columns)
    .from(users)
    .innerJoin(accounts, credential)
    .where(
      and(
        or(eq(users.claimedEmail, email), eq(users.email, email)),
        eq(users.emailVerified, false),
        isNull(users.erasedAt),
      ),
    )
    .orderBy(desc(users.id))
    .limit(1)
  const rows = await owner.unionAll(claimants)
  const present = (row: (typeof rows)[number] | undefined) =>
    row && {
      userId: row.userId,
      passwordHash: row.passwordHash,
      twoFactorEnabled: row.twoFactorEnabled,
      banned: isBanned(row, now),
    }
  return {
    owner: present(rows.find((row) => row.proven)),
    claimant: present(rows.find((row) => !row.proven)),
  }
}
export type SignInCandidate = NonNullable<Awaited<ReturnType<typeof findSignInCandidates>>['owner']>

/** Whether a mail address is held by an account. Takes the row's lock, so that the answer holds for this transaction. */
export async function isEmailHeld(db: Db, email: string): Promise<boolean> {
  const rows = await db.select({ id: users.id }).from(users).where(eq(users.email, email)).for('key share')
  return rows.length > 0
}

/** The session of a token, if it lives, with its account. */
export async function findSessionByToken(db: Db, { tokenHash, now }: { tokenHash: string; now: Date }) {
  const [row] = await db
    .select({
      id: sessions.id,
      updatedAt: sessions.updatedAt,
      expiresAt: sessions.expiresAt,
      impersonatedBy: sessions.impersonatedBy,
      user: users,
    })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.userId))
    .where(and(eq(sessions.token, tokenHash), gt(sessions.expiresAt, now), isNull(users.erasedAt)))
  return row && { ...row, banned: isBanned(row.user, now) }
}

/** Moves the end of a session on. */
export async function extendSession(
  db: Db,
  { sessionId, expiresAt, now }: { sessionId: string; expiresAt: Date; now: Date },
): Promise<void> {
  await db.update(sessions).set({ expiresAt, updatedAt: now }).where(eq(sessions.id, sessionId))
}

/** Ends the session of a token, if there is one. */
export async function deleteSessionByToken(db: Db, tokenHash: string): Promise<void> {
  await db.delete(sessions).where(eq(sessions.token, tokenHash))
}

/** Ends one session of an account. @returns whether there was one */
export async function deleteSession(
  db: Db,
  { userId, sessionId }: { userId: string; sessionId: string },
): Promise<boolean> {
  const rows = await db
    .delete(sessions)
    .where(and(eq(sessions.id, sessionId), eq(sessions.userId, userId)))
    .returning({ id: sessions.id })
  return rows.length > 0
}

/** Ends all sessions of an account, or all but one. */
export async function deleteSessions(db: Db, userId: string, exceptSessionId?: string): Promise<void> {
  await db
    .delete(sessions)
    .where(
      and(
        eq(sessions.userId, userId),
        exceptSessionId === undefined ? undefined : ne(sessions.id, exceptSessionId),
      ),
    )
}

/** The live sessions of an account, newest first, and one more than asked for if there are more. */
export async function listSessions(
  db: Db,
  { userId, now, cursor, limit }: { userId: string; now: Date; cursor?: string | undefined; limit: number },
) {
  return db
    .select({
      id: sessions.id,
      ipAddress: sessions.ipAddress,
      userAgent: sessions.userAgent,
      createdAt: sessions.createdAt,
      updatedAt: sessions.updatedAt,
      expiresAt: sessions.expiresAt,
    })
    .from(sessions)
    .where(
      and(
        eq(sessions.userId, userId),
        gt(sessions.expiresAt, now),
        isNull(sessions.impersonatedBy),
        cursor === undefined ? undefined : lt(sessions.id, cursor),
      ),
    )
    .orderBy(desc(sessions.id))
    .limit(limit + 1)
}

/** Whether the account is signed in from an address at this moment. */
export async function hasSessionFrom(
  db: Db,
  { userId, ip, now }: { userId: string; ip: string; now: Date },
): Promise<boolean> {
  const rows = await db
    .select({ id: sessions.id })
    .from(sessions)
    .where(and(eq(sessions.userId, userId), eq(sessions.ipAddress, ip), gt(sessions.expiresAt, now)))
    .limit(1)
  return rows.length > 0
}

/** The stored password hash of an account; undefined when it has none. */
export async function findPasswordHash(db: Db, userId: string): Promise<string | undefined> {
  const [row] = await db
    .select({ password: accounts.password })
    .from(accounts)
    .where(and(eq(accounts.userId, userId), eq(accounts.providerId, 'credential')))
  return row?.password ?? undefined
}

/** What the second step of an account needs, locked: a code counts once even if it arrives twice at the same moment. */
export async function lockTwoFactor(db: Db, userId: string) {
  const [row] = await db.select().from(twoFactors).where(eq(twoFactors.userId, userId)).for('update')
  return row
}
