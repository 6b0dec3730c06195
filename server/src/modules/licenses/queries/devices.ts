import { type Db, licenseDevices, licenses, newId } from '@devforge/db'
import { and, asc, count, desc, eq, inArray, lt } from 'drizzle-orm'
import type { Page } from './licenses.ts'

export type DeviceRow = typeof licenseDevices.$inferSelect

/** The device, if the license it is on belongs to the user. */
export async function findOwnDevice(
  db: Db,
  { deviceId, userId }: { deviceId: string; userId: string },
): Promise<DeviceRow | undefined> {
  const [row] = await db
    .select({ device: licenseDevices })
    .from(licenseDevices)
    .innerJoin(licenses, eq(licenses.id, licenseDevices.licenseId))
    .where(and(eq(licenseDevices.id, deviceId), eq(licenses.userId, userId)))
  return row?.device
}

export async function insertDevice(
  db: Db,
  values: Omit<typeof licenseDevices.$inferInsert, 'id'>,
): Promise<DeviceRow> {
  const [row] = await db
    .insert(licenseDevices)
    .values({ id: newId('dev'), ...values })
    .returning()
  if (!row) throw new Error('insert returned nothing')
  return row
}

export async function updateDevice(
  db: Db,
  id: string,
  values: Partial<typeof licenseDevices.$inferInsert>,
): Promise<DeviceRow | undefined> {
  const [row] = await db.update(licenseDevices).set(values).where(eq(licenseDevices.id, id)).returning()
  return row
}

export async function deleteDevice(db: Db, id: string): Promise<DeviceRow | undefined> {
  const [row] = await db.delete(licenseDevices).where(eq(licenseDevices.id, id)).returning()
  return row
}

/** Removes devices; `surplus` only that many, those not seen for longest. */
export async function deleteDevices(db: Db, licenseId: string, surplus?: number): Promise<DeviceRow[]> {
  const doomed =
    surplus === undefined
      ? undefined
      : (await leastRecentlySeen(db, licenseId, surplus)).map((device) => device.id)
  return db
    .delete(licenseDevices)
    .where(
      and(
        eq(licenseDevices.licenseId, licenseId),
        doomed === undefined ? undefined : inArray(licenseDevices.id, doomed),
      ),
    )
    .returning()
}

export async function countDevices(db: Db, licenseId: string): Promise<number> {
  const [row] = await db
    .select({ value: count() })
    .from(licenseDevices)
    .where(eq(licenseDevices.licenseId, licenseId))
  return row?.value ?? 0
}

/** The devices of licenses, last seen first. */
export async function devicesOf(db: Db, licenseIds: string[]): Promise<DeviceRow[]> {
  return db
    .select()
    .from(licenseDevices)
    .where(inArray(licenseDevices.licenseId, licenseIds))
    .orderBy(desc(licenseDevices.lastSeenAt), desc(licenseDevices.id))
}

/** The device of a fingerprint on a license. */
export async function findDevice(
  db: Db,
  { licenseId, fingerprintHash }: { licenseId: string; fingerprintHash: Buffer },
): Promise<DeviceRow | undefined> {
  const [row] = await db
    .select()
    .from(licenseDevices)
    .where(and(eq(licenseDevices.licenseId, licenseId), eq(licenseDevices.fingerprintHash, fingerprintHash)))
  return row
}

/** The devices that were not seen for longest: the ones to offer to free, or to free. */
export async function leastRecentlySeen(db: Db, licenseId: string, limit: number): Promise<DeviceRow[]> {
  return db
    .select()
    .from(licenseDevices)
    .where(eq(licenseDevices.licenseId, licenseId))
    .orderBy(asc(licenseDevices.lastSeenAt), asc(licenseDevices.id))
    .limit(limit)
}

/** A page of the devices of a license, last activated first. */
export async function pageDevices(
  db: Db,
  { licenseId, cursor, limit }: Page & { licenseId: string },
): Promise<DeviceRow[]> {
  return db
    .select()
    .from(licenseDevices)
    .where(
      and(
        eq(licenseDevices.licenseId, licenseId),
        cursor === undefined ? undefined : lt(licenseDevices.id, cursor),
      ),
    )
    .orderBy(desc(licenseDevices.id))
    .limit(limit + 1)
}
