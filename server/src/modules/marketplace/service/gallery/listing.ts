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

/** Extensions by id with all their versions, newest first, at most `limit` packages of each; without those that are gone. */
export async function renderWithAllVersions(
  db: Db,
  extensionIds: string[],
  limit: number,
): Promise<Map<string, string>> {
  const [found, versions] = await Promise.all([
    listedExtensions(db, extensionIds),
    allVersions(db, extensionIds, limit),
  ])
  const byExtension = Map.groupBy(versions, (version) => version.extensionId)
  return new Map(
    found.map((extension) => [
      extension.id,
      renderAll(extension, (byExtension.get(extension.id) ?? []).map(toRendered)),
    ]),
  )
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
