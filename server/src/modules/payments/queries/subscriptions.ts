import { type Db, invoices, licenses, plans, subscriptions } from '@devforge/db'
import { and, asc, desc, eq, isNull, lt, ne, notInArray, or } from 'drizzle-orm'

export type SubscriptionRow = typeof subscriptions.$inferSelect
export type InvoiceRow = typeof invoices.$inferSelect

const FINAL = ['canceled', 'incomplete_expired'] as const

/** @returns undefined when another transaction was faster */
export async function insertSubscription(
  db: Db,
  values: typeof subscriptions.$inferInsert,
): Promise<SubscriptionRow | undefined> {
  const [row] = await db.insert(subscriptions).values(values).onConflictDoNothing().returning()
  return row
}

export async function updateSubscription(
  db: Db,
  id: string,
  values: Partial<typeof subscriptions.$inferInsert>,
): Promise<SubscriptionRow> {
  const [row] = await db.update(subscriptions).set(values).where(eq(subscriptions.id, id)).returning()
  if (!row) throw new Error(`subscription ${id} vanished while locked`)
  return row
}

export async function lockSubscriptionByStripeId(
  db: Db,
  stripeSubscriptionId: string,
): Promise<SubscriptionRow | undefined> {
  const [row] = await db
    .select()
    .from(subscriptions)
    .where(eq(subscriptions.stripeSubscriptionId, stripeSubscriptionId))
    .for('update')
  return row
}

export async function findSubscriptionByStripeId(
  db: Db,
  stripeSubscriptionId: string,
): Promise<SubscriptionRow | undefined> {
  const [row] = await db
    .select()
    .from(subscriptions)
    .where(eq(subscriptions.stripeSubscriptionId, stripeSubscriptionId))
  return row
}

export async function findSubscription(
  db: Db,
  { id, userId }: { id: string; userId?: string | undefined },
): Promise<SubscriptionRow | undefined> {
  const [row] = await db
    .select()
    .from(subscriptions)
    .where(and(eq(subscriptions.id, id), userId === undefined ? undefined : eq(subscriptions.userId, userId)))
  return row
}

export async function findSubscriptionOfCheckout(
  db: Db,
  checkoutId: string,
): Promise<SubscriptionRow | undefined> {
  const [row] = await db.select().from(subscriptions).where(eq(subscriptions.checkoutId, checkoutId))
  return row
}

/** Whether the user ever had a subscription to this plan, other than through one checkout. */
export async function hadSubscription(
  db: Db,
  { userId, planSlug, exceptCheckoutId }: { userId: string; planSlug: string; exceptCheckoutId: string },
): Promise<boolean> {
  const rows = await db
    .select({ id: subscriptions.id })
    .from(subscriptions)
    .where(
      and(
        eq(subscriptions.userId, userId),
        eq(subscriptions.planSlug, planSlug),
        or(isNull(subscriptions.checkoutId), ne(subscriptions.checkoutId, exceptCheckoutId)),
      ),
    )
    .limit(1)
  return rows.length > 0
}

/** Subscriptions with their plan's name and the license behind them, newest first. */
export function listOwnSubscriptions(
  db: Db,
  { userId, cursor, limit }: { userId: string; cursor?: string | undefined; limit: number },
) {
  return subscriptionViews(db)
    .where(
      and(eq(subscriptions.userId, userId), cursor === undefined ? undefined : lt(subscriptions.id, cursor)),
    )
    .orderBy(desc(subscriptions.id))
    .limit(limit + 1)
}

export async function findSubscriptionView(db: Db, id: string) {
  const [row] = await subscriptionViews(db).where(eq(subscriptions.id, id))
  return row
}

const subscriptionViews = (db: Db) =>
  db
    .select({ subscription: subscriptions, planName: plans.name, licenseId: licenses.id })
    .from(subscriptions)
    .innerJoin(plans, eq(plans.slug, subscriptions.planSlug))
    .leftJoin(licenses, eq(licenses.subscriptionId, subscriptions.id))
    .$dynamic()

/** Stripe ids of subscriptions that are not at their end and were not looked at for a while. */
export async function staleSubscriptions(
  db: Db,
  { before, limit }: { before: Date; limit: number },
): Promise<string[]> {
  const rows = await db
    .select({ id: subscriptions.stripeSubscriptionId })
    .from(subscriptions)
    .where(and(notInArray(subscriptions.status, [...FINAL]), lt(subscriptions.updatedAt, before)))
    .orderBy(asc(subscriptions.updatedAt))
    .limit(limit)
  return rows.map((row) => row.id)
}

/** Subscriptions that still bill for a license which was revoked. */
export async function subscriptionsOfRevokedLicenses(db: Db, limit: number): Promise<string[]> {
  const rows = await db
    .select({ id: subscriptions.id })
    .from(subscriptions)
    .innerJoin(licenses, eq(licenses.subscriptionId, subscriptions.id))
    .where(and(eq(licenses.status, 'revoked'), notInArray(subscriptions.status, [...FINAL])))
    .limit(limit)
  return rows.map((row) => row.id)
}

/** @returns undefined when another transaction was faster */
export async function insertInvoice(
  db: Db,
  values: typeof invoices.$inferInsert,
): Promise<InvoiceRow | undefined> {
  const [row] = await db.insert(invoices).values(values).onConflictDoNothing().returning()
  return row
}

export async function updateInvoice(
  db: Db,
  id: string,
  values: Partial<typeof invoices.$inferInsert>,
): Promise<void> {
  await db.update(invoices).set(values).where(eq(invoices.id, id))
}

export async function lockInvoice(db: Db, stripeInvoiceId: string): Promise<InvoiceRow | undefined> {
  const [row] = await db
    .select()
    .from(invoices)
    .where(eq(invoices.stripeInvoiceId, stripeInvoiceId))
    .for('update')
  return row
}

export async function findInvoiceOfPayment(db: Db, paymentId: string): Promise<InvoiceRow | undefined> {
  const [row] = await db.select().from(invoices).where(eq(invoices.paymentId, paymentId)).limit(1)
  return row
}

export function listOwnInvoices(
  db: Db,
  { userId, cursor, limit }: { userId: string; cursor?: string | undefined; limit: number },
): Promise<InvoiceRow[]> {
  return db
    .select()
    .from(invoices)
    .where(and(eq(invoices.userId, userId), cursor === undefined ? undefined : lt(invoices.id, cursor)))
    .orderBy(desc(invoices.id))
    .limit(limit + 1)
}
