import { type Db, licenseEvents, licenseRevocations, licenses } from '@devforge/db'
import { and, asc, desc, eq, gt, lt, max, sql } from 'drizzle-orm'
import type { Page } from './licenses.ts'

export type RevocationRow = typeof licenseRevocations.$inferSelect

/** Any fixed number: appends to the revocation list wait for each other, so that sequences become visible in order. */
const REVOCATION_LOCK = 4_711_002
/** Rows in one insert: Postgres takes 65,535 parameters. */
const INSERT_ROWS = 1_000

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

/** The newest event of a kind. */
export async function latestEvent(db: Db, { licenseId, type }: { licenseId: string; type: string }) {
  const [row] = await db
    .select({ actor: licenseEvents.actor, cause: licenseEvents.cause, at: licenseEvents.at })
    .from(licenseEvents)
    .where(and(eq(licenseEvents.licenseId, licenseId), eq(licenseEvents.type, type)))
    .orderBy(desc(licenseEvents.id))
    .limit(1)
  return row
}

/** What happened to a license since it is the user's: what its former owner did with it is not the new one's to read. */
export async function listOwnEvents(
  db: Db,
  { licenseId, userId, cursor, limit }: Page & { licenseId: string; userId: string },
) {
  const lastTransfer = sql<string>`(select coalesce(max(t.id), '') from license_events t
    where t.license_id = ${licenseId} and t.type = 'license.transferred')`
  return db
    .select({ event: licenseEvents })
    .from(licenseEvents)
    .innerJoin(licenses, eq(licenses.id, licenseEvents.licenseId))
    .where(
      and(
        eq(licenseEvents.licenseId, licenseId),
        eq(licenses.userId, userId),
        sql`${licenseEvents.id} >= ${lastTransfer}`,
        cursor === undefined ? undefined : lt(licenseEvents.id, cursor),
      ),
    )
    .orderBy(desc(licenseEvents.id))
    .limit(limit + 1)
}

/** Appends deltas for offline editors. Serialized, so that a reader who has seen n has seen all up to n. */
export async function appendRevocations(
  db: Db,
  entries: Omit<typeof licenseRevocations.$inferInsert, 'sequence'>[],
): Promise<void> {
  if (entries.length === 0) return
  await db.execute(sql`select pg_advisory_xact_lock(${REVOCATION_LOCK})`)
  let sequence = await revocationSequence(db)
  for (let start = 0; start < entries.length; start += INSERT_ROWS) {
    const rows = entries
      .slice(start, start + INSERT_ROWS)
      .map((entry) => ({ ...entry, sequence: ++sequence }))
    await db.insert(licenseRevocations).values(rows)
  }
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
