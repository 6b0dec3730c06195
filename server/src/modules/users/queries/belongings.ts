import { checkouts, type Db, invoices, licenses, payments, subscriptions, trials, users } from '@devforge/db'
import { and, eq, exists, isNotNull, notExists, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/pg-core'

interface Move {
  from: string
  to: string
  now: Date
}

/** Gives everything that was bought in one account to another. @returns the ids of the licenses among it */
export async function moveRows(db: Db, { from, to, now }: Move): Promise<string[]> {
  const moved = { userId: to, updatedAt: now }
  // Both accounts may have used the same idempotency key: the older purchase needs its key no more.
  const taken = alias(checkouts, 'taken')
  await db
    .update(checkouts)
    .set({ idempotencyKey: null })
    .where(
      and(
        eq(checkouts.userId, from),
        isNotNull(checkouts.idempotencyKey),
        exists(
          db
            .select({ one: sql`1` })
            .from(taken)
            .where(and(eq(taken.userId, to), eq(taken.idempotencyKey, checkouts.idempotencyKey))),
        ),
      ),
    )
  await db.update(checkouts).set(moved).where(eq(checkouts.userId, from))
  await db.update(subscriptions).set(moved).where(eq(subscriptions.userId, from))
  await db.update(payments).set(moved).where(eq(payments.userId, from))
  await db.update(invoices).set(moved).where(eq(invoices.userId, from))
  const own = alias(trials, 'own')
  // One trial per person, ever: where both had one, the second stays with the closed account as a bare record.
  await db
    .update(trials)
    .set({ userId: to })
    .where(
      and(eq(trials.userId, from), notExists(db.select({ one: sql`1` }).from(own).where(eq(own.userId, to)))),
    )
  const rows = await db
    .update(licenses)
    .set(moved)
    .where(eq(licenses.userId, from))
    .returning({ id: licenses.id })
  return rows.map((row) => row.id)
}

/** Gives the customer at Stripe to the other account, if that has none; else both stay, each with its own history there. */
export async function moveStripeCustomer(db: Db, { from, to, now }: Move): Promise<void> {
  const rows = await db
    .select({ id: users.id, customer: users.stripeCustomerId })
    .from(users)
    .where(sql`${users.id} in (${from}, ${to})`)
  const customer = rows.find((row) => row.id === from)?.customer
  if (!customer || rows.find((row) => row.id === to)?.customer) return
  await db.update(users).set({ stripeCustomerId: null, updatedAt: now }).where(eq(users.id, from))
  await db.update(users).set({ stripeCustomerId: customer, updatedAt: now }).where(eq(users.id, to))
}
