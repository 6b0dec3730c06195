import { type Db, extensionDaily, extensions, publisherMembers } from '@devforge/db'
import { and, asc, between, eq, isNotNull, sql } from 'drizzle-orm'
import type { AnyPgColumn } from 'drizzle-orm/pg-core'

/** An extension, if the user is a member of its publisher. */
export async function findOwnExtension(
  db: Db,
  { identifier, userId }: { identifier: string; userId: string },
): Promise<{ id: string; identifier: string } | undefined> {
  const [row] = await db
    .select({ id: extensions.id, identifier: extensions.identifier })
    .from(extensions)
    .innerJoin(publisherMembers, eq(publisherMembers.publisherId, extensions.publisherId))
    .where(
      and(
        eq(extensions.identifier, identifier.toLowerCase()),
        eq(publisherMembers.userId, userId),
        isNotNull(publisherMembers.acceptedAt),
      ),
    )
  return row
}

const sum = (column: AnyPgColumn) => sql<number>`sum(${column})`.mapWith(Number)

interface Range {
  extensionId: string
  /** First and last day (`YYYY-MM-DD`), both within. */
  from: string
  to: string
}

const within = ({ extensionId, from, to }: Range) =>
  and(eq(extensionDaily.extensionId, extensionId), between(extensionDaily.day, from, to))

const keyed = {
  day: extensionDaily.day,
  version: extensionDaily.version,
  platform: extensionDaily.targetPlatform,
}
export type StatsKey = keyof typeof keyed

/** Counts of an extension within some days, added up per day, version or platform; only those that there are. */
export async function sumUsage(db: Db, { by, ...range }: Range & { by: StatsKey }) {
  const key = keyed[by]
  return db
    .select({
      key,
      downloads: sum(extensionDaily.downloads),
      installs: sum(extensionDaily.installs),
      updates: sum(extensionDaily.updates),
      uninstalls: sum(extensionDaily.uninstalls),
      uniqueInstalls: sum(extensionDaily.uniqueInstalls),
    })
    .from(extensionDaily)
    .where(within(range))
    .groupBy(key)
    .orderBy(asc(key))
}

/** Every row of an extension within some days, at most `limit`. */
export async function listUsage(db: Db, { limit, ...range }: Range & { limit: number }) {
  return db
    .select({
      day: extensionDaily.day,
      version: extensionDaily.version,
      targetPlatform: extensionDaily.targetPlatform,
      downloads: extensionDaily.downloads,
      installs: extensionDaily.installs,
      updates: extensionDaily.updates,
      uninstalls: extensionDaily.uninstalls,
      uniqueInstalls: extensionDaily.uniqueInstalls,
    })
    .from(extensionDaily)
    .where(within(range))
    .orderBy(asc(extensionDaily.day), asc(extensionDaily.version), asc(extensionDaily.targetPlatform))
    .limit(limit)
}
