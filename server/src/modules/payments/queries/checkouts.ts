import { checkouts, type Db } from '@devforge/db'
import { and, asc, desc, eq, gt, inArray, isNotNull, isNull, lt, or, type SQL } from 'drizzle-orm'

export type CheckoutRow = typeof checkouts.$inferSelect

export async function insertCheckout(
  db: Db,
  values: typeof checkouts.$inferInsert,
): Promise<CheckoutRow | undefined> {
  const [row] = await db.insert(checkouts).values(values).onConflictDoNothing().returning()
  return row
}

export async function findCheckout(db: Db, id: string): Promise<CheckoutRow | undefined> {
  const [row] = await db.select().from(checkouts).where(eq(checkouts.id, id))
  return row
}

export async function lockCheckout(db: Db, id: string): Promise<CheckoutRow | undefined> {
  const [row] = await db.select().from(checkouts).where(eq(checkouts.id, id)).for('update')
  return row
}

export async function findOwnCheckout(
  db: Db,
  { id, userId }: { id: string; userId: string },
): Promise<CheckoutRow | undefined> {
  const [row] = await db
    .select()
    .from(checkouts)
    .where(and(eq(checkouts.id, id), eq(checkouts.userId, userId)))
  return row
}

export async function findCheckoutByKey(
  db: Db,
  { userId, idempotencyKey }: { userId: string; idempotencyKey: string },
): Promise<CheckoutRow | undefined> {
  const [row] = await db
    .select()
    .from(checkouts)
    .where(and(eq(checkouts.userId, userId), eq(checkouts.idempotencyKey, idempotencyKey)))
  return row
}

export async function updateCheckout(
  db: Db,
  id: string,
  values: Partial<typeof checkouts.$inferInsert>,
): Promise<CheckoutRow> {
  const [row] = await db.update(checkouts).set(values).where(eq(checkouts.id, id)).returning()
  if (!row) throw new Error(`checkout ${id} vanished while locked`)
  return row
}

const isUnopened = (id: string): SQL | undefined =>
  and(eq(checkouts.id, id), eq(checkouts.status, 'open'), isNull(checkouts.stripeSessionId))

/** Notes the session that Stripe made for a checkout, unless a webhook was faster or it was closed meanwhile. */
export async function keepSession(
  db: Db,
  id: string,
  values: Pick<CheckoutRow, 'stripeSessionId' | 'url' | 'expiresAt' | 'updatedAt'>,
): Promise<void> {
  await db.update(checkouts).set(values).where(isUnopened(id))
}

/** Closes a checkout that never got a session; one that has it meanwhile is left alone. */
export async function closeUnopened(
  db: Db,
  id: string,
  values: { status: 'failed' | 'expired'; updatedAt: Date },
): Promise<void> {
  await db.update(checkouts).set(values).where(isUnopened(id))
}

/** A page for the very same request that the user can still pay. */
export async function findOpenTwin(
  db: Db,
  by: { userId: string; requestHash: string; startedAfter: Date; now: Date },
): Promise<CheckoutRow | undefined> {
  const [row] = await db
    .select()
    .from(checkouts)
    .where(
      and(
        eq(checkouts.userId, by.userId),
        eq(checkouts.requestHash, by.requestHash),
        eq(checkouts.status, 'open'),
        gt(checkouts.createdAt, by.startedAfter),
        or(isNull(checkouts.expiresAt), gt(checkouts.expiresAt, by.now)),
      ),
    )
    .orderBy(desc(checkouts.id))
    .limit(1)
  return row
}

/** Whether the bank has yet to decide about a purchase of this plan. */
export async function isPlanBeingPaid(
  db: Db,
  { userId, planSlug }: { userId: string; planSlug: string },
): Promise<boolean> {
  const rows = await db
    .select({ id: checkouts.id })
    .from(checkouts)
    .where(
      and(
        eq(checkouts.userId, userId),
        eq(checkouts.planSlug, planSlug),
        eq(checkouts.kind, 'plan'),
        eq(checkouts.status, 'processing'),
      ),
    )
    .limit(1)
  return rows.length > 0
}

/** Whether the bank has yet to decide about a purchase of this extension. */
export async function isExtensionBeingPaid(
  db: Db,
  { userId, extensionId }: { userId: string; extensionId: string },
): Promise<boolean> {
  const rows = await db
    .select({ id: checkouts.id })
    .from(checkouts)
    .where(
      and(
        eq(checkouts.userId, userId),
        eq(checkouts.extensionId, extensionId),
        eq(checkouts.status, 'processing'),
      ),
    )
    .limit(1)
  return rows.length > 0
}

/** Pages on which an extension could still be bought; of one buyer, if named. */
export async function openCheckoutsOfExtension(
  db: Db,
  { extensionId, userId }: { extensionId: string; userId?: string | undefined },
): Promise<string[]> {
  const rows = await db
    .select({ id: checkouts.id })
    .from(checkouts)
    .where(
      and(
        eq(checkouts.extensionId, extensionId),
        eq(checkouts.status, 'open'),
        userId === undefined ? undefined : eq(checkouts.userId, userId),
      ),
    )
  return rows.map((row) => row.id)
}

/** Checkouts of a user that could still be paid. */
export async function openCheckoutIds(db: Db, userId: string): Promise<string[]> {
  const rows = await db
    .select({ id: checkouts.id })
    .from(checkouts)
    .where(and(eq(checkouts.userId, userId), eq(checkouts.status, 'open')))
  return rows.map((row) => row.id)
}

/** Ids of checkouts whose call to Stripe may never have come back. */
export async function checkoutsWithoutSession(
  db: Db,
  { before, limit }: { before: Date; limit: number },
): Promise<string[]> {
  const rows = await db
    .select({ id: checkouts.id })
    .from(checkouts)
    .where(
      and(eq(checkouts.status, 'open'), isNull(checkouts.stripeSessionId), lt(checkouts.createdAt, before)),
    )
    .orderBy(asc(checkouts.createdAt))
    .limit(limit)
  return rows.map((row) => row.id)
}

/** Sessions of checkouts that have been pending for a while; the ones not looked at for longest come first. */
export async function staleCheckoutSessions(
  db: Db,
  { before, limit }: { before: Date; limit: number },
): Promise<string[]> {
  const rows = await db
    .select({ sessionId: checkouts.stripeSessionId })
    .from(checkouts)
    .where(
      and(
        inArray(checkouts.status, ['open', 'processing']),
        isNotNull(checkouts.stripeSessionId),
        lt(checkouts.updatedAt, before),
      ),
    )
    .orderBy(asc(checkouts.updatedAt))
    .limit(limit)
  return rows.flatMap((row) => (row.sessionId === null ? [] : [row.sessionId]))
}

/** Empties sealed keys whose hour of showing is over. @returns how many */
export async function purgeSealedKeys(db: Db, before: Date): Promise<number> {
  const rows = await db
    .update(checkouts)
    .set({ sealedLicenseKey: null })
    .where(and(isNotNull(checkouts.sealedLicenseKey), lt(checkouts.fulfilledAt, before)))
    .returning({ id: checkouts.id })
  return rows.length
}
