import { type Db, extensions, extensionVersions, publishers } from '@devforge/db'
import { and, desc, eq, sql } from 'drizzle-orm'

/** A published extension with what only its own page shows. */
export async function findPublished(db: Db, identifier: string) {
  const [row] = await db
    .select({
      id: extensions.id,
      license: extensions.license,
      repositoryUrl: extensions.repositoryUrl,
      homepageUrl: extensions.homepageUrl,
      bugsUrl: extensions.bugsUrl,
      engine: extensionVersions.engine,
      dependencies: extensionVersions.dependencies,
      packMembers: extensionVersions.packMembers,
      targetPlatform: extensionVersions.targetPlatform,
      assets: extensionVersions.assets,
    })
    .from(extensions)
    .innerJoin(publishers, eq(publishers.id, extensions.publisherId))
    .leftJoin(extensionVersions, eq(extensionVersions.id, extensions.latestVersionId))
    .where(and(eq(extensions.identifier, identifier), eq(extensions.status, 'published')))
  return row
}

/** The newest versions with the platforms they are there for, newest first. */
export async function newestVersions(db: Db, extensionId: string, limit: number) {
  return db
    .select({
      version: extensionVersions.version,
      preRelease: sql<boolean>`bool_or(${extensionVersions.preRelease})`,
      targetPlatforms: sql<
        string[]
      >`array_agg(${extensionVersions.targetPlatform} order by ${extensionVersions.targetPlatform})`,
      publishedAt: sql<Date>`min(${extensionVersions.publishedAt})`.mapWith(extensionVersions.publishedAt),
    })
    .from(extensionVersions)
    .where(and(eq(extensionVersions.extensionId, extensionId), eq(extensionVersions.status, 'published')))
    .groupBy(extensionVersions.versionOrder, extensionVersions.version)
    .orderBy(desc(extensionVersions.versionOrder))
    .limit(limit)
}

/** Where a page of packages begins: behind this one. */
export interface PackagePlace {
  versionOrder: string
  targetPlatform: string
}

/** Packages, newest version first, its platforms by name. */
export async function listPackages(
  db: Db,
  {
    extensionId,
    targetPlatform,
    preRelease,
    after,
    limit,
  }: {
    extensionId: string
    targetPlatform: string | undefined
    preRelease: boolean | undefined
    after: PackagePlace | null
    limit: number
  },
) {
  const { versionOrder, targetPlatform: platform } = extensionVersions
  return db
    .select({
      version: extensionVersions.version,
      versionOrder,
      targetPlatform: platform,
      preRelease: extensionVersions.preRelease,
      engine: extensionVersions.engine,
      sizeBytes: extensionVersions.sizeBytes,
      sha256: extensionVersions.sha256,
      publishedAt: extensionVersions.publishedAt,
    })
    .from(extensionVersions)
    .where(
      and(
        eq(extensionVersions.extensionId, extensionId),
        eq(extensionVersions.status, 'published'),
        targetPlatform === undefined ? undefined : sql`${platform} in (${targetPlatform}, 'universal')`,
        preRelease === undefined ? undefined : eq(extensionVersions.preRelease, preRelease),
        after === null
          ? undefined
          : sql`(${versionOrder} < ${after.versionOrder} or (${versionOrder} = ${after.versionOrder} and ${platform} > ${after.targetPlatform}))`,
      ),
    )
    .orderBy(desc(versionOrder), platform)
    .limit(limit)
}

/** How many published extensions each category has, the largest first. Reads all of them. */
export async function countCategories(db: Db) {
  return db
    .select({
      name: sql<string>`category`,
      count: sql<number>`count(*)::int`,
    })
    .from(
      sql`(select unnest(e.categories) as category from extensions e where e.status = 'published') listed`,
    )
    .groupBy(sql`category`)
    .orderBy(sql`count(*) desc, category`)
}
