import { type Db, extensions, licenses, publisherMembers } from '@devforge/db'
import { and, eq, gt, inArray, isNotNull, isNull, ne, or, sql } from 'drizzle-orm'

/** Licenses of paid extensions name the extension: `extension:<identifier>`. Cut this way round the index on identifiers serves. */
const identifierOf = sql`substr(${licenses.product}, 11)`

/** Whether an extension can be had without paying; null when there is none. */
export async function isPaid(db: Db, extensionId: string): Promise<boolean | null> {
  const [row] = await db
    .select({ paid: extensions.paid })
    .from(extensions)
    .where(eq(extensions.id, extensionId))
  return row?.paid ?? null
}

/** Ids of the extensions that a user holds a license in force for, or publishes: of the one given, or of all that cost something. */
export async function extensionsOfUser(
  db: Db,
  { userId, now, extensionId }: { userId: string; now: Date; extensionId?: string },
): Promise<string[]> {
  const which = extensionId === undefined ? eq(extensions.paid, true) : eq(extensions.id, extensionId)
  const bought = db
    .select({ id: extensions.id })
    .from(licenses)
    .innerJoin(extensions, eq(extensions.identifier, identifierOf))
    .where(
      and(
        eq(licenses.userId, userId),
        ne(licenses.product, 'editor'),
        inArray(licenses.status, ['active', 'past_due']),
        or(isNull(licenses.expiresAt), gt(licenses.expiresAt, now), isNotNull(licenses.subscriptionId)),
        which,
      ),
    )
  const own = db
    .select({ id: extensions.id })
    .from(publisherMembers)
    .innerJoin(extensions, eq(extensions.publisherId, publisherMembers.publisherId))
    .where(and(eq(publisherMembers.userId, userId), isNotNull(publisherMembers.acceptedAt), which))
  return (await bought.union(own)).map((row) => row.id)
}
