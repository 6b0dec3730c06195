import { type Db, newId, users } from '@devforge/db'
import { and, eq, isNull, sql } from 'drizzle-orm'

/** An account that was not deleted. */
export async function findUser(db: Db, userId: string) {
  const [row] = await db
    .select()
    .from(users)
    .where(and(eq(users.id, userId), isNull(users.erasedAt)))
  return row
}

/** Changes what a person may change of the own account. */
export async function updateUser(
  db: Db,
  userId: string,
  change: { name?: string; image?: string | null; locale?: string | null; updatedAt: Date },
) {
  const [row] = await db
    .update(users)
    .set(change)
    .where(and(eq(users.id, userId), isNull(users.erasedAt)))
    .returning()
  return row
}

/** Where mails to an account go: the address it asked for, even while that is not proven. */
const contactAddress = sql<string>`coalesce(${users.claimedEmail}, ${users.email})`

/** Name and address of an account that was not deleted. */
export async function findContactRow(db: Db, userId: string) {
  const [row] = await db
    .select({ userId: users.id, name: users.name, email: contactAddress })
    .from(users)
    .where(and(eq(users.id, userId), isNull(users.erasedAt)))
  return row
}

/** The account of an address, made without a way to sign in if there is none. */
export async function upsertUserByEmail(
  db: Db,
  { email, name, now }: { email: string; name: string; now: Date },
) {
  await db
    .insert(users)
    .values({ id: newId('usr'), email, name, createdAt: now, updatedAt: now })
    .onConflictDoNothing({ target: users.email })
  const [row] = await db
    .select({ userId: users.id, name: users.name, email: users.email })
    .from(users)
    .where(eq(users.email, email))
  return row
}
