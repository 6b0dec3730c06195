import type { Ctx } from '../../../context.ts'
import { skeletonOf } from '../lookalikes/skeleton.ts'
import {
  type ExtensionRow,
  findNewest,
  findSpan,
  lockExtension,
  updateExtension,
} from '../queries/versions.ts'
import { renderListing } from './gallery/listing.ts'
import { indexExtension } from './search/index-extension.ts'

/**
 * Brings what lists and search show of an extension up to date with its published versions: the one place that does. In the
 * transaction of whatever changed a version or the extension.
 * @returns the extension as it is now
 */
export async function refreshListing(ctx: Ctx, extensionId: string): Promise<void> {
  const row = await lockExtension(ctx.db, extensionId)
  if (!row) return
  await updateExtension(ctx.db, extensionId, await listingOf(ctx, row))
  await indexExtension(ctx.db, extensionId, ctx.deps.clock.now())
  await renderListing(ctx, extensionId)
}

async function listingOf(ctx: Ctx, row: ExtensionRow): Promise<Partial<ExtensionRow>> {
  const updatedAt = ctx.deps.clock.now()
  // A tombstone keeps what it last was.
  if (row.status === 'removed') return { updatedAt }
  const newest = await findNewest(ctx.db, row.id)
  if (!newest) return { status: 'hidden', latestVersion: null, latestVersionId: null, updatedAt }
  const span = await findSpan(ctx.db, row.id)
  const { listing } = newest
  return {
    status: 'published',
    latestVersion: newest.version,
    latestVersionId: newest.id,
    targetPlatforms: span?.targetPlatforms ?? [],
    releasedAt: span?.releasedAt ?? row.releasedAt,
    publishedAt: row.publishedAt ?? updatedAt,
    hasIcon: newest.hasIcon,
    ...(listing && {
      displayName: listing.displayName,
      displayNameSkeleton: skeletonOf(listing.displayName),
      description: listing.description,
      categories: listing.categories,
      tags: listing.tags,
      engineFloor: listing.engineFloor,
      preview: listing.preview,
      license: listing.license ?? null,
      repositoryUrl: listing.repositoryUrl ?? null,
      homepageUrl: listing.homepageUrl ?? null,
      bugsUrl: listing.bugsUrl ?? null,
    }),
    updatedAt,
  }
}
