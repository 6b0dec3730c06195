import {
  type Db,
  extensionEvents,
  extensions,
  newId,
  publisherMembers,
  publishers,
  submissions,
  users,
} from '@devforge/db'
import { and, count, eq, inArray, isNull, sql } from 'drizzle-orm'

export type PublisherRow = typeof publishers.$inferSelect
export type PublisherRole = (typeof publisherMembers.$inferSelect)['role']

/** Any fixed number; with a second one made of the name. Two people who want one name wait for each other. */
const NAME_LOCK = 4_711_010

/** Keeps a name (squashed) for the rest of the transaction, so that nobody takes it meanwhile. */
export async function lockName(db: Db, squashed: string): Promise<void> {
  await db.execute(sql`select pg_advisory_xact_lock(${NAME_LOCK}, hashtext(${squashed}))`)
}

/** Whether a name is taken by a publisher that is there, or was: names that differ in case or hyphens are one name. */
export async function isNameTaken(db: Db, squashed: string): Promise<boolean> {
  const rows = await db
    .select({ id: publishers.id })
    .from(publishers)
    .where(sql`replace(${publishers.nameKey}, '-', '') = ${squashed}`)
    .limit(1)
  return rows.length > 0
}

export async function insertPublisher(
  db: Db,
  values: Omit<typeof publishers.$inferInsert, 'id'>,
): Promise<PublisherRow> {
  const [row] = await db
    .insert(publishers)
    .values({ id: newId('pub'), ...values })
    .returning()
  if (!row) throw new Error('insert returned nothing')
  return row
}

/** The publisher of a name in any case, removed ones among them. */
export async function findPublisherRow(db: Db, name: string): Promise<PublisherRow | undefined> {
  const [row] = await db.select().from(publishers).where(eq(publishers.nameKey, name.toLowerCase()))
  return row
}

/**
 * An active publisher, held until the end of the transaction: `share` lets others publish beside, and keeps it from being
 * removed; `update` is for whoever changes the publisher or its members. Whoever also locks an extension locks this first. Rows that
 * merely name the publisher (a history's) wait for neither: they are written by those who hold an extension only.
 */
export async function lockPublisher(
  db: Db,
  publisherId: string,
  strength: 'share' | 'update',
  { evenRemoved = false }: { evenRemoved?: boolean | undefined } = {},
): Promise<PublisherRow | undefined> {
  const [row] = await db
    .select()
    .from(publishers)
    .where(and(eq(publishers.id, publisherId), evenRemoved ? undefined : eq(publishers.status, 'active')))
    .for(strength === 'share' ? 'share' : 'no key update')
  return row
}

/** A publisher by its name, if the user is a member of it: an active one, if not said otherwise. */
export async function findOwnPublisher(
  db: Db,
  { name, userId, evenRemoved = false }: { name: string; userId: string; evenRemoved?: boolean | undefined },
): Promise<{ publisher: PublisherRow; role: PublisherRole; acceptedAt: Date | null } | undefined> {
  const [row] = await db
    .select({
      publisher: publishers,
      role: publisherMembers.role,
      acceptedAt: publisherMembers.acceptedAt,
    })
    .from(publishers)
    .innerJoin(
      publisherMembers,
      and(eq(publisherMembers.publisherId, publishers.id), eq(publisherMembers.userId, userId)),
    )
    .where(
      and(
        eq(publishers.nameKey, name.toLowerCase()),
        evenRemoved ? undefined : eq(publishers.status, 'active'),
      ),
    )
  return row
}

/** Locks the account, so that its publishers can be counted, and counts those it owns. */
export async function countOwned(db: Db, userId: string): Promise<number> {
  await db.select({ id: users.id }).from(users).where(eq(users.id, userId)).for('no key update')
  const [row] = await db
    .select({ owned: sql<number>`count(*)::int` })
    .from(publisherMembers)
    .innerJoin(publishers, eq(publishers.id, publisherMembers.publisherId))
    .where(
      and(
        eq(publisherMembers.userId, userId),
        eq(publisherMembers.role, 'owner'),
        eq(publishers.status, 'active'),
      ),
    )
  return row?.owned ?? 0
}

/** Notes that a member has been here. */
export async function acceptMembership(
  db: Db,
  { publisherId, userId, now }: { publisherId: string; userId: string; now: Date },
): Promise<void> {
  await db
    .update(publisherMembers)
    .set({ acceptedAt: now, updatedAt: now })
    .where(
      and(
        eq(publisherMembers.publisherId, publisherId),
        eq(publisherMembers.userId, userId),
        isNull(publisherMembers.acceptedAt),
      ),
    )
}

export async function updatePublisherRow(
  db: Db,
  id: string,
  values: Partial<typeof publishers.$inferInsert>,
): Promise<PublisherRow> {
  const [row] = await db.update(publishers).set(values).where(eq(publishers.id, id)).returning()
  if (!row) throw new Error('publisher vanished')
  return row
}

/** Whether a publisher has an extension that is not removed, or a package on its way to become one. */
export async function hasAnyExtension(db: Db, publisherId: string): Promise<boolean> {
  const [row] = await db.execute<{ any: boolean }>(sql`select exists (
      select 1 from ${extensions} e where e.publisher_id = ${publisherId} and e.status <> 'removed'
    ) or exists (
      select 1 from ${submissions} s
      where s.publisher_id = ${publisherId} and s.status not in ('rejected', 'published')
    ) as any`)
  return row?.any ?? false
}

/** How many published extensions each publisher has. */
export async function countPublished(db: Db, publisherIds: string[]): Promise<Map<string, number>> {
  if (publisherIds.length === 0) return new Map()
  const rows = await db
    .select({ publisherId: extensions.publisherId, value: count() })
    .from(extensions)
    .where(and(inArray(extensions.publisherId, publisherIds), eq(extensions.status, 'published')))
    .groupBy(extensions.publisherId)
  return new Map(rows.map((row) => [row.publisherId, row.value]))
}

export async function insertExtensionEvent(
  db: Db,
  values: Omit<typeof extensionEvents.$inferInsert, 'id'>,
): Promise<void> {
  await db.insert(extensionEvents).values({ id: newId('exe'), ...values })
}
