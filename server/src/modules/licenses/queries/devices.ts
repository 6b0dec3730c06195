import { type Db, licenseDevices, licenses, newId } from '@devforge/db'
import { and, asc, count, desc, eq } from 'drizzle-orm'

export type DeviceRow = typeof licenseDevices.$inferSelect

export async function listDevices(db: Db, licenseId: string): Promise<DeviceRow[]> {
  return db
    .select()
    .from(licenseDevices)
    .where(eq(licenseDevices.licenseId, licenseId))
    .orderBy(desc(licenseDevices.lastSeenAt), asc(licenseDevices.id))
}

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

export async function deleteDevices(db: Db, licenseId: string): Promise<DeviceRow[]> {
  return db.delete(licenseDevices).where(eq(licenseDevices.licenseId, licenseId)).returning()
}

export async function countDevices(db: Db, licenseId: string): Promise<number> {
  const [row] = await db
    .select({ value: count() })
    .from(licenseDevices)
    .where(eq(licenseDevices.licenseId, licenseId))
  return row?.value ?? 0
}
