import { type Db, newId, users } from '@devforge/db'
import { and, eq, isNull, sql } from 'drizzle-orm'
import type { Ctx } from '../../context.ts'
import { notFound } from '../../errors.ts'

export interface Contact {
  userId: string
  name: string
  email: string
}

/** Where mails to an account go: the address it asked for, even while that is not proven. */
const address = sql<string>`coalesce(${users.claimedEmail}, ${users.email})`

/** Name and address of an account. @throws NOT_FOUND when it does not exist or was deleted */
export async function findContact(db: Db, userId: string): Promise<Contact> {
  const [row] = await db
    .select({ userId: users.id, name: users.name, email: address })
    .from(users)
    .where(and(eq(users.id, userId), isNull(users.erasedAt)))
  if (!row) throw notFound('user', userId)
  return row
}

/**
 * The account of a mail address; made without a way to sign in if there is none, so that a license can be given to
 * somebody who has yet to sign up. Proving the address (password reset, or sign-up and verification) opens it.
 */
export async function ensureUserByEmail(ctx: Ctx, email: string): Promise<Contact> {
  const normalized = email.trim().toLowerCase()
  const now = ctx.deps.clock.now()
  await ctx.db
    .insert(users)
    .values({ id: newId('usr'), email: normalized, name: normalized.split('@')[0] ?? normalized, createdAt: now, updatedAt: now })
    .onConflictDoNothing({ target: users.email })
  const [row] = await ctx.db.select({ userId: users.id, name: users.name, email: users.email }).from(users).where(eq(users.email, normalized))
  if (!row) throw notFound('user')
  return row
}
