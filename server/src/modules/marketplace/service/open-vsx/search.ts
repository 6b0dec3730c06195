import type { Ctx } from '../../../../context.ts'
import { choose } from '../../open-vsx/choose.ts'
import { averageOf, filesOf, presentExtension } from '../../open-vsx/present.ts'
import {
  type DoorExtension,
  type DoorPackage,
  type ExtensionFilter,
  findDoorExtensions,
  findDoorPackages,
  findNewestFor,
  findPackageDetails,
} from '../../queries/open-vsx.ts'
import type { Viewer } from '../gallery/viewer.ts'
import { searchExtensions } from '../search/search.ts'
import { doorUrls, filesInOrder, type Page, presentReference } from './look-up.ts'

export interface DoorSearch extends Page {
  query?: string | undefined
  category?: string | undefined
  targetPlatform?: string | undefined
  sortBy: 'relevance' | 'timestamp' | 'rating' | 'downloadCount'
  sortOrder?: 'asc' | 'desc' | undefined
  includeAllVersions: boolean
}

const sorts = {
  relevance: 'relevance',
  timestamp: 'updated',
  rating: 'rating',
  downloadCount: 'installs',
} as const

/** Packages in an answer that lists all of them: of each extension its share, the newest, and never less than a few. */
const MAX_LISTED_PACKAGES = 2_000
const MIN_LISTED_PACKAGES = 20

/** Packages by the extension they are of, each list newest first. */
function byExtension(packages: DoorPackage[]): Map<string, DoorPackage[]> {
  return Map.groupBy(packages, (row) => row.extensionId)
}

/** The packages that a page of results needs: all of them only where all are told. */
function packagesFor(ctx: Ctx, found: DoorExtension[], search: DoorSearch): Promise<DoorPackage[]> {
  const ids = found.map(({ id }) => id)
  if (search.includeAllVersions) return findDoorPackages(ctx.db, ids)
  if (search.targetPlatform === undefined) return Promise.resolve([])
  return findNewestFor(ctx.db, ids, search.targetPlatform)
}

/** Searches as any door does. Paid extensions that the caller has not bought are left out: clients here could not buy them. */
export async function searchDoor(ctx: Ctx, search: DoorSearch, viewer: Viewer) {
  const { ids, total } = await searchExtensions(ctx, {
    text: search.query,
    categories: search.category === undefined ? undefined : [search.category],
    targetPlatform: search.targetPlatform,
    sort: sorts[search.sortBy],
    direction: search.sortOrder,
    entitled: viewer.entitled,
    limit: search.size,
    offset: search.offset,
  })
  const rows = ids.length === 0 ? [] : await findDoorExtensions(ctx.db, { ids }, { limit: ids.length })
  const byId = new Map(rows.map((row) => [row.id, row]))
  const found = ids.flatMap((id) => byId.get(id) ?? [])
  const packages = byExtension(await packagesFor(ctx, found, search))
  const share = Math.max(MIN_LISTED_PACKAGES, Math.floor(MAX_LISTED_PACKAGES / (found.length || 1)))
  const shown = found.flatMap((extension) => {
    const own = packages.get(extension.id) ?? []
    const isNewest = search.targetPlatform === undefined && extension.latestVersionId
    const chosenId = isNewest || choose(own, { targetPlatform: search.targetPlatform })?.id
    if (!chosenId) return []
    const listed = own.filter(({ status }) => status === 'published').slice(0, share)
    return [{ extension, chosenId, listed: search.includeAllVersions ? listed : [] }]
  })
  const wanted = shown.flatMap(({ chosenId, listed }) => [{ id: chosenId }, ...listed])
  const details = new Map((await filesInOrder(ctx, wanted)).map((row) => [row.id, row]))
  const urls = doorUrls(ctx)
  return {
    offset: search.offset,
    totalSize: total.count,
    extensions: shown.flatMap(({ extension, chosenId, listed }) => {
      const newest = details.get(chosenId)
      if (!newest) return []
      const { namespace, name } = extension
      return [
        {
          url: urls.extension(namespace, name),
          files: filesOf(urls, extension, newest, true),
          name,
          namespace,
          version: newest.version,
          timestamp: newest.publishedAt.toISOString(),
          verified: extension.verified,
          averageRating: averageOf(extension),
          reviewCount: extension.ratingCount,
          downloadCount: extension.downloads,
          displayName: extension.displayName,
          description: extension.description,
          deprecated: extension.deprecatedAt !== null,
          ...(search.includeAllVersions
            ? {
                allVersions: listed.flatMap((row) => {
                  const each = details.get(row.id)
                  return each ? [presentReference(urls, extension, each, true)] : []
                }),
              }
            : {}),
        },
      ]
    }),
  }
}

export interface DoorQuery extends Page, Omit<ExtensionFilter, 'ids'> {
  version?: string | undefined
  targetPlatform?: string | undefined
  /** `links`: each with the addresses of its other versions. */
  versions: 'latest' | 'all' | 'links'
}

/** Packages that each entry of a query links to: a page has many entries. */
const MAX_LINKED_PACKAGES = 300

/** As many extensions as one query looks at. */
const MAX_QUERIED = 100

/** The packages of one extension that a query means, newest first. */
function meant(packages: DoorPackage[], query: DoorQuery): DoorPackage[] {
  const { version, targetPlatform } = query
  const fitting = packages.filter(
    (row) =>
      targetPlatform === undefined ||
      row.targetPlatform === targetPlatform ||
      // What runs everywhere runs there, too.
      row.targetPlatform === 'universal',
  )
  if (version !== undefined && version !== 'latest' && version !== 'pre-release') {
    return fitting.filter((row) => row.version === version)
  }
  const published = fitting.filter(({ status }) => status === 'published')
  if (query.versions !== 'latest' && version === undefined) return published
  const newest = choose(published, { version, targetPlatform })
  return newest ? published.filter((row) => row.version === newest.version) : []
}

/** Extensions by their names and ids, as Theia looks for what it is about to install. */
export async function queryDoor(ctx: Ctx, query: DoorQuery, viewer: Viewer) {
  const all = await findDoorExtensions(ctx.db, query, { limit: MAX_QUERIED })
  const extensions: DoorExtension[] = all.filter((extension) => viewer.mayHave(extension))
  const packages = byExtension(
    await findDoorPackages(
      ctx.db,
      extensions.map(({ id }) => id),
    ),
  )
  const rows = extensions.flatMap((extension) => {
    const own = packages.get(extension.id) ?? []
    return meant(own, query).map((row) => ({ extension, own, row }))
  })
  const page = rows.slice(query.offset, query.offset + query.size)
  const found = await findPackageDetails(
    ctx.db,
    page.map(({ row }) => row.id),
  )
  const details = new Map(found.map((row) => [row.id, row]))
  const urls = doorUrls(ctx)
  return {
    offset: query.offset,
    totalSize: rows.length,
    extensions: page.flatMap(({ extension, own, row }) => {
      const each = details.get(row.id)
      if (!each) return []
      const shown = {
        extension,
        details: each,
        packages: own.slice(0, MAX_LINKED_PACKAGES),
        downloadable: true,
      }
      return [presentExtension(urls, shown, { versions: query.versions !== 'all' })]
    }),
  }
}
