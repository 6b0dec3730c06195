import type { Ctx } from '../../../context.ts'
import { openCursor, sealCursor } from '../../../cursor.ts'
import type { Deps } from '../../../deps.ts'
import { AppError } from '../../../errors.ts'
import { AssetType } from '../gallery/protocol.ts'
import { countCategories, findPublished, listPackages, newestVersions } from '../queries/catalog.ts'
import { relatedIds } from '../queries/related.ts'
import { catalogCache } from './catalog-cache.ts'
import { currentPrices } from './sales/price.ts'
import { type ListedExtension, listExtensions } from './search/listing.ts'
import { type ExtensionSearch, searchExtensions } from './search/search.ts'

/** Versions that an extension's page shows at once. */
const SUMMARIZED_VERSIONS = 20

type Card = ReturnType<typeof toCard>

/** Extensions as lists show them, by `ext_…`. */
async function cardsById(ctx: Ctx, ids: string[]): Promise<Map<string, Card>> {
  const listed = await listExtensions(ctx, ids)
  const paid = listed.filter((extension) => extension.paid).map(({ id }) => id)
  const prices = paid.length > 0 ? await currentPrices(ctx.db, paid) : undefined
  return new Map(
    listed.map((extension) => [extension.id, toCard(ctx.deps, extension, prices?.get(extension.id) ?? null)]),
  )
}

const inOrder = (ids: string[], cards: ReadonlyMap<string, Card>): Card[] =>
  ids.flatMap((id) => cards.get(id) ?? [])

/** What a search found just now: cards are kept as long as nothing in the catalog changes. */
const foundCards = async (ctx: Ctx, ids: string[]): Promise<Card[]> =>
  inOrder(ids, await catalogCache(ctx.deps).each('card', ids, (missing) => cardsById(ctx, missing)))

function toCard(
  deps: Deps,
  extension: ListedExtension,
  price: { amountMinor: number; currency: string } | null,
) {
  const { publisher, name, ratingCount } = extension
  return {
    id: `${publisher}.${name}`,
    publisher: {
      name: publisher,
      displayName: extension.publisherDisplayName,
      verified: extension.publisherVerified,
    },
    name,
    displayName: extension.displayName,
    description: extension.description,
    categories: extension.categories,
    tags: extension.tags,
    version: extension.latestVersion,
    targetPlatforms: extension.targetPlatforms,
    iconUrl: extension.hasIcon ? assetUrl(deps, extension, AssetType.Icon) : null,
    preview: extension.preview,
    featured: extension.featured,
    deprecated: extension.deprecated,
    price,
    installs: extension.installs,
    downloads: extension.downloads,
    rating: {
      average: ratingCount === 0 ? null : Math.round(extension.averageRating * 100) / 100,
      count: ratingCount,
    },
    publishedAt: extension.publishedAt,
    updatedAt: extension.releasedAt,
  }
}

const assetUrl = (
  { env }: Deps,
  { publisher, name, latestVersion }: ListedExtension,
  asset: string,
): string => `${env.PUBLIC_URL}/vscode/asset/${publisher}/${name}/${latestVersion}/${asset}`

type SearchInput = Omit<ExtensionSearch, 'text' | 'categories' | 'tags'> & {
  query?: string | undefined
  category?: string | undefined
  tag?: string | undefined
}

export async function searchCatalog(ctx: Ctx, { query, category, tag, ...search }: SearchInput) {
  const { ids, nextCursor, total } = await searchExtensions(ctx, {
    ...search,
    text: query,
    categories: category === undefined ? undefined : [category],
    tags: tag === undefined ? undefined : [tag],
  })
  return { items: await foundCards(ctx, ids), nextCursor, total }
}

