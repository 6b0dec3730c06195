import { type Db, licenses, plans, users } from '@devforge/db'
import {
  and,
  asc,
  desc,
  eq,
  gt,
  ilike,
  inArray,
  isNotNull,
  isNull,
  lt,
  lte,
  ne,
  or,
  type SQL,
  sql,
} from 'drizzle-orm'

export type LicenseRow = typeof licenses.$inferSelect

export type PlanRow = typeof plans.$inferSelect

export interface Page {
  /** Id after which the page starts (newest first). */
  cursor?: string | undefined
  limit: number
}

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

// By hand: in a select from one table Drizzle writes columns without their tables, and a bare `id` here would be the device's.
const devicesInUse = () =>
  sql<number>`(select count(*)::int from license_devices d where d.license_id = "licenses"."id")`

export async function listOwnLicenses(db: Db, { userId, cursor, limit }: Page & { userId: string }) {
  return db
    .select({ license: licenses, devicesInUse: devicesInUse() })
    .from(licenses)
    .where(and(eq(licenses.userId, userId), cursor === undefined ? undefined : lt(licenses.id, cursor)))
    .orderBy(desc(licenses.id))
    .limit(limit + 1)
}

/** Licenses of one person among the ids, with what their plan is called. */
export async function licensesOfOwner(db: Db, { ids, userId }: { ids: string[]; userId: string }) {
  return db
    .select({ license: licenses, devicesInUse: devicesInUse(), planName: plans.name })
    .from(licenses)
    .leftJoin(plans, eq(plans.slug, licenses.planSlug))
    .where(and(inArray(licenses.id, ids), eq(licenses.userId, userId)))
    .orderBy(licenses.id)
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

/** Entitlements of the editor's licenses of a user that are in force. */
export async function editorEntitlements(
  db: Db,
  { userId, now }: { userId: string; now: Date },
): Promise<Set<string>> {
  const rows = await db
    .select({ entitlements: licenses.entitlements })
    .from(licenses)
    .where(
      and(
        eq(licenses.userId, userId),
        eq(licenses.product, 'editor'),
        inArray(licenses.status, ['active', 'past_due']),
        or(
          sql`${licenses.expiresAt} is null`,
          gt(licenses.expiresAt, now),
          isNotNull(licenses.subscriptionId),
        ),
      ),
    )
  return new Set(rows.flatMap((row) => row.entitlements))
}

/** The other licenses of an owner, whatever their state: one that is suspended may come back with the lease it had. */
export async function otherLicenseIds(
  db: Db,
  { licenseId, userId }: { licenseId: string; userId: string },
): Promise<string[]> {
  const rows = await db
    .select({ id: licenses.id })
    .from(licenses)
    .where(and(eq(licenses.userId, userId), ne(licenses.id, licenseId)))
  return rows.map((row) => row.id)
}

/** Ids of licenses whose stored status the clock has overtaken. */
export async function licensesToExpire(
  db: Db,
  { now, pastDueBefore, limit }: { now: Date; pastDueBefore: Date; limit: number },
): Promise<string[]> {
  const ended = db
    .select({ id: licenses.id })
    .from(licenses)
    .where(and(inArray(licenses.status, ['trial', 'active']), lte(licenses.expiresAt, now)))
    .orderBy(asc(licenses.expiresAt))
    .limit(limit)
  const unpaid = db
    .select({ id: licenses.id })
    .from(licenses)
    .where(and(eq(licenses.status, 'past_due'), lte(licenses.pastDueSince, pastDueBefore)))
    .limit(limit)
  return [...(await ended), ...(await unpaid)].map((row) => row.id)
}

/** Licenses (with no subscription that renews itself) that end, or whose updates end, between two moments; with whom to tell. */
export async function licensesEnding(
  db: Db,
  { from, to, after, limit }: { from: Date; to: Date; after?: string | undefined; limit: number },
) {
  return db
    .select({
      id: licenses.id,
      status: licenses.status,
      expiresAt: licenses.expiresAt,
      updatesUntil: licenses.updatesUntil,
      plan: plans.name,
      name: users.name,
      email: sql<string>`coalesce(${users.claimedEmail}, ${users.email})`,
    })
    .from(licenses)
    .innerJoin(users, and(eq(users.id, licenses.userId), isNull(users.erasedAt)))
    .innerJoin(plans, eq(plans.slug, licenses.planSlug))
    .where(
      and(
        or(
          and(
            inArray(licenses.status, ['trial', 'active']),
            isNull(licenses.subscriptionId),
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
