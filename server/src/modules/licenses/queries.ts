import {
  type Db,
  licenseDevices,
  licenseEvents,
  licenseRevocations,
  licenses,
  newId,
  plans,
  releases,
  trials,
  users,
} from '@devforge/db'
import {
  and,
  asc,
  count,
  desc,
  eq,
  gt,
  ilike,
  inArray,
  isNotNull,
  lt,
  lte,
  max,
  or,
  type SQL,
  sql,
} from 'drizzle-orm'

export type LicenseRow = typeof licenses.$inferSelect
export type PlanRow = typeof plans.$inferSelect
export type DeviceRow = typeof licenseDevices.$inferSelect
export type RevocationRow = typeof licenseRevocations.$inferSelect

export interface Page {
  /** Id after which the page starts (newest first). */
  cursor?: string | undefined
  limit: number
}

/** Any fixed number: appends to the revocation list wait for each other, so that sequences become visible in order. */
const REVOCATION_LOCK = 4_711_002

export async function insertLicense(
  db: Db,
  values: typeof licenses.$inferInsert,
): Promise<LicenseRow | undefined> {
  const [row] = await db.insert(licenses).values(values).onConflictDoNothing().returning()
  return row
}

/** The license bought by a checkout or a subscription, if it was issued already. Locked. */
export async function lockIssued(
  db: Db,
  by: { checkoutId?: string | undefined; subscriptionId?: string | undefined },
): Promise<LicenseRow | undefined> {
  const conditions: SQL[] = []
  if (by.checkoutId) conditions.push(eq(licenses.checkoutId, by.checkoutId))
  if (by.subscriptionId) conditions.push(eq(licenses.subscriptionId, by.subscriptionId))
  if (conditions.length === 0) return undefined
  const [row] = await db
    .select()
    .from(licenses)
    .where(or(...conditions))
    .for('update')
  return row
}

/** The license, locked until the transaction ends. `userId` narrows it to an owner's own. */
export async function lockLicense(
  db: Db,
  { id, userId }: { id: string; userId?: string | undefined },
): Promise<LicenseRow | undefined> {
  const [row] = await db
    .select()
    .from(licenses)
    .where(and(eq(licenses.id, id), userId === undefined ? undefined : eq(licenses.userId, userId)))
    .for('update')
  return row
}

export async function lockLicenseByKeyHash(db: Db, keyHash: Buffer): Promise<LicenseRow | undefined> {
  const [row] = await db.select().from(licenses).where(eq(licenses.keyHash, keyHash)).for('update')
  return row
}

export async function updateLicense(
  db: Db,
  id: string,
  values: Partial<typeof licenses.$inferInsert>,
): Promise<LicenseRow> {
  const [row] = await db.update(licenses).set(values).where(eq(licenses.id, id)).returning()
  if (!row) throw new Error(`license ${id} vanished while locked`)
  return row
}

export async function findOwnLicense(db: Db, { id, userId }: { id: string; userId: string }) {
  const [row] = await db
    .select({ license: licenses, devicesInUse: devicesInUse() })
    .from(licenses)
    .where(and(eq(licenses.id, id), eq(licenses.userId, userId)))
  return row
}

const devicesInUse = () =>
  sql<number>`(select count(*)::int from ${licenseDevices} where ${licenseDevices.licenseId} = ${licenses.id})`

export async function listOwnLicenses(db: Db, { userId, cursor, limit }: Page & { userId: string }) {
  return db
    .select({ license: licenses, devicesInUse: devicesInUse() })
    .from(licenses)
    .where(and(eq(licenses.userId, userId), cursor === undefined ? undefined : lt(licenses.id, cursor)))
    .orderBy(desc(licenses.id))
    .limit(limit + 1)
}

/** For admins: by part of the owner's address or name, by id, by the last group of a key. */
export async function searchLicenses(
  db: Db,
  {
    query,
    status,
    plan,
    cursor,
    limit,
  }: Page & {
    query?: string | undefined
    status?: LicenseRow['status'] | undefined
    plan?: string | undefined
  },
) {
  const text = query?.trim()
  const pattern = text && `%${text.replace(/[\\%_]/g, '\\$&')}%`
  return db
    .select({
      license: licenses,
      devicesInUse: devicesInUse(),
      ownerName: users.name,
      ownerEmail: users.email,
    })
    .from(licenses)
    .innerJoin(users, eq(users.id, licenses.userId))
    .where(
      and(
        pattern === undefined || text === undefined || pattern === ''
          ? undefined
          : or(
              eq(licenses.id, text),
              eq(licenses.keyHint, text.toUpperCase()),
              eq(licenses.userId, text),
              ilike(users.email, pattern),
              ilike(users.name, pattern),
            ),
        status === undefined ? undefined : eq(licenses.status, status),
        plan === undefined ? undefined : eq(licenses.planSlug, plan),
        cursor === undefined ? undefined : lt(licenses.id, cursor),
      ),
    )
    .orderBy(desc(licenses.id))
    .limit(limit + 1)
}

export async function findPlan(db: Db, slug: string): Promise<PlanRow | undefined> {
  const [row] = await db.select().from(plans).where(eq(plans.slug, slug))
  return row
}

export async function insertEvent(db: Db, values: typeof licenseEvents.$inferInsert): Promise<void> {
  await db.insert(licenseEvents).values(values)
}

