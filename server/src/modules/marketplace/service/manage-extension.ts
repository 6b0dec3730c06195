import type { AccountActor, Ctx } from '../../../context.ts'
import { AppError } from '../../../errors.ts'
import { inTx } from '../../../tx.ts'
import { refuseImpersonation } from '../../auth/actor.ts'
import { closeExtensionCheckouts } from '../../payments/service/close-checkouts.ts'
import {
  findOwnExtension,
  lockExtension,
  lockVersions,
  setVersionStatus,
  updateExtension,
} from '../queries/versions.ts'
import { recordExtensionEvent } from './history.ts'
import { refreshListing } from './listing.ts'
import { holdPublisher } from './publishers.ts'
import { rejectPending } from './submissions/reject-pending.ts'

type OwnExtension = NonNullable<Awaited<ReturnType<typeof findOwnExtension>>>

/** Which packages of one version; without a platform those of all. */
interface Packages {
  version: string
  targetPlatform?: string | undefined
}

interface Which extends Packages {
  /** `publisher.name`, in any case. */
  id: string
}

/**
 * The extension, if the caller owns its publisher; its publisher and itself held until the end of the transaction.
 * @throws EXTENSION_NOT_FOUND for one that is somebody else's, PUBLISHER_FORBIDDEN for a member who is no owner
 */
async function holdOwn(ctx: Ctx<AccountActor>, identifier: string): Promise<OwnExtension> {
  const { userId } = ctx.actor
  const seen = await findOwnExtension(ctx.db, { identifier, userId })
  if (!seen) throw new AppError('EXTENSION_NOT_FOUND', { id: identifier })
  await holdPublisher(ctx, seen.publisherId)
  await lockExtension(ctx.db, seen.id)
  // Once more, now that neither can change.
  const own = await findOwnExtension(ctx.db, { identifier, userId })
  if (!own) throw new AppError('EXTENSION_NOT_FOUND', { id: identifier })
  if (own.role !== 'owner') throw new AppError('PUBLISHER_FORBIDDEN', { publisher: own.publisher })
  return own
}

/**
 * Marks an extension as one not to start with any more; it stays installable. `deprecated: false` takes that back.
 * @throws EXTENSION_NOT_FOUND PUBLISHER_FORBIDDEN
 */
export async function deprecateExtension(
  ctx: Ctx<AccountActor>,
  input: { id: string; deprecated: boolean; message?: string | undefined; replacedBy?: string | undefined },
): Promise<{ deprecated: boolean }> {
  refuseImpersonation(ctx.actor)
  return inTx(ctx, async (ctx) => {
    const own = await holdOwn(ctx, input.id)
    const now = ctx.deps.clock.now()
    const facts = input.deprecated
      ? {
          deprecatedAt: now,
          deprecationMessage: input.message ?? null,
          replacedBy: input.replacedBy?.toLowerCase() ?? null,
        }
      : { deprecatedAt: null, deprecationMessage: null, replacedBy: null }
    await updateExtension(ctx.db, own.id, { ...facts, updatedAt: now })
    await refreshListing(ctx, own.id)
    await recordExtensionEvent(ctx, {
      publisherId: own.publisherId,
      extensionId: own.id,
      type: input.deprecated ? 'extension.deprecated' : 'extension.undeprecated',
      reason: input.message,
      after: { replacedBy: facts.replacedBy },
    })
    return { deprecated: input.deprecated }
  })
}

/** The packages that are meant, held to the end of the transaction. @throws EXTENSION_NOT_FOUND when one names none */
async function holdPackages(ctx: Ctx, extension: { id: string; extensionId: string }, wanted: Packages[]) {
  const { id, extensionId } = extension
  const statuses = ['published' as const, 'yanked' as const]
  const [only] = wanted
  // Many at once are looked for among all, which are read once.
  const held = await lockVersions(ctx.db, { ...(wanted.length === 1 ? only : {}), extensionId, statuses })
  const byVersion = Map.groupBy(held, (row) => row.version)
  const found = new Set<(typeof held)[number]>()
  for (const { version, targetPlatform } of wanted) {
    const meant = (byVersion.get(version) ?? []).filter(
      (row) => targetPlatform === undefined || row.targetPlatform === targetPlatform,
    )
    if (meant.length === 0) throw new AppError('EXTENSION_NOT_FOUND', { id, version, targetPlatform })
    for (const row of meant) found.add(row)
  }
  return [...found]
}

