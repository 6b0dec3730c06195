import { type Db, disputes, paymentEvents, payments, refunds } from '@devforge/db'
import { and, asc, desc, eq, inArray, isNotNull, lt, ne, notInArray, or, sql } from 'drizzle-orm'

export type PaymentRow = typeof payments.$inferSelect
export type PaymentEventRow = typeof paymentEvents.$inferSelect

/** @returns undefined when another transaction was faster */
export async function insertPayment(
  db: Db,
  values: typeof payments.$inferInsert,
): Promise<PaymentRow | undefined> {
  const [row] = await db.insert(payments).values(values).onConflictDoNothing().returning()
  return row
}

export async function updatePayment(
  db: Db,
  id: string,
  values: Partial<typeof payments.$inferInsert>,
): Promise<PaymentRow> {
  const [row] = await db.update(payments).set(values).where(eq(payments.id, id)).returning()
  if (!row) throw new Error(`payment ${id} vanished while locked`)
  return row
}

export async function lockPaymentByIntent(db: Db, intentId: string): Promise<PaymentRow | undefined> {
  const [row] = await db
    .select()
    .from(payments)
    .where(eq(payments.stripePaymentIntentId, intentId))
    .for('update')
  return row
}

export async function findPaymentByIntent(db: Db, intentId: string): Promise<PaymentRow | undefined> {
  const [row] = await db.select().from(payments).where(eq(payments.stripePaymentIntentId, intentId))
  return row
}

/** The payment, locked. `userId` narrows it to an owner's own. */
export async function lockPayment(
  db: Db,
  { id, userId }: { id: string; userId?: string | undefined },
): Promise<PaymentRow | undefined> {
  const [row] = await db
    .select()
    .from(payments)
    .where(and(eq(payments.id, id), userId === undefined ? undefined : eq(payments.userId, userId)))
    .for('update')
  return row
}

export async function findPayment(
  db: Db,
  { id, userId }: { id: string; userId?: string | undefined },
): Promise<PaymentRow | undefined> {
  const [row] = await db
    .select()
    .from(payments)
    .where(and(eq(payments.id, id), userId === undefined ? undefined : eq(payments.userId, userId)))
  return row
}

/** Payments of one person among the ids. */
export function paymentsOfOwner(
  db: Db,
  { ids, userId }: { ids: string[]; userId: string },
): Promise<PaymentRow[]> {
  return db
    .select()
    .from(payments)
    .where(and(inArray(payments.id, ids), eq(payments.userId, userId)))
    .orderBy(payments.id)
}

export async function findPaymentOfCheckout(db: Db, checkoutId: string): Promise<PaymentRow | undefined> {
  const [row] = await db
    .select()
    .from(payments)
    .where(eq(payments.checkoutId, checkoutId))
    // One that bought something goes before one that was paid twice and sent back.
    .orderBy(sql`${payments.licenseId} is null`, desc(payments.id))
    .limit(1)
  return row
}

export async function newestPaymentOfSubscription(
  db: Db,
  subscriptionId: string,
): Promise<PaymentRow | undefined> {
  const [row] = await db
    .select()
    .from(payments)
    .where(and(eq(payments.subscriptionId, subscriptionId), isNotNull(payments.paidAt)))
    .orderBy(desc(payments.paidAt), desc(payments.id))
    .limit(1)
  return row
}

export function listOwnPayments(
  db: Db,
  { userId, cursor, limit }: { userId: string; cursor?: string | undefined; limit: number },
): Promise<PaymentRow[]> {
  return db
    .select()
    .from(payments)
    .where(and(eq(payments.userId, userId), cursor === undefined ? undefined : lt(payments.id, cursor)))
    .orderBy(desc(payments.id))
    .limit(limit + 1)
}

export async function insertPaymentEvent(db: Db, values: typeof paymentEvents.$inferInsert): Promise<void> {
  await db.insert(paymentEvents).values(values)
}

export function listPaymentEvents(db: Db, paymentIds: string[]): Promise<PaymentEventRow[]> {
  return db
    .select()
    .from(paymentEvents)
    .where(inArray(paymentEvents.paymentId, paymentIds))
    .orderBy(asc(paymentEvents.id))
}

/** The newest event of a kind in the timeline of a payment. */
export async function findPaymentEvent(
  db: Db,
  { paymentId, type, cause }: { paymentId: string; type: string; cause?: string },
): Promise<PaymentEventRow | undefined> {
  const [row] = await db
    .select()
    .from(paymentEvents)
    .where(
      and(
        eq(paymentEvents.paymentId, paymentId),
        eq(paymentEvents.type, type),
        cause === undefined ? undefined : eq(paymentEvents.cause, cause),
      ),
    )
    .orderBy(desc(paymentEvents.id))
    .limit(1)
  return row
}

/** Banks that have taken the money and not decided; like `isOpenDispute`. */
const OPEN_DISPUTES = ['needs_response', 'under_review', 'appeal_needs_response', 'appeal_under_review']

/** Whether a bank disputes another payment of the same license. Read it while holding the license. */
export async function hasOtherDispute(
  db: Db,
  { licenseId, exceptPaymentId }: { licenseId: string; exceptPaymentId: string },
): Promise<boolean> {
  const rows = await db
    .select({ id: disputes.id })
    .from(disputes)
    .innerJoin(payments, eq(payments.id, disputes.paymentId))
    .where(
      and(
        eq(payments.licenseId, licenseId),
        ne(payments.id, exceptPaymentId),
        inArray(disputes.status, OPEN_DISPUTES),
      ),
    )
    .limit(1)
  return rows.length > 0
}

const CLOSED_DISPUTES = ['won', 'lost', 'warning_closed', 'prevented']

/** Payments with something undecided (money on its way, a refund at the bank, an open dispute), not looked at for a while. */
export async function stalePaymentIntents(
  db: Db,
  { before, limit }: { before: Date; limit: number },
): Promise<string[]> {
  const undecided = or(
    eq(payments.status, 'processing'),
    inArray(
      payments.id,
      db
        .select({ id: refunds.paymentId })
        .from(refunds)
        .where(inArray(refunds.status, ['pending', 'requires_action'])),
    ),
    inArray(
      payments.id,
      db
        .select({ id: disputes.paymentId })
        .from(disputes)
        .where(notInArray(disputes.status, CLOSED_DISPUTES)),
    ),
  )
  const rows = await db
    .select({ intentId: payments.stripePaymentIntentId })
    .from(payments)
    .where(and(isNotNull(payments.stripePaymentIntentId), lt(payments.updatedAt, before), undecided))
    .orderBy(asc(payments.updatedAt))
    .limit(limit)
  return rows.flatMap((row) => (row.intentId === null ? [] : [row.intentId]))
}
