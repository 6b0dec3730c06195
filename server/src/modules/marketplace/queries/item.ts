import { type Db, extensions, extensionVersions, publishers } from '@devforge/db'
import { and, desc, eq, ne, sql } from 'drizzle-orm'

/** An extension as its page in the store shows it, whatever became of it. */
export async function findItem(db: Db, identifier: string) {
  const [row] = await db
    .select({
      id: extensions.id,
      identifier: extensions.identifier,
      name: extensions.name,
      status: extensions.status,
      displayName: extensions.displayName,
      description: extensions.description,
      categories: extensions.categories,
      tags: extensions.tags,
      latestVersion: extensions.latestVersion,
      latestVersionId: extensions.latestVersionId,
      targetPlatforms: extensions.targetPlatforms,
      license: extensions.license,
      repositoryUrl: extensions.repositoryUrl,
      homepageUrl: extensions.homepageUrl,
      bugsUrl: extensions.bugsUrl,
      preview: extensions.preview,
      deprecatedAt: extensions.deprecatedAt,
      deprecationMessage: extensions.deprecationMessage,
      replacedBy: extensions.replacedBy,
      maliciousAt: extensions.maliciousAt,
      takenDownAt: extensions.takenDownAt,
      paid: extensions.paid,
      installs: extensions.installs,
      ratingCount: extensions.ratingCount,
      ratingSum: extensions.ratingSum,
      publishedAt: extensions.publishedAt,
      releasedAt: extensions.releasedAt,
      publisherName: publishers.name,
      publisherDisplayName: publishers.displayName,
      verifiedDomain: sql<
        string | null
      >`case when ${publishers.domainVerifiedAt} is not null then ${publishers.domain} end`,
    })
    .from(extensions)
    .innerJoin(publishers, eq(publishers.id, extensions.publisherId))
    .where(eq(extensions.identifier, identifier))
  return row
}

export type ItemRow = NonNullable<Awaited<ReturnType<typeof findItem>>>

const v = extensionVersions

/** The package that stands for the extension: what its texts and icon are taken from. */
export async function findShownPackage(db: Db, extensionId: string, versionId: string | null) {
  const [row] = await db
    .select({
      version: v.version,
      targetPlatform: v.targetPlatform,
      engine: v.engine,
      dependencies: v.dependencies,
      packMembers: v.packMembers,
      assets: v.assets,
      storagePrefix: v.storagePrefix,
      sizeBytes: v.sizeBytes,
      sha256: sql<string>`encode(${v.sha256}, 'hex')`,
      signatureKid: v.signatureKid,
    })
    .from(v)
    .where(
      and(
        eq(v.extensionId, extensionId),
        eq(v.status, 'published'),
        versionId === null ? undefined : eq(v.id, versionId),
      ),
    )
    .orderBy(desc(v.versionOrder))
    .limit(1)
  return row
}

/** The newest versions with the platforms each is made for; yanked ones are told as such. */
export const listItemVersions = (db: Db, extensionId: string, limit: number) =>
  db
    .select({
      version: v.version,
      publishedAt: sql<string>`min(${v.publishedAt})`,
      preRelease: sql<boolean>`bool_or(${v.preRelease})`,
      yanked: sql<boolean>`bool_and(${v.status} = 'yanked')`,
      targetPlatforms: sql<string[]>`array_agg(${v.targetPlatform} order by ${v.targetPlatform})`,
    })
    .from(v)
    .where(and(eq(v.extensionId, extensionId), ne(v.status, 'removed')))
    .groupBy(v.version, v.versionOrder)
    .orderBy(desc(v.versionOrder))
    .limit(limit)
