import { type Db, extensions, extensionVersions, newId, publisherMembers, publishers } from '@devforge/db'
import { and, asc, desc, eq, exists, inArray, lt, ne, sql } from 'drizzle-orm'

export type VersionRow = typeof extensionVersions.$inferSelect
export type ExtensionRow = typeof extensions.$inferSelect

/** The columns that an update is compared by. */
const compared = {
  version: extensionVersions.version,
  executesCode: extensionVersions.executesCode,
  engine: extensionVersions.engine,
  dependencies: extensionVersions.dependencies,
  packMembers: extensionVersions.packMembers,
  nativeBinaries: extensionVersions.nativeBinaries,
  manifest: extensionVersions.manifest,
  publishedAt: extensionVersions.publishedAt,
}

/**
 * The published version that an update replaces: the newest before it (before all others the one for the same platform), or the
 * newest at all for one that comes late. Withdrawn versions are no measure.
 */
export async function findPreviousVersion(
  db: Db,
  {
    extensionId,
    versionOrder,
    targetPlatform,
  }: { extensionId: string; versionOrder: string; targetPlatform: string },
) {
  const newest = (...more: Parameters<typeof and>) =>
    db
      .select(compared)
      .from(extensionVersions)
      .where(
        and(
          eq(extensionVersions.extensionId, extensionId),
          eq(extensionVersions.status, 'published'),
          ...more,
        ),
      )
      .orderBy(
        desc(extensionVersions.versionOrder),
        desc(sql`${extensionVersions.targetPlatform} = ${targetPlatform}`),
        asc(extensionVersions.targetPlatform),
      )
      .limit(1)
  // The same version for another platform is no step back: look at what was before.
  const [before] = await newest(lt(extensionVersions.versionOrder, versionOrder))
  if (before) return before
  const [any] = await newest()
  return any
}

/** Whether the publisher ever published an extension. */
export async function hasPublished(db: Db, publisherId: string): Promise<boolean> {
  const rows = await db
    .select({ id: extensions.id })
    .from(extensions)
    .where(and(eq(extensions.publisherId, publisherId), sql`${extensions.publishedAt} is not null`))
    .limit(1)
  return rows.length > 0
}

/** Whether an extension of the publisher is taken down as harmful. */
export async function hasHarmful(db: Db, publisherId: string): Promise<boolean> {
  const rows = await db
    .select({ id: extensions.id })
    .from(extensions)
    .where(and(eq(extensions.publisherId, publisherId), sql`${extensions.maliciousAt} is not null`))
    .limit(1)
  return rows.length > 0
}

/** Whether somebody became a member of the publisher after a time, and published no version of the extension. */
export async function isNewMember(
  db: Db,
  {
    publisherId,
    extensionId,
    userId,
    since,
  }: { publisherId: string; extensionId: string; userId: string; since: Date },
): Promise<boolean> {
  const rows = await db
    .select({ userId: publisherMembers.userId })
    .from(publisherMembers)
    .where(
      and(
        eq(publisherMembers.publisherId, publisherId),
        eq(publisherMembers.userId, userId),
        sql`${publisherMembers.createdAt} > ${since.toISOString()}::timestamptz`,
        sql`not ${exists(
          db
            .select({ one: sql`1` })
            .from(extensionVersions)
            .where(
              and(eq(extensionVersions.extensionId, extensionId), eq(extensionVersions.publishedBy, userId)),
            ),
        )}`,
      ),
    )
  return rows.length > 0
}

/** The extension of an identifier; made, still hidden, if there is none. Held until the end of the transaction. */
export async function ensureExtension(
  db: Db,
  values: Omit<typeof extensions.$inferInsert, 'id'>,
): Promise<ExtensionRow> {
  await db
    .insert(extensions)
    .values({ id: newId('ext'), ...values })
    .onConflictDoNothing({ target: extensions.identifier })
  const [row] = await db
    .select()
    .from(extensions)
    .where(eq(extensions.identifier, values.identifier))
    .for('no key update')
  if (!row) throw new Error(`extension ${values.identifier} is gone`)
  return row
}

/** An extension, held until the end of the transaction. Whoever only names it (counts, ratings) does not wait. */
export async function lockExtension(db: Db, id: string): Promise<ExtensionRow | undefined> {
  const [row] = await db.select().from(extensions).where(eq(extensions.id, id)).for('no key update')
  return row
}

