import { type Db, newId, payments, refundRequests, tickets, users } from '@devforge/db'
import { and, desc, eq, lt } from 'drizzle-orm'

export type RefundRequestRow = typeof refundRequests.$inferSelect

/** @returns undefined when one is open already */
export async function insertRefundRequest(
  db: Db,
  values: Pick<
    typeof refundRequests.$inferInsert,
    'id' | 'ticketId' | 'paymentId' | 'amountMinor' | 'reason' | 'requestedBy' | 'createdAt' | 'updatedAt'
  >,
): Promise<RefundRequestRow | undefined> {
  const [row] = await db.insert(refundRequests).values(values).onConflictDoNothing().returning()
  return row
}

export const newRefundRequestId = (): string => newId('rrq')

export async function findOpenRequest(
  db: Db,
  { ticketId, paymentId }: { ticketId: string; paymentId: string },
): Promise<RefundRequestRow | undefined> {
  const [row] = await db
    .select()
    .from(refundRequests)
    .where(
      and(
        eq(refundRequests.ticketId, ticketId),
        eq(refundRequests.paymentId, paymentId),
        eq(refundRequests.status, 'open'),
      ),
    )
  return row
}

export async function findRequest(db: Db, id: string): Promise<RefundRequestRow | undefined> {
  const [row] = await db.select().from(refundRequests).where(eq(refundRequests.id, id))
  return row
}

export async function findRequestOfRefund(db: Db, refundId: string): Promise<RefundRequestRow | undefined> {
  const [row] = await db.select().from(refundRequests).where(eq(refundRequests.refundId, refundId))
  return row
}

/** Decides a request that is open. @returns undefined when it is not, any more */
export async function closeRequest(
  db: Db,
  id: string,
  values: {
    status: 'granted' | 'declined'
    decidedBy: string
    decidedReason: string
    refundId?: string
    now: Date
  },
): Promise<RefundRequestRow | undefined> {
  const { now, ...rest } = values
  const [row] = await db
    .update(refundRequests)
    .set({ ...rest, decidedAt: now, updatedAt: now })
    .where(and(eq(refundRequests.id, id), eq(refundRequests.status, 'open')))
    .returning()
  return row
}

/** Requests, newest first, with what they are about; one more than the limit. */
export async function pageRequests(
  db: Db,
  {
    status,
    cursor,
    limit,
  }: { status?: RefundRequestRow['status'] | undefined; cursor?: string | undefined; limit: number },
) {
  return db
    .select({
      request: refundRequests,
      ticketNumber: tickets.number,
      currency: payments.currency,
      paidMinor: payments.amountMinor,
      refundedMinor: payments.refundedMinor,
      requestedBy: users.name,
    })
    .from(refundRequests)
    .innerJoin(tickets, eq(tickets.id, refundRequests.ticketId))
    .innerJoin(payments, eq(payments.id, refundRequests.paymentId))
    .innerJoin(users, eq(users.id, refundRequests.requestedBy))
    .where(
      and(
        status === undefined ? undefined : eq(refundRequests.status, status),
        cursor === undefined ? undefined : lt(refundRequests.id, cursor),
      ),
    )
    .orderBy(desc(refundRequests.id))
    .limit(limit + 1)
}
