import { type Db, disputes, payments, refunds } from '@devforge/db'
import { and, asc, eq, inArray, lt, or } from 'drizzle-orm'

export type RefundRow = typeof refunds.$inferSelect
export type DisputeRow = typeof disputes.$inferSelect

/** @returns undefined when the key or the Stripe id is taken */
export async function insertRefund(
  db: Db,
  values: typeof refunds.$inferInsert,
): Promise<RefundRow | undefined> {
  const [row] = await db.insert(refunds).values(values).onConflictDoNothing().returning()
  return row
}

export async function updateRefund(
  db: Db,
  id: string,
  values: Partial<typeof refunds.$inferInsert>,
): Promise<RefundRow> {
  const [row] = await db.update(refunds).set(values).where(eq(refunds.id, id)).returning()
  if (!row) throw new Error(`refund ${id} vanished while locked`)
  return row
}

export async function findRefund(db: Db, id: string) {
  const [row] = await db
    .select({ refund: refunds, payment: payments })
    .from(refunds)
    .innerJoin(payments, eq(payments.id, refunds.paymentId))
    .where(eq(refunds.id, id))
  return row
}

export async function findRefundByKey(db: Db, idempotencyKey: string): Promise<RefundRow | undefined> {
  const [row] = await db.select().from(refunds).where(eq(refunds.idempotencyKey, idempotencyKey))
  return row
}

export async function lockRefund(
  db: Db,
  by: { id?: string | undefined; stripeRefundId?: string | undefined },
): Promise<RefundRow | undefined> {
  const matches = [
    ...(by.id === undefined ? [] : [eq(refunds.id, by.id)]),
    ...(by.stripeRefundId === undefined ? [] : [eq(refunds.stripeRefundId, by.stripeRefundId)]),
  ]
  if (matches.length === 0) return undefined
  const [row] = await db
    .select()
    .from(refunds)
    .where(or(...matches))
    .for('update')
  return row
}

export function listRefunds(db: Db, paymentIds: string[]): Promise<RefundRow[]> {
  return db.select().from(refunds).where(inArray(refunds.paymentId, paymentIds)).orderBy(asc(refunds.id))
}

/** Disputes of a payment, oldest first. */
export function listDisputes(db: Db, paymentId: string): Promise<DisputeRow[]> {
  return db.select().from(disputes).where(eq(disputes.paymentId, paymentId)).orderBy(asc(disputes.id))
}

/** Refunds whose call to Stripe may never have been made. */
export async function requestedRefunds(
  db: Db,
  { before, limit }: { before: Date; limit: number },
): Promise<string[]> {
  const rows = await db
    .select({ id: refunds.id })
    .from(refunds)
    .where(and(eq(refunds.status, 'requested'), lt(refunds.createdAt, before)))
    .orderBy(asc(refunds.createdAt))
    .limit(limit)
  return rows.map((row) => row.id)
}

/** @returns undefined when another transaction was faster */
export async function insertDispute(
  db: Db,
  values: typeof disputes.$inferInsert,
): Promise<DisputeRow | undefined> {
  const [row] = await db.insert(disputes).values(values).onConflictDoNothing().returning()
  return row
}

export async function updateDispute(
  db: Db,
  id: string,
  values: Partial<typeof disputes.$inferInsert>,
): Promise<void> {
  await db.update(disputes).set(values).where(eq(disputes.id, id))
}

export async function lockDispute(db: Db, stripeDisputeId: string): Promise<DisputeRow | undefined> {
  const [row] = await db
    .select()
    .from(disputes)
    .where(eq(disputes.stripeDisputeId, stripeDisputeId))
    .for('update')
  return row
}
