import { type Db, extensionSales, extensions, payments, saleEntries } from '@devforge/db'
import { and, asc, eq, gt, gte, inArray, lt, ne, sql } from 'drizzle-orm'

export type SaleRow = typeof extensionSales.$inferSelect
export type LedgerRow = typeof saleEntries.$inferSelect

/** Any fixed number; with a second one made of the publisher. What moves money of one publisher waits for each other. */
const MONEY_LOCK = 4_711_020

/** Holds the money of a publisher to the end of the transaction, so that what it is owed in all can be told and given out. */
export async function lockMoney(db: Db, publisherId: string): Promise<void> {
  await db.execute(sql`select pg_advisory_xact_lock(${MONEY_LOCK}, hashtext(${publisherId}))`)
}

/** @returns undefined when the payment has its sale already */
export async function insertSale(
  db: Db,
  values: typeof extensionSales.$inferInsert,
): Promise<SaleRow | undefined> {
  const [row] = await db.insert(extensionSales).values(values).onConflictDoNothing().returning()
  return row
}

export async function findSale(db: Db, id: string): Promise<SaleRow | undefined> {
  const [row] = await db.select().from(extensionSales).where(eq(extensionSales.id, id))
  return row
}

/** The charge at Stripe that paid for a sale. */
export async function chargeOfSale(db: Db, saleId: string): Promise<string | null> {
  const [row] = await db
    .select({ chargeId: payments.stripeChargeId })
    .from(extensionSales)
    .innerJoin(payments, eq(payments.id, extensionSales.paymentId))
    .where(eq(extensionSales.id, saleId))
  return row?.chargeId ?? null
}

export async function lockSale(
  db: Db,
  by: { id: string } | { paymentId: string },
): Promise<SaleRow | undefined> {
  const [row] = await db
    .select()
    .from(extensionSales)
    .where('id' in by ? eq(extensionSales.id, by.id) : eq(extensionSales.paymentId, by.paymentId))
    .for('update')
  return row
}

export async function updateSale(
  db: Db,
  id: string,
  values: Partial<typeof extensionSales.$inferInsert>,
): Promise<SaleRow> {
  const [row] = await db.update(extensionSales).set(values).where(eq(extensionSales.id, id)).returning()
  if (!row) throw new Error(`sale ${id} vanished while locked`)
  return row
}

export async function insertEntries(db: Db, rows: (typeof saleEntries.$inferInsert)[]): Promise<void> {
  if (rows.length > 0) await db.insert(saleEntries).values(rows)
}

const sumOf = (condition: ReturnType<typeof sql>) =>
  sql<number>`coalesce(-sum(${saleEntries.grossMinor}) filter (where ${condition}), 0)::float8`

/** What the ledger says went back of a sale, by the way it took. */
export async function lossesOf(
  db: Db,
  saleId: string,
): Promise<{ refundedMinor: number; lostMinor: number }> {
  const [row] = await db
    .select({
      refundedMinor: sumOf(sql`${saleEntries.kind} in ('refund', 'refund_failed')`),
      lostMinor: sumOf(sql`${saleEntries.kind} in ('dispute_lost', 'dispute_returned')`),
    })
    .from(saleEntries)
    .where(eq(saleEntries.saleId, saleId))
  return row ?? { refundedMinor: 0, lostMinor: 0 }
}

const isUneven = ne(extensionSales.shareMinor, extensionSales.transferredMinor)
const owed = sql`${extensionSales.shareMinor} - ${extensionSales.transferredMinor}`

/**
 * What a publisher is owed and not yet sent, by currency: `free` may be sent (less what it owes us), `held` waits for a bank.
 * Reads only sales that are not even.
 */
export function owedTo(db: Db, publisherId: string, currency?: string) {
  return db
    .select({
      currency: extensionSales.currency,
      freeMinor: sql<number>`coalesce(sum(${owed}) filter (where ${owed} < 0 or not ${extensionSales.held}), 0)::float8`,
      heldMinor: sql<number>`coalesce(sum(${owed}) filter (where ${owed} > 0 and ${extensionSales.held}), 0)::float8`,
    })
    .from(extensionSales)
    .where(
      and(
        eq(extensionSales.publisherId, publisherId),
        isUneven,
        currency === undefined ? undefined : eq(extensionSales.currency, currency),
      ),
    )
    .groupBy(extensionSales.currency)
}

