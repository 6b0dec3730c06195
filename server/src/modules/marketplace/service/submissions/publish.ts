import type { Ctx } from '../../../../context.ts'
import { AppError } from '../../../../errors.ts'
import { FileMissing } from '../../../../files/keys.ts'
import { inTx } from '../../../../tx.ts'
import { skeletonOf } from '../../lookalikes/skeleton.ts'
import { lockClaimed } from '../../queries/claims.ts'
import {
  findSubmission,
  forgetPrefix,
  type SubmissionRow,
  updateSubmission,
} from '../../queries/submissions.ts'
import { ensureExtension, insertVersion, isPrefixUsed, lockExtension } from '../../queries/versions.ts'
import { versionOrder } from '../../vsix/versions.ts'
import { recordExtensionEvent } from '../history.ts'
import { refreshListing } from '../listing.ts'
import { holdPublisher } from '../publishers.ts'
import { claim, whileClaimed } from './claim.ts'
import { mailOutcome } from './mails.ts'
import { type StoredPackage, storePackage } from './package-files.ts'
import { moveTo } from './state.ts'

/** Why something that was approved cannot be published after all; for its author. */
class NotPublishable extends Error {}

/**
 * Publishes a submission that is approved; nothing to do for any other. First the files, under a prefix that is this submission's
 * alone, then all rows in one transaction, which holds the publisher: one that is removed meanwhile has nothing published.
 * After a crash between the two it is simply done again.
 */
export async function publishSubmission(ctx: Ctx, submissionId: string): Promise<void> {
  const claimed = await claim(ctx, submissionId, { from: ['approved'], to: 'approved' })
  if (!claimed) return
  await whileClaimed(ctx, claimed, async () => {
    try {
      // Before it is forgotten: what an earlier try left that did not come to its end.
      await removeUnused(ctx, claimed.publishPrefix)
      const prepared = await prepare(ctx, claimed)
      if (!prepared) return
      const { extensionId, prefix } = prepared
      const stored = await storePackage(ctx, claimed, prefix)
      const isPublished = await publishRows(ctx, claimed, { extensionId, prefix, stored })
      if (isPublished) await tidy(ctx, claimed.storageKey)
      // Overtaken: the other one has files of its own.
      else await removeUnused(ctx, prefix)
    } catch (error) {
      const reason = refusalOf(error)
      if (reason === null) throw error
      await refuse(ctx, claimed, reason)
    }
  })
}

/** Null for what may pass: then it is tried again. */
function refusalOf(error: unknown): string | null {
  if (error instanceof NotPublishable) return error.message
  if (error instanceof FileMissing) return 'The upload was lost on our side. Submit the package again.'
  if (error instanceof AppError && error.code === 'PUBLISHER_FORBIDDEN') return 'The publisher was removed.'
  return null
}

/**
 * The extension, still hidden when it is new, and where the files will go; both known before the first file is written.
 * @returns null when somebody else took the submission over: what is noted of files is theirs
 */
async function prepare(
  ctx: Ctx,
  row: SubmissionRow,
): Promise<{ extensionId: string; prefix: string } | null> {
  return inTx(ctx, async (ctx) => {
    const publisher = await holdPublisher(ctx, row.publisherId)
    const spelled = typeof row.manifest.name === 'string' ? row.manifest.name : row.identifier
    const now = ctx.deps.clock.now()
    const extension = await ensureExtension(ctx.db, {
      publisherId: publisher.id,
      name: spelled,
      identifier: row.identifier,
      displayName: spelled,
      nameSkeleton: skeletonOf(spelled),
      displayNameSkeleton: skeletonOf(spelled),
      createdAt: now,
      updatedAt: now,
    })
    if (extension.status === 'removed')
      throw new NotPublishable('The extension was removed; its name is not given again.')
    if (!(await lockClaimed(ctx.db, { id: row.id, attempt: row.attempts, status: 'approved' }))) return null
    const place = ['extensions', extension.id, safe(row.version), safe(row.targetPlatform)].join('/')
    // Apart from every other try, of this submission or another one: what one leaves behind is removed without a look at the others.
    const prefix = `${place}/${row.id}-${row.attempts}`
    await updateSubmission(ctx.db, row.id, { extensionId: extension.id, publishPrefix: prefix })
    return { extensionId: extension.id, prefix }
  })
}

