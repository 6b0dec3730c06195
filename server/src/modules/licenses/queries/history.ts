import { type Db, licenseEvents, licenseRevocations, licenses } from '@devforge/db'
import { and, asc, desc, eq, gt, lt, max, sql } from 'drizzle-orm'
import type { Page } from './licenses.ts'

export type RevocationRow = typeof licenseRevocations.$inferSelect

/** Any fixed number: appends to the revocation list wait for each other, so that sequences become visible in order. */
const REVOCATION_LOCK = 4_711_002

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
