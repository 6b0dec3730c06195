import type { Db } from '@devforge/db'
import type { Ctx } from '../../../../context.ts'
import { type RenderedVersion, renderAll, renderListing as renderTexts } from '../../gallery/render.ts'
import {
  addListings,
  allVersions,
  type ListedVersionRow,
  listedExtensions,
  lockExtensionRow,
  newestVersions,
  replaceListing,
} from '../../queries/listings.ts'

/** Extensions that are rendered by one round of statements. */
const BATCH = 500

/**
 * Makes anew what editors' galleries are told of an extension. To be called in every transaction that changes its versions or its
 * texts, after those changes. Publisher and counters are not in it: they are joined while reading.
 */
export async function renderListing(ctx: Ctx, extensionId: string): Promise<void> {
  await lockExtensionRow(ctx.db, extensionId)
  const [listing] = await render(ctx.db, [extensionId], ctx.deps.clock.now())
  if (listing) await replaceListing(ctx.db, listing)
}

/**
 * Makes the listings of extensions that have none: those that came in by bulk (seeds, a restored backup). Harmless beside
 * publishing: what a publisher writes wins, in whichever order.
 */
export async function renderMissingListings(db: Db, extensionIds: readonly string[], now: Date) {
  const made: { extensionId: string; latest: string; page: string | null }[] = []
  for (let start = 0; start < extensionIds.length; start += BATCH) {
    const listings = await render(db, extensionIds.slice(start, start + BATCH), now)
    if (listings.length > 0) await addListings(db, listings)
    made.push(...listings)
  }
  return made
}

async function render(db: Db, extensionIds: string[], renderedAt: Date) {
  const [found, versions] = await Promise.all([
    listedExtensions(db, extensionIds),
    newestVersions(db, extensionIds),
  ])
  const byExtension = Map.groupBy(versions, (version) => version.extensionId)
  return found.map((extension) => ({
    extensionId: extension.id,
    ...renderTexts(extension, (byExtension.get(extension.id) ?? []).map(toRendered)),
    renderedAt,
  }))
}

/** An extension with all its versions, newest first, at most `limit` packages; null when it is gone. */
export async function renderWithAllVersions(
  db: Db,
  extensionId: string,
  limit: number,
): Promise<string | null> {
  const [[extension], versions] = await Promise.all([
    listedExtensions(db, [extensionId]),
    allVersions(db, extensionId, limit),
  ])
  return extension ? renderAll(extension, versions.map(toRendered)) : null
}

/** Fields that an author wrote by hand are taken only when they are what they should be. */
function toRendered({ apiProposals, sponsorUrl, ...version }: ListedVersionRow): RenderedVersion {
  return {
    ...version,
    apiProposals: Array.isArray(apiProposals)
      ? apiProposals.filter((name): name is string => typeof name === 'string')
      : [],
    sponsorUrl: sponsorUrl !== null && /^https?:\/\//i.test(sponsorUrl) ? sponsorUrl : null,
  }
}
