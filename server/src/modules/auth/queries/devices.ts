import { type Db, deviceCodes } from '@devforge/db'
import { and, eq, gt } from 'drizzle-orm'

/** Stores a request of a device, by the hashes of its two codes. */
export async function insertDeviceCode(db: Db, values: typeof deviceCodes.$inferInsert): Promise<void> {
  await db.insert(deviceCodes).values(values)
}

/** The request of a device. */
export async function findDeviceCode(db: Db, deviceCode: string) {
  const [row] = await db.select().from(deviceCodes).where(eq(deviceCodes.deviceCode, deviceCode))
  return row
}

/** Notes a poll, and how long the device must wait from now on. */
export async function notePoll(
  db: Db,
  id: string,
  { now, pollingInterval }: { now: Date; pollingInterval: number },
): Promise<void> {
  await db
    .update(deviceCodes)
    .set({ lastPolledAt: now, pollingInterval, updatedAt: now })
    .where(eq(deviceCodes.id, id))
}

/** Takes an approved request away: of two polls at once, one gets it. */
export async function takeApproved(db: Db, id: string) {
  const [row] = await db
    .delete(deviceCodes)
    .where(and(eq(deviceCodes.id, id), eq(deviceCodes.status, 'approved')))
    .returning({ userId: deviceCodes.userId })
  return row
}

export async function deleteDeviceCode(db: Db, id: string): Promise<void> {
  await db.delete(deviceCodes).where(eq(deviceCodes.id, id))
}

/** Decides on an open request. @returns nothing when there is none with this code */
export async function decideDevice(
  db: Db,
  {
    userCode,
    userId,
    status,
    now,
  }: { userCode: string; userId: string; status: 'approved' | 'denied'; now: Date },
) {
  const [row] = await db
    .update(deviceCodes)
    .set({ userId, status, updatedAt: now })
    .where(
      and(
        eq(deviceCodes.userCode, userCode),
        eq(deviceCodes.status, 'pending'),
        gt(deviceCodes.expiresAt, now),
      ),
    )
    .returning({ id: deviceCodes.id, clientName: deviceCodes.clientId })
  return row
}

/** What an open request calls itself, for showing before the decision. */
export async function findOpenRequest(db: Db, { userCode, now }: { userCode: string; now: Date }) {
  const [row] = await db
    .select({ clientName: deviceCodes.clientId, createdAt: deviceCodes.createdAt })
    .from(deviceCodes)
    .where(
      and(
        eq(deviceCodes.userCode, userCode),
        eq(deviceCodes.status, 'pending'),
        gt(deviceCodes.expiresAt, now),
      ),
    )
  return row
}
