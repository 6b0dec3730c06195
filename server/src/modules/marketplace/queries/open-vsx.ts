import { type Db, extensions, extensionVersions, publishers } from '@devforge/db'
import { and, asc, desc, eq, inArray, ne, type SQL, sql } from 'drizzle-orm'

const e = extensions
const p = publishers
const v = extensionVersions

const extensionColumns = {
  id: e.id,
  uuid: e.uuid,
  name: e.name,
  identifier: e.identifier,
  status: e.status,
  displayName: e.displayName,
  description: e.description,
  categories: e.categories,
  tags: e.tags,
  preview: e.preview,
  license: e.license,
  repositoryUrl: e.repositoryUrl,
  homepageUrl: e.homepageUrl,
  bugsUrl: e.bugsUrl,
  deprecatedAt: e.deprecatedAt,
  replacedBy: e.replacedBy,
  paid: e.paid,
  downloads: e.downloads,
  ratingCount: e.ratingCount,
  ratingSum: e.ratingSum,
  latestVersionId: e.latestVersionId,
  namespace: p.name,
  namespaceUuid: p.uuid,
  namespaceDisplayName: p.displayName,
  verified: sql<boolean>`${p.domainVerifiedAt} is not null`,
}

/** Which extensions: all that is given must hold. Names in any case. */
export interface ExtensionFilter {
  ids?: string[]
  identifier?: string
  namespace?: string
  name?: string
  uuid?: string
  namespaceUuid?: string
}

/** Extensions that are not removed, those without a version to be found among them. */
export async function findDoorExtensions(
  db: Db,
  filter: ExtensionFilter,
  { limit = 100, offset = 0 }: { limit?: number; offset?: number } = {},
) {
  const conditions: (SQL | undefined)[] = [
    ne(e.status, 'removed'),
    eq(p.status, 'active'),
    filter.ids && inArray(e.id, filter.ids),
    filter.identifier === undefined ? undefined : eq(e.identifier, filter.identifier.toLowerCase()),
    filter.namespace === undefined ? undefined : eq(p.nameKey, filter.namespace.toLowerCase()),
    filter.name === undefined ? undefined : sql`lower(${e.name}) = ${filter.name.toLowerCase()}`,
    filter.uuid === undefined ? undefined : eq(e.uuid, filter.uuid),
    filter.namespaceUuid === undefined ? undefined : eq(p.uuid, filter.namespaceUuid),
  ]
  return db
    .select(extensionColumns)
    .from(e)
    .innerJoin(p, eq(p.id, e.publisherId))
    .where(and(...conditions))
    .orderBy(asc(e.identifier))
    .limit(limit)
    .offset(offset)
}
export type DoorExtension = Awaited<ReturnType<typeof findDoorExtensions>>[number]

const packageColumns = {
  id: v.id,
  extensionId: v.extensionId,
  version: v.version,
  versionOrder: v.versionOrder,
  targetPlatform: v.targetPlatform,
  preRelease: v.preRelease,
  status: v.status,
  engine: v.engine,
}

/** A package as far as choosing among packages needs it. */
export interface DoorPackage {
  id: string
  extensionId: string
  version: string
  versionOrder: string
  targetPlatform: string
  preRelease: boolean
  status: 'published' | 'yanked' | 'removed'
  engine: string
}

/** More packages than any extension has: what one answer may read. */
const MAX_PACKAGES = 20_000

/** Packages that are not removed, newest first. */
export async function findDoorPackages(
  db: Db,
  extensionIds: string[],
  { version }: { version?: string | undefined } = {},
): Promise<DoorPackage[]> {
  if (extensionIds.length === 0) return []
  return db
    .select(packageColumns)
    .from(v)
    .where(
      and(
        inArray(v.extensionId, extensionIds),
        ne(v.status, 'removed'),
        version === undefined ? undefined : eq(v.version, version),
      ),
    )
    .orderBy(desc(v.versionOrder), asc(v.targetPlatform))
    .limit(MAX_PACKAGES)
}

/** The newest stable package and the newest pre-release of each extension, for a platform and for all of them. */
export async function findNewestFor(
  db: Db,
  extensionIds: string[],
  targetPlatform: string,
): Promise<DoorPackage[]> {
  if (extensionIds.length === 0) return []
  return db
    .selectDistinctOn([v.extensionId, v.targetPlatform, v.preRelease], packageColumns)
    .from(v)
    .where(
      and(
        inArray(v.extensionId, extensionIds),
        inArray(v.targetPlatform, [targetPlatform, 'universal']),
        eq(v.status, 'published'),
      ),
    )
    .orderBy(v.extensionId, v.targetPlatform, v.preRelease, desc(v.versionOrder))
}

const fileColumns = {
  ...packageColumns,
  assets: v.assets,
  signatureKid: v.signatureKid,
  publishedAt: v.publishedAt,
}

/** Where packages and the files beside them are: what lists tell. */
export async function findPackageFiles(db: Db, ids: string[]) {
  if (ids.length === 0) return []
  return db.select(fileColumns).from(v).where(inArray(v.id, ids))
}
export type DoorPackageFiles = Awaited<ReturnType<typeof findPackageFiles>>[number]

/** All that is told of packages. */
export async function findPackageDetails(db: Db, ids: string[]) {
  if (ids.length === 0) return []
  return db
    .select({
      ...fileColumns,
      listing: v.listing,
      dependencies: v.dependencies,
      packMembers: v.packMembers,
      localizedLanguages: v.localizedLanguages,
      sha256: v.sha256,
      storagePrefix: v.storagePrefix,
      // Of the manifest, which an author wrote, and which is large: of whatever type.
      extensionKind: sql<unknown>`${v.manifest} -> 'extensionKind'`,
      qna: sql<unknown>`${v.manifest} -> 'qna'`,
      sponsorUrl: sql<unknown>`${v.manifest} #> '{sponsor,url}'`,
      galleryColor: sql<unknown>`${v.manifest} #> '{galleryBanner,color}'`,
      galleryTheme: sql<unknown>`${v.manifest} #> '{galleryBanner,theme}'`,
    })
    .from(v)
    .where(inArray(v.id, ids))
}
export type DoorPackageDetails = Awaited<ReturnType<typeof findPackageDetails>>[number]

/** Names of the published extensions of a publisher. */
export async function findNamesOf(db: Db, publisherId: string): Promise<string[]> {
  const rows = await db
    .select({ name: e.name })
    .from(e)
    .where(and(eq(e.publisherId, publisherId), eq(e.status, 'published')))
    .orderBy(asc(e.identifier))
    .limit(1_000)
  return rows.map((row) => row.name)
}
