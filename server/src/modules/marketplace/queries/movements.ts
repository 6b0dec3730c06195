import { type Db, shareReversals, shareTransfers } from '@devforge/db'
import { and, asc, desc, eq, lt, ne, sql } from 'drizzle-orm'

export type TransferRow = typeof shareTransfers.$inferSelect
export type ReversalRow = typeof shareReversals.$inferSelect

export async function insertTransfer(
  db: Db,
  values: typeof shareTransfers.$inferInsert,
): Promise<TransferRow> {
  const [row] = await db.insert(shareTransfers).values(values).returning()
  if (!row) throw new Error('insert returned nothing')
  return row
}

export async function insertReversal(
  db: Db,
  values: typeof shareReversals.$inferInsert,
): Promise<ReversalRow> {
  const [row] = await db.insert(shareReversals).values(values).returning()
  if (!row) throw new Error('insert returned nothing')
  return row
}

export async function updateTransfer(
  db: Db,
  id: string,
  values: Partial<typeof shareTransfers.$inferInsert>,
): Promise<void> {
  await db.update(shareTransfers).set(values).where(eq(shareTransfers.id, id))
}

export async function updateReversal(
  db: Db,
  id: string,
  values: Partial<typeof shareReversals.$inferInsert>,
): Promise<void> {
  await db.update(shareReversals).set(values).where(eq(shareReversals.id, id))
}

/** Moves the amount that was taken back of a transfer; negative: it was not, after all. */
export async function addReversed(db: Db, id: string, amountMinor: number): Promise<void> {
  await db
    .update(shareTransfers)
    .set({ reversedMinor: sql`${shareTransfers.reversedMinor} + ${amountMinor}` })
    .where(eq(shareTransfers.id, id))
}

export async function findTransfer(db: Db, id: string): Promise<TransferRow | undefined> {
  const [row] = await db.select().from(shareTransfers).where(eq(shareTransfers.id, id))
  return row
}

export async function lockTransfer(db: Db, id: string): Promise<TransferRow | undefined> {
  const [row] = await db.select().from(shareTransfers).where(eq(shareTransfers.id, id)).for('update')
  return row
}

export async function lockReversal(db: Db, id: string): Promise<ReversalRow | undefined> {
  const [row] = await db.select().from(shareReversals).where(eq(shareReversals.id, id)).for('update')
  return row
}

/** The transfers of a sale that were not refused, newest first. */
export function listTransfers(db: Db, saleId: string): Promise<TransferRow[]> {
  return db
    .select()
    .from(shareTransfers)
    .where(and(eq(shareTransfers.saleId, saleId), ne(shareTransfers.status, 'refused')))
    .orderBy(desc(shareTransfers.id))
}

/** A reversal of a sale whose call to Stripe has not come back. */
export async function findRequestedReversal(db: Db, saleId: string): Promise<ReversalRow | undefined> {
  const [row] = await db
    .select()
    .from(shareReversals)
    .where(and(eq(shareReversals.saleId, saleId), eq(shareReversals.status, 'requested')))
    .limit(1)
  return row
}

/** Sales with a call to Stripe that may never have been made. */
export async function salesWithRequests(
  db: Db,
  { before, limit }: { before: Date; limit: number },
): Promise<string[]> {
  const transfers = await db
    .select({ saleId: shareTransfers.saleId })
    .from(shareTransfers)
    .where(and(eq(shareTransfers.status, 'requested'), lt(shareTransfers.createdAt, before)))
    .orderBy(asc(shareTransfers.createdAt))
    .limit(limit)
  const reversals = await db
    .select({ saleId: shareReversals.saleId })
    .from(shareReversals)
    .where(and(eq(shareReversals.status, 'requested'), lt(shareReversals.createdAt, before)))
    .orderBy(asc(shareReversals.createdAt))
    .limit(limit)
  return [...new Set([...transfers, ...reversals].map((row) => row.saleId))]
}
