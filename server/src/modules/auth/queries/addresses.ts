import { accounts, type Db, users } from '@devforge/db'
import { and, desc, eq, isNotNull, isNull, or, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/pg-core'

/** The account with its row locked, unless it was deleted. */
export async function lockAccount(db: Db, userId: string) {
  const [row] = await db
    .select()
    .from(users)
    .where(and(eq(users.id, userId), isNull(users.erasedAt)))
    .for('update')
  return row
}

/** A shadow account and whoever holds the address that it claims, not locked: between these things may move. None for any other account. */
export async function accountsToJoin(db: Db, userId: string): Promise<string[]> {
  const claimant = alias(users, 'claimant')
  const rows = await db
    .select({ id: users.id })
    .from(users)
    .innerJoin(claimant, or(eq(users.id, claimant.id), eq(users.email, claimant.claimedEmail)))
    .where(and(eq(claimant.id, userId), isNotNull(claimant.claimedEmail)))
    .orderBy(users.id)
  return rows.map((row) => row.id)
}

/** The account that holds a mail address, proven or not, with its row locked. */
export async function lockHolder(db: Db, email: string) {
  const [row] = await db.select().from(users).where(eq(users.email, email)).for('update')
  return row
}

/** Whether there is a way to sign in to the account (one that a license was given to by mail has none yet). */
export async function hasSignIn(db: Db, userId: string): Promise<boolean> {
  const rows = await db.select({ id: accounts.id }).from(accounts).where(eq(accounts.userId, userId)).limit(1)
  return rows.length > 0
}

/** Gives an account its address, and says what is proven of it. */
export async function setAddress(
  db: Db,
  userId: string,
  address: { email: string; claimedEmail: string | null; emailVerified: boolean },
  now: Date,
): Promise<void> {
  await db
    .update(users)
    .set({ ...address, updatedAt: now })
    .where(eq(users.id, userId))
}

/** Who is to be written to when somebody asks for a new link: the holder of an address, else nobody. */
export async function findHolder(db: Db, email: string) {
  const [row] = await db
    .select({ userId: users.id, name: users.name, emailVerified: users.emailVerified })
    .from(users)
    .where(and(eq(users.email, email), isNull(users.erasedAt)))
  return row
}

/** The newest account that claims an address without having proven it. */
export async function findClaimant(db: Db, email: string) {
  const [row] = await db
    .select({
      userId: users.id,
      name: users.name,
      isShadow: sql<boolean>`${users.claimedEmail} is not null`,
    })
    .from(users)
    .innerJoin(accounts, and(eq(accounts.userId, users.id), eq(accounts.providerId, 'credential')))
    .where(
      and(
        or(eq(users.claimedEmail, email), eq(users.email, email)),
        eq(users.emailVerified, false),
        isNull(users.erasedAt),
      ),
    )
    .orderBy(desc(users.id))
    .limit(1)
  return row
}
