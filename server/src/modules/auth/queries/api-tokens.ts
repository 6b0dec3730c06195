import { apiTokens, type Db, users } from '@devforge/db'
import { and, count, desc, eq, inArray, isNull, lt } from 'drizzle-orm'

export async function insertApiToken(
  db: Db,
  values: typeof apiTokens.$inferInsert & { id: string },
): Promise<void> {
  await db.insert(apiTokens).values(values)
}

/** How many tokens of an account are not revoked. */
export async function countApiTokens(db: Db, userId: string): Promise<number> {
  const [row] = await db
    .select({ count: count() })
    .from(apiTokens)
    .where(and(eq(apiTokens.userId, userId), isNull(apiTokens.revokedAt)))
  return row?.count ?? 0
}

/** The tokens of an account that are not revoked, newest first, and one more than asked for if there are more. */
export async function listApiTokens(
  db: Db,
  { userId, cursor, limit }: { userId: string; cursor?: string | undefined; limit: number },
) {
  return db
    .select({
      id: apiTokens.id,
      name: apiTokens.name,
      hint: apiTokens.hint,
      scopes: apiTokens.scopes,
      expiresAt: apiTokens.expiresAt,
      lastUsedAt: apiTokens.lastUsedAt,
      createdAt: apiTokens.createdAt,
    })
    .from(apiTokens)
    .where(
      and(
        eq(apiTokens.userId, userId),
        isNull(apiTokens.revokedAt),
        cursor === undefined ? undefined : lt(apiTokens.id, cursor),
      ),
    )
    .orderBy(desc(apiTokens.id))
    .limit(limit + 1)
}

/** @returns whether there was such a token of this account */
export async function revokeApiToken(
  db: Db,
  { userId, id, now }: { userId: string; id: string; now: Date },
): Promise<boolean> {
  const rows = await db
    .update(apiTokens)
    .set({ revokedAt: now, updatedAt: now })
    .where(and(eq(apiTokens.id, id), eq(apiTokens.userId, userId), isNull(apiTokens.revokedAt)))
    .returning({ id: apiTokens.id })
  return rows.length > 0
}

/** Revokes tokens by their hashes, whosesoever they are. @returns those that were good until now, with their owners */
export async function revokeByHashes(db: Db, { hashes, now }: { hashes: Buffer[]; now: Date }) {
  return db
    .update(apiTokens)
    .set({ revokedAt: now, updatedAt: now })
    .from(users)
    .where(
      and(inArray(apiTokens.tokenHash, hashes), isNull(apiTokens.revokedAt), eq(users.id, apiTokens.userId)),
    )
    .returning({
      id: apiTokens.id,
      userId: apiTokens.userId,
      name: apiTokens.name,
      hint: apiTokens.hint,
      email: users.email,
      ownerName: users.name,
    })
}
