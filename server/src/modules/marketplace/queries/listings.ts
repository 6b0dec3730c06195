import { type Db, extensionListings, extensions, extensionVersions, publishers } from '@devforge/db'
import { and, desc, eq, inArray, lte, sql } from 'drizzle-orm'
import type { RenderedExtension, RenderedVersion } from '../gallery/render.ts'

const v = extensionVersions
const byOrder = desc(v.versionOrder)

const versionColumns = {
  extensionId: v.extensionId,
  version: v.version,
  versionOrder: v.versionOrder,
  targetPlatform: v.targetPlatform,
  preRelease: v.preRelease,
  engine: v.engine,
  dependencies: v.dependencies,
  packMembers: v.packMembers,
  localizedLanguages: v.localizedLanguages,
  executesCode: v.executesCode,
  // Of the manifest, which an author wrote: of whatever type.
  apiProposals: sql<unknown>`${v.manifest} -> 'enabledApiProposals'`.as('api_proposals'),
  sponsorUrl: sql<string | null>`${v.manifest} #>> '{sponsor,url}'`.as('sponsor_url'),
  assets: v.assets,
  publishedAt: v.publishedAt,
}

export type ListedVersionRow = Omit<RenderedVersion, 'apiProposals'> & {
  extensionId: string
  apiProposals: unknown
}

/** The newest stable version and the newest pre-release for each platform. */
export const newestVersions = (db: Db, extensionIds: string[]): Promise<ListedVersionRow[]> =>
  db
    .selectDistinctOn([v.extensionId, v.targetPlatform, v.preRelease], versionColumns)
    .from(v)
    .where(and(inArray(v.extensionId, extensionIds), eq(v.status, 'published')))
    .orderBy(v.extensionId, v.targetPlatform, v.preRelease, byOrder)

/** The newest packages of each of these extensions, at most `limit` of one. */
export const allVersions = (db: Db, extensionIds: string[], limit: number): Promise<ListedVersionRow[]> => {
  const ranked = db
    .select({
      ...versionColumns,
      place:
        sql<number>`row_number() over (partition by ${v.extensionId} order by ${v.versionOrder} desc, ${v.targetPlatform})`.as(
          'place',
        ),
    })
    .from(v)
    .where(and(inArray(v.extensionId, extensionIds), eq(v.status, 'published')))
    .as('ranked')
  return db.select().from(ranked).where(lte(ranked.place, limit))
}

/** What listings are made of, besides the versions. */
export const listedExtensions = (
  db: Db,
  extensionIds: string[],
): Promise<(RenderedExtension & { id: string })[]> =>
  db
    .select({
      id: extensions.id,
      uuid: extensions.uuid,
      publisherName: publishers.name,
      name: extensions.name,
      displayName: extensions.displayName,
      description: extensions.description,
      categories: extensions.categories,
      tags: extensions.tags,
      preview: extensions.preview,
      repositoryUrl: extensions.repositoryUrl,
      bugsUrl: extensions.bugsUrl,
      publishedAt: extensions.publishedAt,
      releasedAt: extensions.releasedAt,
    })
    .from(extensions)
    .innerJoin(publishers, eq(publishers.id, extensions.publisherId))
    .where(inArray(extensions.id, extensionIds))

/** Waits for whoever else changes the extension, so that none of two packages published at once is left out. */
export async function lockExtensionRow(db: Db, id: string): Promise<void> {
  await db.select({ id: extensions.id }).from(extensions).where(eq(extensions.id, id)).for('no key update')
}

interface Listing {
  extensionId: string
  latest: string
  page: string | null
  renderedAt: Date
}

/** Writes the listing of an extension that changed, under a new revision. */
export async function replaceListing(db: Db, listing: Listing): Promise<void> {
  await db
    .insert(extensionListings)
    .values(listing)
    .onConflictDoUpdate({
      target: extensionListings.extensionId,
      set: { ...listing, revision: sql`${extensionListings.revision} + 1` },
    })
}

/** Writes listings where there are none; one that a publisher writes meanwhile is newer and stays. */
export async function addListings(db: Db, listings: Listing[]): Promise<void> {
  await db.insert(extensionListings).values(listings).onConflictDoNothing()
}
