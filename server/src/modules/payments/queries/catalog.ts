import { type Db, plans, users } from '@devforge/db'
import { and, asc, eq, isNull } from 'drizzle-orm'

export type PlanRow = typeof plans.$inferSelect

/** Plans on sale, or all of them for admins, in the order of the price page. */
export function listPlans(db: Db, { onlyActive }: { onlyActive: boolean }): Promise<PlanRow[]> {
  return db
    .select()
    .from(plans)
    .where(onlyActive ? eq(plans.active, true) : undefined)
    .orderBy(asc(plans.position), asc(plans.slug))
}

export async function findPlan(db: Db, slug: string): Promise<PlanRow | undefined> {
  const [row] = await db.select().from(plans).where(eq(plans.slug, slug))
  return row
}

export async function lockPlan(db: Db, slug: string): Promise<PlanRow | undefined> {
  const [row] = await db.select().from(plans).where(eq(plans.slug, slug)).for('no key update')
  return row
}

/** @returns undefined when the slug is taken */
export async function insertPlan(db: Db, values: typeof plans.$inferInsert): Promise<PlanRow | undefined> {
  const [row] = await db.insert(plans).values(values).onConflictDoNothing().returning()
  return row
}

export async function updatePlanRow(
  db: Db,
  slug: string,
  values: Partial<typeof plans.$inferInsert>,
): Promise<PlanRow | undefined> {
  const [row] = await db.update(plans).set(values).where(eq(plans.slug, slug)).returning()
  return row
}

export async function stripeCustomerOf(db: Db, userId: string): Promise<string | null> {
  const [row] = await db.select({ id: users.stripeCustomerId }).from(users).where(eq(users.id, userId))
  return row?.id ?? null
}

/** Remembers the customer unless one is known; answers the one that is known afterwards. */
export async function keepStripeCustomer(db: Db, userId: string, customerId: string): Promise<string> {
  await db
    .update(users)
    .set({ stripeCustomerId: customerId })
    .where(and(eq(users.id, userId), isNull(users.stripeCustomerId)))
  return (await stripeCustomerOf(db, userId)) ?? customerId
}

export async function userOfStripeCustomer(db: Db, customerId: string): Promise<string | null> {
  const [row] = await db.select({ id: users.id }).from(users).where(eq(users.stripeCustomerId, customerId))
  return row?.id ?? null
}

/** Serializes what one account starts to buy. Leaves foreign keys to the row alone. */
export async function lockUser(db: Db, userId: string): Promise<void> {
  await db.select({ id: users.id }).from(users).where(eq(users.id, userId)).for('no key update')
}