/** An extension that is not removed, by its name, if the user is a member of its publisher; with what they are there. */
export async function findOwnExtension(
  db: Db,
  { identifier, userId }: { identifier: string; userId: string },
) {
  const [row] = await db
    .select({
      id: extensions.id,
      identifier: extensions.identifier,
      publisherId: extensions.publisherId,
      publisher: publishers.name,
      role: publisherMembers.role,
    })
    .from(extensions)
    .innerJoin(publishers, eq(publishers.id, extensions.publisherId))
    .innerJoin(
      publisherMembers,
      and(eq(publisherMembers.publisherId, publishers.id), eq(publisherMembers.userId, userId)),
    )
    .where(
      and(
        eq(extensions.identifier, identifier.toLowerCase()),
        ne(extensions.status, 'removed'),
        eq(publishers.status, 'active'),
      ),
    )
  return row
}

/** @returns undefined when this version for this platform is there already, even as a tombstone */
export async function insertVersion(
  db: Db,
  values: Omit<typeof extensionVersions.$inferInsert, 'id'>,
): Promise<string | undefined> {
  const [row] = await db
    .insert(extensionVersions)
    .values({ id: newId('exv'), ...values })
    .onConflictDoNothing()
    .returning({ id: extensionVersions.id })
  return row?.id
}

/** Whether a version in the catalog, whatever its state, has its files there. */
export async function isPrefixUsed(db: Db, storagePrefix: string): Promise<boolean> {
  const rows = await db
    .select({ id: extensionVersions.id })
    .from(extensionVersions)
    .where(eq(extensionVersions.storagePrefix, storagePrefix))
    .limit(1)
  return rows.length > 0
}

/** Packages of an extension in some states, newest first. */
export async function lockVersions(
  db: Db,
  {
    extensionId,
    version,
    targetPlatform,
    statuses,
  }: {
    extensionId: string
    version?: string | undefined
    targetPlatform?: string | undefined
    statuses: VersionRow['status'][]
  },
) {
  return db
    .select({
      id: extensionVersions.id,
      version: extensionVersions.version,
      targetPlatform: extensionVersions.targetPlatform,
      status: extensionVersions.status,
    })
    .from(extensionVersions)
    .where(
      and(
        eq(extensionVersions.extensionId, extensionId),
        version === undefined ? undefined : eq(extensionVersions.version, version),
        targetPlatform === undefined ? undefined : eq(extensionVersions.targetPlatform, targetPlatform),
        inArray(extensionVersions.status, statuses),
      ),
    )
    .orderBy(desc(extensionVersions.versionOrder), asc(extensionVersions.targetPlatform))
    .for('update')
}

export async function setVersionStatus(
  db: Db,
  ids: string[],
  values: { status: VersionRow['status']; statusReason: string | null; statusChangedAt: Date },
): Promise<void> {
  if (ids.length > 0) await db.update(extensionVersions).set(values).where(inArray(extensionVersions.id, ids))
}

export async function updateExtension(
  db: Db,
  id: string,
  values: Partial<typeof extensions.$inferInsert>,
): Promise<void> {
  await db.update(extensions).set(values).where(eq(extensions.id, id))
}

/** The version to be installed by default (the newest stable one, or the newest at all), preferring the package for all platforms. */
export async function findNewest(db: Db, extensionId: string) {
  const [row] = await db
    .select({
      id: extensionVersions.id,
      version: extensionVersions.version,
      listing: extensionVersions.listing,
      hasIcon: sql<boolean>`${extensionVersions.assets} ? 'icon'`,
    })
    .from(extensionVersions)
    .where(and(eq(extensionVersions.extensionId, extensionId), eq(extensionVersions.status, 'published')))
    .orderBy(
      asc(extensionVersions.preRelease),
      desc(extensionVersions.versionOrder),
      desc(sql`${extensionVersions.targetPlatform} = 'universal'`),
      asc(extensionVersions.targetPlatform),
    )
    .limit(1)
  return row
}

/** Platforms some published version is made for, and when versions were published first and last. */
export async function findSpan(db: Db, extensionId: string) {
  const [row] = await db
    .select({
      targetPlatforms: sql<
        string[]
      >`coalesce(array_agg(distinct ${extensionVersions.targetPlatform}), '{}'::text[])`,
      releasedAt: sql<Date | null>`max(${extensionVersions.publishedAt})`.mapWith(
        extensionVersions.publishedAt,
      ),
    })
    .from(extensionVersions)
    .where(and(eq(extensionVersions.extensionId, extensionId), eq(extensionVersions.status, 'published')))
  return row
}
