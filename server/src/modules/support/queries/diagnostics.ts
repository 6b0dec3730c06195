import { type Db, ticketDiagnostics } from '@devforge/db'
import { and, asc, eq, gt, lte } from 'drizzle-orm'

export type DiagnosticsRow = typeof ticketDiagnostics.$inferSelect

export async function insertDiagnostics(db: Db, values: DiagnosticsRow): Promise<void> {
  await db.insert(ticketDiagnostics).values(values)
}

/** Those of a ticket, as long as they are kept: past that time they are gone, also when the job has not come by yet. */
export async function findDiagnostics(
  db: Db,
  ticketId: string,
  now: Date,
): Promise<DiagnosticsRow | undefined> {
  const [row] = await db
    .select()
    .from(ticketDiagnostics)
    .where(and(eq(ticketDiagnostics.ticketId, ticketId), gt(ticketDiagnostics.expiresAt, now)))
  return row
}

/** Tickets whose diagnostics are kept no longer, in the order of their ids, after one. */
export async function expiredDiagnostics(
  db: Db,
  { now, after, limit }: { now: Date; after: string; limit: number },
): Promise<string[]> {
  const rows = await db
    .select({ id: ticketDiagnostics.ticketId })
    .from(ticketDiagnostics)
    .where(and(lte(ticketDiagnostics.expiresAt, now), gt(ticketDiagnostics.ticketId, after)))
    .orderBy(asc(ticketDiagnostics.ticketId))
    .limit(limit)
  return rows.map((row) => row.id)
}

/** @returns whether there were any */
export async function deleteDiagnostics(db: Db, ticketId: string): Promise<boolean> {
  const rows = await db
    .delete(ticketDiagnostics)
    .where(eq(ticketDiagnostics.ticketId, ticketId))
    .returning({ id: ticketDiagnostics.ticketId })
  return rows.length > 0
}