/** @throws EXTENSION_NOT_FOUND also for those that are hidden or removed */
export async function getExtension(ctx: Ctx, { id }: { id: string }) {
  const found = await findPublished(ctx.db, id.toLowerCase())
  if (!found) throw new AppError('EXTENSION_NOT_FOUND', { id })
  const [[listed], prices, versions] = await Promise.all([
    listExtensions(ctx, [found.id]),
    currentPrices(ctx.db, [found.id]),
    newestVersions(ctx.db, found.id, SUMMARIZED_VERSIONS),
  ])
  // Taken away between the two statements.
  if (!listed) throw new AppError('EXTENSION_NOT_FOUND', { id })
  const { assets } = found
  const platform = found.targetPlatform ?? 'universal'
  const file = (name: string | undefined, asset: string): string | null =>
    name === undefined
      ? null
      : assetUrl(ctx.deps, listed, asset) + (platform === 'universal' ? '' : `?targetPlatform=${platform}`)
  return {
    ...toCard(ctx.deps, listed, prices.get(found.id) ?? null),
    uuid: listed.uuid,
    license: found.license,
    repositoryUrl: found.repositoryUrl,
    homepageUrl: found.homepageUrl,
    bugsUrl: found.bugsUrl,
    engine: found.engine,
    dependencies: found.dependencies ?? [],
    packMembers: found.packMembers ?? [],
    deprecation: listed.deprecated
      ? { message: listed.deprecationMessage, replacedBy: listed.replacedBy }
      : null,
    readmeUrl: file(assets?.readme, AssetType.Details),
    changelogUrl: file(assets?.changelog, AssetType.Changelog),
    licenseUrl: file(assets?.license, AssetType.License),
    versions,
  }
}

interface VersionsInput {
  id: string
  targetPlatform?: string | undefined
  preRelease?: boolean | undefined
  cursor?: string | undefined
  limit: number
}

/** The packages of an extension, newest version first. */
export async function listVersions(ctx: Ctx, input: VersionsInput) {
  const { targetPlatform, preRelease, cursor, limit } = input
  const found = await findPublished(ctx.db, input.id.toLowerCase())
  if (!found) throw new AppError('EXTENSION_NOT_FOUND', { id: input.id })
  const asked = JSON.stringify(['versions', found.id, targetPlatform ?? null, preRelease ?? null])
  const [versionOrder, platform] =
    cursor === undefined ? [] : openCursor(ctx.deps.secrets, asked, cursor).map(String)
  const rows = await listPackages(ctx.db, {
    extensionId: found.id,
    targetPlatform,
    preRelease,
    after:
      versionOrder === undefined || platform === undefined
        ? null
        : { versionOrder, targetPlatform: platform },
    limit: limit + 1,
  })
  const page = rows.slice(0, limit)
  const last = page.at(-1)
  return {
    items: page.map(({ versionOrder: _, sha256, ...row }) => ({ ...row, sha256: sha256.toString('hex') })),
    nextCursor:
      rows.length > limit && last
        ? sealCursor(ctx.deps.secrets, asked, [last.versionOrder, last.targetPlatform])
        : null,
  }
}

const CATEGORIES_TTL_MS = 60_000
type Counted = Awaited<ReturnType<typeof countCategories>>
const counted = new WeakMap<Deps, { until: number; categories: Promise<Counted> }>()

/** Categories with how many extensions they have. Counting reads the whole catalog, so it is done once a minute. */
export async function listCategories(ctx: Ctx): Promise<{ items: Counted }> {
  const known = counted.get(ctx.deps)
  if (known && known.until > performance.now()) return { items: await known.categories }
  const categories = countCategories(ctx.deps.db)
  counted.set(ctx.deps, { until: performance.now() + CATEGORIES_TTL_MS, categories })
  try {
    return { items: await categories }
  } catch (error) {
    counted.delete(ctx.deps)
    throw error
  }
}

/** What is being installed more than usual. */
export async function listTrending(
  ctx: Ctx,
  { category, limit }: { category?: string | undefined; limit: number },
) {
  const { ids } = await searchExtensions(ctx, {
    categories: category === undefined ? undefined : [category],
    includeDeprecated: false,
    sort: 'trending',
    limit,
  })
  return { items: await foundCards(ctx, ids) }
}

/** What else those have who installed it. */
export async function listRelated(ctx: Ctx, { id, limit }: { id: string; limit: number }) {
  const ids = await relatedIds(ctx.db, id.toLowerCase(), limit)
  return { items: inOrder(ids, await cardsById(ctx, ids)) }
}
