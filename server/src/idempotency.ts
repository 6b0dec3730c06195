import { createHash } from 'node:crypto'
import { type Db, idempotencyKeys } from '@devforge/db'
import { and, eq, lt, notExists, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/pg-core'
import { addMs, DAY } from './clock.ts'
import type { AccountActor, Ctx } from './context.ts'
import { AppError } from './errors.ts'
import { inTx } from './tx.ts'

/** How long a key is known; a double click and a client that retries are over by then. */
const KEPT_MS = DAY

/** A digest of what was asked for, whatever the order of its members; the key itself is no part of it. */
export function requestHash({
  idempotencyKey: _,
  ...request
}: object & { idempotencyKey?: unknown }): Buffer {
  const canonical = JSON.stringify(request, (_key, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  )
  return createHash('sha256').update(canonical).digest()
}

/** What a call made, for those that repeat it. */
export interface Made<T> {
  answer: T
  /** The row it made or changed, from which a repeated call answers. */
  subject: string
  /** A part of the answer that is kept nowhere else in clear (a license key); sealed, for as long as the key is known. */
  secret?: string
}

/**
 * Does something once per account, operation and `input.idempotencyKey`, in one transaction: two calls at once wait for each other here, and
 * one that failed has used up nothing. Without a key it is simply done.
 * @param make does it
 * @param again answers a repeated call, from the row that the first one made
 * @throws IDEMPOTENCY_CONFLICT when the key was used for another input
 * @example
 * once(ctx, 'tickets.create', input,
 *   async (ctx) => { const ticket = await open(ctx, input); return { answer: ticket, subject: ticket.id } },
 *   (ctx, id) => getOwn(ctx, { id }))
 */
export function once<T, C extends Ctx<AccountActor>>(
  ctx: C,
  operation: string,
  input: object & { idempotencyKey?: string | undefined },
  make: (ctx: C) => Promise<Made<T>>,
  again: (ctx: C, subject: string, secret: string | null) => Promise<T>,
): Promise<T> {
  return inTx(ctx, async (ctx) => {
    const key = input.idempotencyKey
    if (key === undefined) return (await make(ctx)).answer
    const { userId } = ctx.actor
    const hash = requestHash(input)
    const own = and(
      eq(idempotencyKeys.userId, userId),
      eq(idempotencyKeys.operation, operation),
      eq(idempotencyKeys.key, key),
    )
    // Waits while another transaction holds the same key: then that one is there, or this one is the first.
    const claimed = await ctx.db
      .insert(idempotencyKeys)
      .values({ userId, operation, key, requestHash: hash, createdAt: ctx.deps.clock.now() })
      .onConflictDoNothing()
      .returning({ key: idempotencyKeys.key })
    if (claimed.length === 0) {
      const [before] = await ctx.db.select().from(idempotencyKeys).where(own)
      // Swept between the two statements.
      if (!before) throw new AppError('CONFLICT')
      if (!before.requestHash.equals(hash)) throw new AppError('IDEMPOTENCY_CONFLICT')
      if (before.subject === null) throw new Error('a committed idempotency key names what it made')
      const secret =
        before.sealed && ctx.deps.secrets.open(before.sealed, sealContext(operation, before.subject))
      return again(ctx, before.subject, secret)
    }
    const { answer, subject, secret } = await make(ctx)
    const sealed =
      secret === undefined ? null : ctx.deps.secrets.seal(secret, sealContext(operation, subject))
    await ctx.db.update(idempotencyKeys).set({ subject, sealed }).where(own)
    return answer
  })
}

const sealContext = (operation: string, subject: string): string => `idempotency:${operation}:${subject}`

/** Forgets the keys whose day is over. */
export async function forgetOldKeys(ctx: Ctx): Promise<void> {
  const before = addMs(ctx.deps.clock.now(), -KEPT_MS)
  await ctx.db.delete(idempotencyKeys).where(lt(idempotencyKeys.createdAt, before))
}

/** Two accounts become one: a call begun with the first is repeated with the second. What both used stays the second's. */
export async function moveKeys(db: Db, { from, to }: { from: string; to: string }): Promise<void> {
  const taken = alias(idempotencyKeys, 'taken')
  const same = db
    .select({ one: sql`1` })
    .from(taken)
    .where(
      and(
        eq(taken.userId, to),
        eq(taken.operation, idempotencyKeys.operation),
        eq(taken.key, idempotencyKeys.key),
      ),
    )
  await db
    .update(idempotencyKeys)
    .set({ userId: to })
    .where(and(eq(idempotencyKeys.userId, from), notExists(same)))
  await forgetKeysOf(db, from)
}

/** Forgets the keys of an account that ends. */
export async function forgetKeysOf(db: Db, userId: string): Promise<void> {
  await db.delete(idempotencyKeys).where(eq(idempotencyKeys.userId, userId))
}
