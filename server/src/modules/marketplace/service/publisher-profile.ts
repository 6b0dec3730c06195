import type { AccountActor, Ctx, SessionActor } from '../../../context.ts'
import { AppError } from '../../../errors.ts'
import { inTx } from '../../../tx.ts'
import { extensionIdsOf } from '../queries/publisher-domains.ts'
import { listOwnPublishers } from '../queries/publisher-members.ts'
import { countPublished, type PublisherRow, updatePublisherRow } from '../queries/publishers.ts'
import { lockExtension } from '../queries/versions.ts'
import { recordExtensionEvent } from './history.ts'
import { createPublisher, findPublisher, mayShow, requireOwner } from './publishers.ts'
import { indexExtension } from './search/index-extension.ts'

/** A publisher as everybody sees it. A domain that is not proven is nobody's business. */
function presentPublisher(row: PublisherRow, extensions: number) {
  const verified = row.domainVerifiedAt !== null
  return {
    id: row.id,
    uuid: row.uuid,
    name: row.name,
    displayName: row.displayName,
    description: row.description,
    websiteUrl: row.websiteUrl,
    domain: verified ? row.domain : null,
    verified,
    extensions,
    createdAt: row.createdAt,
  }
}

async function withExtensions(ctx: Ctx, row: PublisherRow) {
  const counts = await countPublished(ctx.db, [row.id])
  return presentPublisher(row, counts.get(row.id) ?? 0)
}

/** Takes a name; see `createPublisher`. @throws PUBLISHER_TAKEN, PUBLISHER_LIMIT */
export async function foundPublisher(
  ctx: Ctx<SessionActor>,
  { name, displayName = name }: { name: string; displayName?: string | undefined },
) {
  return presentPublisher(await createPublisher(ctx, { name, displayName }), 0)
}

/** A publisher's public profile. @throws PUBLISHER_NOT_FOUND */
export async function getPublisher(ctx: Ctx, { name }: { name: string }) {
  const row = await findPublisher(ctx.db, name)
  if (!row) throw new AppError('PUBLISHER_NOT_FOUND', { name })
  return withExtensions(ctx, row)
}

/** The publishers that the caller is a member of, by name. */
export async function listPublishers(
  ctx: Ctx<AccountActor>,
  { cursor, limit }: { cursor?: string | undefined; limit: number },
) {
  const rows = await listOwnPublishers(ctx.db, { userId: ctx.actor.userId, after: cursor, limit })
  const page = rows.slice(0, limit)
  const counts = await countPublished(
    ctx.db,
    page.map(({ publisher }) => publisher.id),
  )
  return {
    items: page.map(({ publisher, role }) => ({
      ...presentPublisher(publisher, counts.get(publisher.id) ?? 0),
      role,
    })),
    nextCursor: rows.length > limit ? (page.at(-1)?.publisher.nameKey ?? null) : null,
  }
}

/**
 * Changes what people see of a publisher; what is not given stays.
 * @throws PUBLISHER_FORBIDDEN, PUBLISHER_TAKEN for a display name that passes for somebody well known
 */
export async function updatePublisher(
  ctx: Ctx<SessionActor>,
  input: {
    publisher: string
    displayName?: string | undefined
    description?: string | null | undefined
    websiteUrl?: string | null | undefined
  },
) {
  const { publisher, displayName, description, websiteUrl } = input
  if (displayName !== undefined && !mayShow(ctx.actor, displayName)) {
    throw new AppError('PUBLISHER_TAKEN', { name: displayName })
  }
  return inTx(ctx, async (ctx) => {
    const before = await requireOwner(ctx, publisher)
    const change = {
      ...(displayName === undefined ? {} : { displayName }),
      ...(description === undefined ? {} : { description }),
      ...(websiteUrl === undefined ? {} : { websiteUrl }),
    }
    const row = await updatePublisherRow(ctx.db, before.id, { ...change, updatedAt: ctx.deps.clock.now() })
    await recordExtensionEvent(ctx, {
      publisherId: row.id,
      type: 'publisher.updated',
      before: {
        displayName: before.displayName,
        description: before.description,
        websiteUrl: before.websiteUrl,
      },
      after: change,
    })
    await ctx.deps.jobs.enqueue(ctx.db, 'marketplace.publisherChanged', { publisherId: row.id })
    return withExtensions(ctx, row)
  })
}

/** Brings the search up to date after what it shows of a publisher has changed: its display name, its mark. */
export async function refindExtensions(ctx: Ctx, publisherId: string): Promise<void> {
  for (const extensionId of await extensionIdsOf(ctx.db, publisherId)) {
    await inTx(ctx, async (ctx) => {
      // Held: else what is read here may be older than what a takedown or an update has written by the time it is written.
      await lockExtension(ctx.db, extensionId)
      await indexExtension(ctx.db, extensionId, ctx.deps.clock.now())
    })
  }
}