/** Versions may hold a plus sign, which keys may not. */
const safe = (part: string): string => part.replaceAll(/[^A-Za-z0-9._-]/g, '_')

/** @returns false when somebody else took the submission over */
async function publishRows(
  ctx: Ctx,
  claimed: SubmissionRow,
  { extensionId, prefix, stored }: { extensionId: string; prefix: string; stored: StoredPackage },
): Promise<boolean> {
  return inTx(ctx, async (ctx) => {
    // Publisher, extension, submission: everybody locks in this order.
    await holdPublisher(ctx, claimed.publisherId)
    const extension = await lockExtension(ctx.db, extensionId)
    if (!extension || extension.status === 'removed') {
      throw new NotPublishable('The extension was removed; its name is not given again.')
    }
    const row = await lockClaimed(ctx.db, { id: claimed.id, attempt: claimed.attempts, status: 'approved' })
    if (!row) return false
    const now = ctx.deps.clock.now()
    const { version, targetPlatform, preRelease, sha256, sizeBytes, userId } = row
    const { name: _, ...facts } = stored
    const versionId = await insertVersion(ctx.db, {
      ...facts,
      extensionId,
      version,
      versionOrder: versionOrder(version),
      targetPlatform,
      preRelease,
      sha256,
      sizeBytes,
      storagePrefix: prefix,
      submissionId: row.id,
      publishedBy: userId,
      publishedAt: now,
    })
    if (versionId === undefined) throw new NotPublishable('This version is already published.')
    await refreshListing(ctx, extensionId)
    await recordExtensionEvent(ctx, {
      publisherId: row.publisherId,
      extensionId,
      type: 'version.published',
      cause: row.id,
      after: { version, targetPlatform, preRelease, sha256: sha256.toString('hex') },
    })
    const published = await moveTo(ctx, row.id, 'published', {
      claimedAt: null,
      publishedVersionId: versionId,
    })
    await mailOutcome(ctx, published)
    return true
  })
}

/** Refuses what cannot be published any more, and takes its files away. */
async function refuse(ctx: Ctx, claimed: SubmissionRow, reason: string): Promise<void> {
  await inTx(ctx, async (ctx) => {
    const row = await lockClaimed(ctx.db, { id: claimed.id, attempt: claimed.attempts, status: 'approved' })
    if (row) await mailOutcome(ctx, await moveTo(ctx, row.id, 'rejected', { reason, claimedAt: null }))
  })
  await removeLeftovers(ctx, claimed.id)
}

/**
 * Deletes the files of a publishing that was refused. Each try to publish has a prefix of its own, so that this can never meet a
 * later one; and what a version in the catalog points to is not touched, whatever the submission's row says.
 */
export async function removeLeftovers(ctx: Ctx, submissionId: string): Promise<void> {
  const row = await findSubmission(ctx.db, submissionId)
  if (row?.status !== 'rejected' || row.publishPrefix === null) return
  await removeUnused(ctx, row.publishPrefix)
  await forgetPrefix(ctx.db, { id: submissionId, publishPrefix: row.publishPrefix })
}

async function removeUnused(ctx: Ctx, prefix: string | null): Promise<void> {
  if (prefix !== null && !(await isPrefixUsed(ctx.db, prefix))) await ctx.deps.files.deleteAll(prefix)
}

async function tidy(ctx: Ctx, storageKey: string): Promise<void> {
  try {
    await ctx.deps.files.delete(storageKey)
  } catch (error) {
    ctx.log.warn({ err: error, storageKey }, 'upload of a published package not deleted; the sweep will')
  }
}