/** Whether something already brought about this kind of event: what makes renewals happen once per cause. */
export async function hasEvent(
  db: Db,
  { licenseId, type, cause }: { licenseId: string; type: string; cause: string },
): Promise<boolean> {
  const rows = await db
    .select({ id: licenseEvents.id })
    .from(licenseEvents)
    .where(
      and(
        eq(licenseEvents.licenseId, licenseId),
        eq(licenseEvents.type, type),
        eq(licenseEvents.cause, cause),
      ),
    )
    .limit(1)
  return rows.length > 0
}

export async function listOwnEvents(
  db: Db,
  { licenseId, userId, cursor, limit }: Page & { licenseId: string; userId: string },
) {
  return db
    .select({ event: licenseEvents })
    .from(licenseEvents)
    .innerJoin(licenses, eq(licenses.id, licenseEvents.licenseId))
    .where(
      and(
        eq(licenseEvents.licenseId, licenseId),
        eq(licenses.userId, userId),
        cursor === undefined ? undefined : lt(licenseEvents.id, cursor),
      ),
    )
    .orderBy(desc(licenseEvents.id))
    .limit(limit + 1)
}

/** Appends a delta for offline editors. Serialized, so that a reader who has seen n has seen all up to n. */
export async function appendRevocation(
  db: Db,
  values: Omit<typeof licenseRevocations.$inferInsert, 'sequence'>,
): Promise<void> {
  await db.execute(sql`select pg_advisory_xact_lock(${REVOCATION_LOCK})`)
  const sequence = sql<number>`(select coalesce(max(${licenseRevocations.sequence}), 0) + 1 from ${licenseRevocations})`
  await db.insert(licenseRevocations).values({ ...values, sequence })
}

export async function revocationsSince(db: Db, since: number, limit: number): Promise<RevocationRow[]> {
  return db
    .select()
    .from(licenseRevocations)
    .where(gt(licenseRevocations.sequence, since))
    .orderBy(asc(licenseRevocations.sequence))
    .limit(limit)
}

export async function revocationSequence(db: Db): Promise<number> {
  const [row] = await db.select({ sequence: max(licenseRevocations.sequence) }).from(licenseRevocations)
  return row?.sequence ?? 0
}

/** Entitlements of the extensions that a user has paid for and that are in force; part of every lease. */
export async function extensionEntitlements(
  db: Db,
  { userId, now }: { userId: string; now: Date },
): Promise<string[]> {
  const rows = await db
    .select({ entitlements: licenses.entitlements })
    .from(licenses)
    .where(
      and(
        eq(licenses.userId, userId),
        sql`${licenses.product} <> 'editor'`,
        inArray(licenses.status, ['active', 'past_due']),
        or(
          sql`${licenses.expiresAt} is null`,
          gt(licenses.expiresAt, now),
          isNotNull(licenses.subscriptionId),
        ),
      ),
    )
  return rows.flatMap((row) => row.entitlements)
}

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

/** Records a trial. @returns false when this user or this machine had one before */
export async function insertTrial(db: Db, values: Omit<typeof trials.$inferInsert, 'id'>): Promise<boolean> {
  const rows = await db
    .insert(trials)
    .values({ id: newId('tri'), ...values })
    .onConflictDoNothing()
    .returning({ id: trials.id })
  return rows.length > 0
}

export async function hasTrial(
  db: Db,
  { userId, fingerprintHash }: { userId: string; fingerprintHash: Buffer },
): Promise<boolean> {
  const rows = await db
    .select({ id: trials.id })
    .from(trials)
    .where(or(eq(trials.userId, userId), eq(trials.fingerprintHash, fingerprintHash)))
    .limit(1)
  return rows.length > 0
}

const CAN_EXPIRE = ['trial', 'active', 'past_due'] as const

/** Ids of licenses whose stored status may lag behind the clock. */
export async function licensesToExpire(
  db: Db,
  { now, limit }: { now: Date; limit: number },
): Promise<string[]> {
  const rows = await db
    .select({ id: licenses.id })
    .from(licenses)
    .where(and(inArray(licenses.status, [...CAN_EXPIRE]), lte(licenses.expiresAt, now)))
    .orderBy(asc(licenses.expiresAt))
    .limit(limit)
  return rows.map((row) => row.id)
}

/** Licenses (with no subscription that renews itself) that end, or whose updates end, between two moments. */
export async function licensesEnding(
  db: Db,
  { from, to, after, limit }: { from: Date; to: Date; after?: string | undefined; limit: number },
): Promise<LicenseRow[]> {
  return db
    .select()
    .from(licenses)
    .where(
      and(
        or(
          and(
            inArray(licenses.status, ['trial', 'active']),
            sql`${licenses.subscriptionId} is null`,
            gt(licenses.expiresAt, from),
            lte(licenses.expiresAt, to),
          ),
          and(eq(licenses.status, 'active'), gt(licenses.updatesUntil, from), lte(licenses.updatesUntil, to)),
        ),
        after === undefined ? undefined : gt(licenses.id, after),
      ),
    )
    .orderBy(asc(licenses.id))
    .limit(limit)
}

/** Every registered version with the day it came out. */
export async function listReleases(db: Db) {
  return db
    .select({ product: releases.product, version: releases.version, releasedAt: releases.releasedAt })
    .from(releases)
}

/** Registers a release, or corrects its date. */
export async function upsertRelease(
  db: Db,
  release: { product: string; version: string; releasedAt: Date },
): Promise<void> {
  await db
    .insert(releases)
    .values(release)
    .onConflictDoUpdate({
      target: [releases.product, releases.version],
      set: { releasedAt: sql`excluded.released_at` },
    })
}
