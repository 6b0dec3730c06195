import { type Db, payoutAccounts } from '@devforge/db'
import { and, asc, eq, isNotNull, isNull, lt } from 'drizzle-orm'

export type PayoutAccountRow = typeof payoutAccounts.$inferSelect

/** The account of a publisher that was not closed. */
export async function findOpenAccount(db: Db, publisherId: string): Promise<PayoutAccountRow | undefined> {
  const [row] = await db
    .select()
    .from(payoutAccounts)
    .where(and(eq(payoutAccounts.publisherId, publisherId), isNull(payoutAccounts.closedAt)))
  return row
}

export async function findAccount(db: Db, id: string): Promise<PayoutAccountRow | undefined> {
  const [row] = await db.select().from(payoutAccounts).where(eq(payoutAccounts.id, id))
  return row
}

/** @returns undefined when the publisher has an account already */
export async function insertAccount(
  db: Db,
  values: typeof payoutAccounts.$inferInsert,
): Promise<PayoutAccountRow | undefined> {
  const [row] = await db.insert(payoutAccounts).values(values).onConflictDoNothing().returning()
  return row
}

/** Remembers the account that Stripe made, unless one is known; answers the row as it then is. */
export async function keepStripeAccount(
  db: Db,
  id: string,
  values: { stripeAccountId: string; updatedAt: Date },
): Promise<PayoutAccountRow | undefined> {
  await db
    .update(payoutAccounts)
    .set(values)
    .where(and(eq(payoutAccounts.id, id), isNull(payoutAccounts.stripeAccountId)))
  return findAccount(db, id)
}

export async function lockAccountByStripeId(
  db: Db,
  stripeAccountId: string,
): Promise<PayoutAccountRow | undefined> {
  const [row] = await db
    .select()
    .from(payoutAccounts)
    .where(eq(payoutAccounts.stripeAccountId, stripeAccountId))
    .for('update')
  return row
}

export async function updateAccount(
  db: Db,
  id: string,
  values: Partial<typeof payoutAccounts.$inferInsert>,
): Promise<void> {
  await db.update(payoutAccounts).set(values).where(eq(payoutAccounts.id, id))
}

/** Open accounts that were not looked at for a while: news of connected accounts are in no list that we could read later. */
export async function staleAccounts(
  db: Db,
  { before, limit }: { before: Date; limit: number },
): Promise<string[]> {
  const rows = await db
    .select({ stripeAccountId: payoutAccounts.stripeAccountId })
    .from(payoutAccounts)
    .where(
      and(
        isNotNull(payoutAccounts.stripeAccountId),
        isNull(payoutAccounts.closedAt),
        lt(payoutAccounts.updatedAt, before),
      ),
    )
    .orderBy(asc(payoutAccounts.updatedAt))
    .limit(limit)
  return rows.flatMap((row) => (row.stripeAccountId === null ? [] : [row.stripeAccountId]))
}
