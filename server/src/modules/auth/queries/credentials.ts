import { accounts, apiTokens, type Db, twoFactors, users } from '@devforge/db'
import { and, eq, isNull, ne } from 'drizzle-orm'

/** Removes the ways in that were set up on an account before its address was proven; the password is replaced by the caller. */
export async function removeUnprovenAccess(db: Db, userId: string, now: Date): Promise<void> {
  await removeTwoFactor(db, userId, now)
  await db.delete(accounts).where(and(eq(accounts.userId, userId), ne(accounts.providerId, 'credential')))
  await db
    .update(apiTokens)
    .set({ revokedAt: now, updatedAt: now })
    .where(and(eq(apiTokens.userId, userId), isNull(apiTokens.revokedAt)))
}

/** Takes the second step off an account. */
export async function removeTwoFactor(db: Db, userId: string, now: Date): Promise<void> {
  await db.delete(twoFactors).where(eq(twoFactors.userId, userId))
  await db.update(users).set({ twoFactorEnabled: false, updatedAt: now }).where(eq(users.id, userId))
}

/** Puts a second step in place of an earlier, unfinished one. It counts once `confirmTwoFactor` was called. */
export async function putTwoFactor(
  db: Db,
  values: { userId: string; secret: string; backupCodes: string; now: Date },
): Promise<void> {
  const { userId, secret, backupCodes, now } = values
  await db
    .insert(twoFactors)
    .values({ userId, secret, backupCodes, verified: false, createdAt: now, updatedAt: now })
    .onConflictDoUpdate({
      target: twoFactors.userId,
      set: { secret, backupCodes, verified: false, updatedAt: now },
      setWhere: eq(twoFactors.verified, false),
    })
}

/** From now on signing in takes the second step. */
export async function confirmTwoFactor(db: Db, userId: string, now: Date): Promise<void> {
  await db.update(twoFactors).set({ verified: true, updatedAt: now }).where(eq(twoFactors.userId, userId))
  await db.update(users).set({ twoFactorEnabled: true, updatedAt: now }).where(eq(users.id, userId))
}

/** Stores the backup codes that are left. */
export async function setBackupCodes(db: Db, userId: string, backupCodes: string, now: Date): Promise<void> {
  await db.update(twoFactors).set({ backupCodes, updatedAt: now }).where(eq(twoFactors.userId, userId))
}