/** Moves packages from some states to another: all of them, or none. @throws EXTENSION_NOT_FOUND when there are none */
async function moveVersions(
  ctx: Ctx<AccountActor>,
  { id, wanted }: { id: string; wanted: Packages[] },
  change: {
    from: ('published' | 'yanked')[]
    to: 'published' | 'yanked' | 'removed'
    event: string
    reason?: string | undefined
  },
): Promise<{ changed: number }> {
  refuseImpersonation(ctx.actor)
  return inTx(ctx, async (ctx) => {
    const own = await holdOwn(ctx, id)
    const found = await holdPackages(ctx, { id, extensionId: own.id }, wanted)
    const changed = found.filter(({ status }) => change.from.some((from) => from === status))
    await setVersionStatus(
      ctx.db,
      changed.map((row) => row.id),
      { status: change.to, statusReason: change.reason ?? null, statusChangedAt: ctx.deps.clock.now() },
    )
    for (const row of changed) {
      await recordExtensionEvent(ctx, {
        publisherId: own.publisherId,
        extensionId: own.id,
        type: change.event,
        reason: change.reason,
        before: { status: row.status },
        after: { version: row.version, targetPlatform: row.targetPlatform, status: change.to },
      })
    }
    if (changed.length > 0) await refreshListing(ctx, own.id)
    return { changed: changed.length }
  })
}

/**
 * Hides a version from search and lists; whoever asks for exactly it still gets it.
 * @throws EXTENSION_NOT_FOUND PUBLISHER_FORBIDDEN
 */
export const yankVersion = (ctx: Ctx<AccountActor>, { id, reason, ...which }: Which & { reason: string }) =>
  moveVersions(
    ctx,
    { id, wanted: [which] },
    { from: ['published'], to: 'yanked', event: 'version.yanked', reason },
  )

/** Takes a yank back. @throws EXTENSION_NOT_FOUND PUBLISHER_FORBIDDEN */
export const unyankVersion = (ctx: Ctx<AccountActor>, { id, ...which }: Which) =>
  moveVersions(ctx, { id, wanted: [which] }, { from: ['yanked'], to: 'published', event: 'version.unyanked' })

/** Makes a tombstone of a version: it is gone, and cannot be published again. @throws EXTENSION_NOT_FOUND PUBLISHER_FORBIDDEN */
export const removeVersion = (
  ctx: Ctx<AccountActor>,
  { id, reason, ...which }: Which & { reason?: string | undefined },
) => removeVersions(ctx, { identifier: id, versions: [which], reason })

/**
 * Makes tombstones of some versions, or of the whole extension: all of them, or none.
 * @param versions absent: all, and the extension with them
 * @throws EXTENSION_NOT_FOUND PUBLISHER_FORBIDDEN
 */
export async function removeVersions(
  ctx: Ctx<AccountActor>,
  {
    identifier,
    versions,
    reason,
  }: {
    identifier: string
    versions?: Packages[] | undefined
    reason?: string | undefined
  },
): Promise<{ changed: number }> {
  if (!versions) return removeExtension(ctx, { id: identifier, reason })
  return moveVersions(
    ctx,
    { id: identifier, wanted: versions },
    { from: ['published', 'yanked'], to: 'removed', event: 'version.removed', reason },
  )
}

/**
 * Makes a tombstone of an extension with all its versions: its name is never given again. What waited to be published is rejected.
 * @throws EXTENSION_NOT_FOUND PUBLISHER_FORBIDDEN
 */
export async function removeExtension(
  ctx: Ctx<AccountActor>,
  { id, reason }: { id: string; reason?: string | undefined },
): Promise<{ changed: number }> {
  refuseImpersonation(ctx.actor)
  return inTx(ctx, async (ctx) => {
    const own = await holdOwn(ctx, id)
    return { changed: await tombstoneExtension(ctx, own, reason) }
  })
}

/**
 * The same without asking who may: for whoever removes the publisher, in a transaction that holds it.
 * @returns how many packages were removed with it
 */
export async function tombstoneExtension(
  ctx: Ctx,
  { id, publisherId }: { id: string; publisherId: string },
  reason: string | undefined,
): Promise<number> {
  const now = ctx.deps.clock.now()
  const row = await lockExtension(ctx.db, id)
  if (!row || row.status === 'removed') return 0
  const versions = await lockVersions(ctx.db, { extensionId: id, statuses: ['published', 'yanked'] })
  await setVersionStatus(
    ctx.db,
    versions.map((version) => version.id),
    { status: 'removed', statusReason: reason ?? null, statusChangedAt: now },
  )
  await updateExtension(ctx.db, id, {
    status: 'removed',
    removedAt: now,
    removedReason: reason ?? null,
    featuredAt: null,
    updatedAt: now,
  })
  await rejectPending(ctx, { identifier: row.identifier }, 'The extension was removed.')
  await closeExtensionCheckouts(ctx, id)
  await refreshListing(ctx, id)
  await recordExtensionEvent(ctx, {
    publisherId,
    extensionId: id,
    type: 'extension.removed',
    reason,
    before: { status: row.status, versions: versions.length },
  })
  return versions.length
}
