import { accounts, type Db, publisherMembers, publishers, users } from '@devforge/db'
import { and, asc, count, eq, inArray, isNull, type SQL, sql } from 'drizzle-orm'
import type { PublisherRole, PublisherRow } from './publishers.ts'

export type MemberRow = typeof publisherMembers.$inferSelect

/** Members, the oldest first, with the names of their accounts. */
export async function listMembers(db: Db, publisherId: string) {
  return db
    .select({ member: publisherMembers, name: users.name })
    .from(publisherMembers)
    .innerJoin(users, eq(users.id, publisherMembers.userId))
    .where(eq(publisherMembers.publisherId, publisherId))
    .orderBy(asc(publisherMembers.createdAt), asc(publisherMembers.userId))
}

/** A member by account or by the address that was typed to add them. */
export async function findMember(
  db: Db,
  publisherId: string,
  by: { userId?: string | undefined; email?: string | undefined },
): Promise<MemberRow | undefined> {
  const whom =
    by.userId === undefined
      ? eq(publisherMembers.invitedEmail, by.email ?? '')
      : eq(publisherMembers.userId, by.userId)
  const [row] = await db
    .select()
    .from(publisherMembers)
    .where(and(eq(publisherMembers.publisherId, publisherId), whom))
  return row
}

export async function countMembers(db: Db, publisherId: string): Promise<number> {
  const [row] = await db
    .select({ value: count() })
    .from(publisherMembers)
    .where(eq(publisherMembers.publisherId, publisherId))
  return row?.value ?? 0
}

/** Whether somebody is a member of any publisher that is there. */
export async function isMemberAnywhere(db: Db, userId: string): Promise<boolean> {
  const rows = await db
    .select({ id: publishers.id })
    .from(publisherMembers)
    .innerJoin(publishers, eq(publishers.id, publisherMembers.publisherId))
    .where(and(eq(publisherMembers.userId, userId), eq(publishers.status, 'active')))
    .limit(1)
  return rows.length > 0
}

export async function insertMember(db: Db, values: typeof publisherMembers.$inferInsert): Promise<MemberRow> {
  const [row] = await db.insert(publisherMembers).values(values).returning()
  if (!row) throw new Error('insert returned nothing')
  return row
}

const one = (publisherId: string, userId: string): SQL | undefined =>
  and(eq(publisherMembers.publisherId, publisherId), eq(publisherMembers.userId, userId))

export async function updateMember(
  db: Db,
  { publisherId, userId }: { publisherId: string; userId: string },
  values: Partial<typeof publisherMembers.$inferInsert>,
): Promise<MemberRow | undefined> {
  const [row] = await db.update(publisherMembers).set(values).where(one(publisherId, userId)).returning()
  return row
}

export async function deleteMember(
  db: Db,
  { publisherId, userId }: { publisherId: string; userId: string },
): Promise<void> {
  await db.delete(publisherMembers).where(one(publisherId, userId))
}

/**
 * Owners of a publisher who can act: their account has a way to sign in, is not banned and was not deleted. An address that
 * nobody has signed up with owns nothing that counts.
 */
export async function ownersWhoCanAct(db: Db, publisherId: string): Promise<string[]> {
  const canSignIn = sql`exists (select 1 from ${accounts} a where a.user_id = ${users.id})`
  const rows = await db
    .select({ userId: publisherMembers.userId })
    .from(publisherMembers)
    .innerJoin(users, eq(users.id, publisherMembers.userId))
    .where(
      and(
        eq(publisherMembers.publisherId, publisherId),
        eq(publisherMembers.role, 'owner'),
        eq(users.banned, false),
        isNull(users.erasedAt),
        canSignIn,
      ),
    )
  return rows.map((row) => row.userId)
}

/** Names and addresses of the owners who can act, for mails. */
export async function ownerContacts(db: Db, publisherId: string) {
  const owners = await ownersWhoCanAct(db, publisherId)
  if (owners.length === 0) return []
  return db
    .select({
      userId: users.id,
      name: users.name,
      email: sql<string>`coalesce(${users.claimedEmail}, ${users.email})`,
    })
    .from(users)
    .where(inArray(users.id, owners))
}

/** The active publishers that an account is a member of, by name. */
export async function listOwnPublishers(
  db: Db,
  { userId, after, limit }: { userId: string; after?: string | undefined; limit: number },
): Promise<{ publisher: PublisherRow; role: PublisherRole }[]> {
  return db
    .select({ publisher: publishers, role: publisherMembers.role })
    .from(publisherMembers)
    .innerJoin(publishers, eq(publishers.id, publisherMembers.publisherId))
    .where(
      and(
        eq(publisherMembers.userId, userId),
        eq(publishers.status, 'active'),
        after === undefined ? undefined : sql`${publishers.nameKey} > ${after}`,
      ),
    )
    .orderBy(asc(publishers.nameKey))
    .limit(limit + 1)
}

/**
 * Holds every publisher that the accounts are members of, removed ones too, in the order of their ids, so that two who do this
 * at once do not wait for each other in a circle.
 */
export async function lockPublishersOf(db: Db, userIds: string[]): Promise<PublisherRow[]> {
  const mine = db
    .select({ id: publisherMembers.publisherId })
    .from(publisherMembers)
    .where(inArray(publisherMembers.userId, userIds))
  return db
    .select()
    .from(publishers)
    .where(inArray(publishers.id, mine))
    .orderBy(publishers.id)
    .for('no key update')
}

/** The memberships of an account. */
export async function membershipsOf(db: Db, userId: string): Promise<MemberRow[]> {
  return db.select().from(publisherMembers).where(eq(publisherMembers.userId, userId))
}