/** What all sales of a publisher brought it, and what it was sent, by currency. */
export function totalsOf(db: Db, publisherId: string) {
  return db
    .select({
      currency: extensionSales.currency,
      sales: sql<number>`count(*)::int`,
      earnedMinor: sql<number>`sum(${extensionSales.shareMinor})::float8`,
      transferredMinor: sql<number>`sum(${extensionSales.transferredMinor})::float8`,
    })
    .from(extensionSales)
    .where(eq(extensionSales.publisherId, publisherId))
    .groupBy(extensionSales.currency)
    .orderBy(asc(extensionSales.currency))
}

/** Sales of a publisher that are not even: something is to be sent or taken back. */
export async function unevenSales(
  db: Db,
  { publisherId, after, limit }: { publisherId: string; after?: string | undefined; limit: number },
): Promise<string[]> {
  const rows = await db
    .select({ id: extensionSales.id })
    .from(extensionSales)
    .where(
      and(
        eq(extensionSales.publisherId, publisherId),
        isUneven,
        after === undefined ? undefined : gt(extensionSales.id, after),
      ),
    )
    .orderBy(asc(extensionSales.id))
    .limit(limit)
  return rows.map((row) => row.id)
}

/**
 * Takes the sales that are not even and were not looked at for longest, and notes that they were looked at now: debts that wait for
 * a next sale must not keep others from their turn.
 */
export async function takeUnevenSales(
  db: Db,
  { before, now, limit }: { before: Date; now: Date; limit: number },
): Promise<string[]> {
  const oldest = db
    .select({ id: extensionSales.id })
    .from(extensionSales)
    .where(and(isUneven, lt(extensionSales.updatedAt, before)))
    .orderBy(asc(extensionSales.updatedAt))
    .limit(limit)
    .for('update', { skipLocked: true })
  const rows = await db
    .update(extensionSales)
    .set({ updatedAt: now })
    .where(inArray(extensionSales.id, oldest))
    .returning({ id: extensionSales.id })
  return rows.map((row) => row.id)
}

/** Entries of the ledger of a publisher in a span of time, oldest first, with the extension they are about. */
export function listEntries(
  db: Db,
  {
    publisherId,
    from,
    to,
    after,
    limit,
  }: { publisherId: string; from: Date; to: Date; after?: string | undefined; limit: number },
) {
  return db
    .select({ entry: saleEntries, extension: extensions.identifier })
    .from(saleEntries)
    .innerJoin(extensionSales, eq(extensionSales.id, saleEntries.saleId))
    .innerJoin(extensions, eq(extensions.id, extensionSales.extensionId))
    .where(
      and(
        eq(saleEntries.publisherId, publisherId),
        gte(saleEntries.at, from),
        lt(saleEntries.at, to),
        after === undefined ? undefined : gt(saleEntries.id, after),
      ),
    )
    .orderBy(asc(saleEntries.id))
    .limit(limit)
}

/** Sums of the entries in a span of time, by currency. */
export function sumEntries(db: Db, { publisherId, from, to }: { publisherId: string; from: Date; to: Date }) {
  return db
    .select({
      currency: saleEntries.currency,
      grossMinor: sql<number>`sum(${saleEntries.grossMinor})::float8`,
      taxMinor: sql<number>`sum(${saleEntries.taxMinor})::float8`,
      feeMinor: sql<number>`sum(${saleEntries.feeMinor})::float8`,
      shareMinor: sql<number>`sum(${saleEntries.shareMinor})::float8`,
      transferredMinor: sql<number>`sum(${saleEntries.transferredMinor})::float8`,
    })
    .from(saleEntries)
    .where(and(eq(saleEntries.publisherId, publisherId), gte(saleEntries.at, from), lt(saleEntries.at, to)))
    .groupBy(saleEntries.currency)
    .orderBy(asc(saleEntries.currency))
}
