import { type Db, licenseEvents, licenses, plans } from '@devforge/db'
import { and, desc, eq, gt, inArray, isNotNull, isNull, or, type SQL } from 'drizzle-orm'

export type OwnedLicense = typeof licenses.$inferSelect

/** A license in force that the user has of this product. */
export async function findLicenseOfProduct(
  db: Db,
  { userId, product, now }: { userId: string; product: string; now: Date },
): Promise<{ id: string } | undefined> {
  const [row] = await db
    .select({ id: licenses.id })
    .from(licenses)
    .where(
      and(
        eq(licenses.userId, userId),
        eq(licenses.product, product),
        eq(licenses.status, 'active'),
        or(isNull(licenses.expiresAt), gt(licenses.expiresAt, now)),
      ),
    )
    .limit(1)
  return row
}

/** A license in force that the user has of this plan. */
export async function findOwnedLicense(
  db: Db,
  { userId, planSlug, now }: { userId: string; planSlug: string; now: Date },
): Promise<{ id: string } | undefined> {
  const alive: SQL | undefined = or(isNull(licenses.expiresAt), gt(licenses.expiresAt, now))
  const [row] = await db
    .select({ id: licenses.id })
    .from(licenses)
    .where(
      and(
        eq(licenses.userId, userId),
        eq(licenses.planSlug, planSlug),
        or(
          and(eq(licenses.status, 'active'), alive),
          and(isNotNull(licenses.subscriptionId), inArray(licenses.status, ['trial', 'active', 'past_due'])),
        ),
      ),
    )
    .limit(1)
  return row
}

export async function findOwnLicenseWithPlan(
  db: Db,
  { licenseId, userId }: { licenseId: string; userId: string },
) {
  const [row] = await db
    .select({ license: licenses, plan: plans })
    .from(licenses)
    .innerJoin(plans, eq(plans.slug, licenses.planSlug))
    .where(and(eq(licenses.id, licenseId), eq(licenses.userId, userId)))
  return row
}

export async function findLicense(db: Db, id: string): Promise<OwnedLicense | undefined> {
  const [row] = await db.select().from(licenses).where(eq(licenses.id, id))
  return row
}

export async function lockOwnedLicense(db: Db, id: string): Promise<OwnedLicense | undefined> {
  const [row] = await db.select().from(licenses).where(eq(licenses.id, id)).for('update')
  return row
}

export async function findLicenseOfSubscription(
  db: Db,
  subscriptionId: string,
): Promise<OwnedLicense | undefined> {
  const [row] = await db.select().from(licenses).where(eq(licenses.subscriptionId, subscriptionId))
  return row
}

/** The newest event of some kinds in the history of a license; for a renewal, the checkout is its cause. */
export async function findLicenseEvent(
  db: Db,
  { licenseId, types, cause }: { licenseId: string; types: string[]; cause?: string },
) {
  const [row] = await db
    .select({ type: licenseEvents.type, before: licenseEvents.before, after: licenseEvents.after })
    .from(licenseEvents)
    .where(
      and(
        eq(licenseEvents.licenseId, licenseId),
        inArray(licenseEvents.type, types),
        cause === undefined ? undefined : eq(licenseEvents.cause, cause),
      ),
    )
    .orderBy(desc(licenseEvents.id))
    .limit(1)
  return row
}
