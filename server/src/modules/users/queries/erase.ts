import {
  accounts,
  apiTokens,
  type Db,
  deviceCodes,
  licenseDevices,
  licenses,
  outbox,
  sessions,
  subscriptions,
  twoFactors,
  users,
  verifications,
} from '@devforge/db'
import { and, eq, inArray, isNull, ne, notInArray, sql } from 'drizzle-orm'

/** The placeholder that keeps `users.email` unique and says nothing. */
const erasedEmail = (userId: string): string => `erased+${userId}@devforge.invalid`

/**
 * Removes what is personal of an account, and every way into it. The row itself stays: payments and licenses of the books
 * point to it.
 */
export async function eraseRows(db: Db, userId: string, now: Date): Promise<void> {
  const [user] = await db
    .select({ email: users.email, claimedEmail: users.claimedEmail })
    .from(users)
    .where(eq(users.id, userId))
  await db.delete(sessions).where(eq(sessions.userId, userId))
  await db.delete(accounts).where(eq(accounts.userId, userId))
  await db.delete(twoFactors).where(eq(twoFactors.userId, userId))
  await db.delete(apiTokens).where(eq(apiTokens.userId, userId))
  await db.delete(deviceCodes).where(eq(deviceCodes.userId, userId))
  await db.delete(verifications).where(eq(verifications.value, userId))
  const own = db.select({ id: licenses.id }).from(licenses).where(eq(licenses.userId, userId))
  await db.update(licenseDevices).set({ name: null }).where(inArray(licenseDevices.licenseId, own))
  await forgetMails(db, user?.claimedEmail ?? user?.email)
  await db
    .update(users)
    .set({
      email: erasedEmail(userId),
      claimedEmail: null,
      emailVerified: false,
      name: 'Deleted user',
      image: null,
      locale: null,
      role: 'customer',
      banReason: null,
      twoFactorEnabled: false,
      erasedAt: now,
      updatedAt: now,
    })
    .where(eq(users.id, userId))
}

/**
 * Empties the mails to an address, now or once they are sent (the farewell, for one). The rows stay, since they are what keeps
 * a mail from being sent again.
 */
async function forgetMails(db: Db, address: string | undefined): Promise<void> {
  if (address === undefined) return
  await db
    .update(outbox)
    .set({
      payload: sql`case when ${outbox.sentAt} is null then ${outbox.payload} || '{"forget":true}' else '{}'::jsonb end`,
    })
    .where(eq(sql`${outbox.payload}->>'to'`, address))
}

/**
 * Locks the rows of all admins and tells whether there is one who can act besides this account. Two admins who leave at the
 * same moment wait for each other here, so that one of them is the last.
 */
export async function hasOtherAdmin(db: Db, userId: string): Promise<boolean> {
  const rows = await db
    .select({ id: users.id, banned: users.banned })
    .from(users)
    .where(and(eq(users.role, 'admin'), isNull(users.erasedAt)))
    .orderBy(users.id)
    // Whoever writes something as one of them is not held up by it, nor holds it up.
    .for('no key update')
  return rows.some((row) => row.id !== userId && !row.banned)
}

/** The licenses of an account that are not revoked, locked: one that is being transferred away is the other's by then. */
export async function openLicenseIds(db: Db, userId: string): Promise<string[]> {
  const rows = await db
    .select({ id: licenses.id })
    .from(licenses)
    .where(and(eq(licenses.userId, userId), ne(licenses.status, 'revoked')))
    .orderBy(licenses.id)
    .for('update')
  return rows.map((row) => row.id)
}

/** The subscriptions of an account that may still bill. */
export async function openSubscriptionIds(db: Db, userId: string): Promise<string[]> {
  const rows = await db
    .select({ id: subscriptions.id })
    .from(subscriptions)
    .where(
      and(
        eq(subscriptions.userId, userId),
        notInArray(subscriptions.status, ['canceled', 'incomplete_expired']),
      ),
    )
  return rows.map((row) => row.id)
}
