import { type Db, extensionPrices, extensions, publishers } from '@devforge/db'
import { and, asc, eq, inArray, isNull, lt } from 'drizzle-orm'

export type PriceRow = typeof extensionPrices.$inferSelect

const isCurrent = isNull(extensionPrices.endedAt)

/** Present prices by extension; those that are free are not among them. */
export async function listCurrentPrices(db: Db, extensionIds: string[]): Promise<PriceRow[]> {
  if (extensionIds.length === 0) return []
  return db
    .select()
    .from(extensionPrices)
    .where(and(inArray(extensionPrices.extensionId, extensionIds), isCurrent))
}

const forSale = {
  extensionId: extensions.id,
  identifier: extensions.identifier,
  displayName: extensions.displayName,
  publisherId: extensions.publisherId,
  publisherName: publishers.name,
  status: extensions.status,
  paid: extensions.paid,
}

/** An extension as it is sold; `identifier` in lower case. */
export async function findForSale(db: Db, by: { identifier: string } | { id: string }) {
  const [row] = await db
    .select(forSale)
    .from(extensions)
    .innerJoin(publishers, eq(publishers.id, extensions.publisherId))
    .where('id' in by ? eq(extensions.id, by.id) : eq(extensions.identifier, by.identifier))
  return row
}

/** The extension, held: while the caller's transaction runs nobody takes it off the market, or prices it (`update`: nor does anybody else here). */
export async function lockForSale(
  db: Db,
  { id, strength }: { id: string; strength: 'share' | 'no key update' },
): Promise<{ status: (typeof extensions.$inferSelect)['status']; paid: boolean } | undefined> {
  const [row] = await db
    .select({ status: extensions.status, paid: extensions.paid })
    .from(extensions)
    .where(eq(extensions.id, id))
    .for(strength)
  return row
}

export async function findPrice(db: Db, id: string): Promise<PriceRow | undefined> {
  const [row] = await db.select().from(extensionPrices).where(eq(extensionPrices.id, id))
  return row
}

/** Ends the present price, if there is one, and sets the next; the extension is locked. `next` null: free from now on. */
export async function replacePrice(
  db: Db,
  {
    extensionId,
    now,
    next,
  }: { extensionId: string; now: Date; next: typeof extensionPrices.$inferInsert | null },
): Promise<void> {
  await db
    .update(extensionPrices)
    .set({ endedAt: now, updatedAt: now })
    .where(and(eq(extensionPrices.extensionId, extensionId), isCurrent))
  if (next) await db.insert(extensionPrices).values(next)
  await db
    .update(extensions)
    .set({ paid: next !== null, updatedAt: now })
    .where(eq(extensions.id, extensionId))
}

export async function keepStripePrice(db: Db, id: string, stripePriceId: string): Promise<void> {
  await db.update(extensionPrices).set({ stripePriceId }).where(eq(extensionPrices.id, id))
}

/** Present prices whose sync with Stripe was lost. */
export async function unsyncedPrices(
  db: Db,
  { before, limit }: { before: Date; limit: number },
): Promise<string[]> {
  const rows = await db
    .select({ id: extensionPrices.id })
    .from(extensionPrices)
    .where(and(isNull(extensionPrices.stripePriceId), isCurrent, lt(extensionPrices.createdAt, before)))
    .orderBy(asc(extensionPrices.createdAt))
    .limit(limit)
  return rows.map((row) => row.id)
}
