import { addMs, DAY } from '../../../../clock.ts'
import type { Ctx } from '../../../../context.ts'
import { inTx } from '../../../../tx.ts'
import { listFinalTakedowns, listRemovedFiles, noteFilesDeleted } from '../../queries/removed-files.ts'
import { lockExtension, lockVersions, setVersionStatus } from '../../queries/versions.ts'
import { recordExtensionEvent } from '../history.ts'
import { attempt } from './attempt.ts'

/** What an author removed by mistake cannot come back, but somebody may have to look into it. */
const REMOVED_KEPT_MS = 30 * DAY
/** For so long a takedown can be undone with all its versions; then these are tombstones, too, and their files go a while later. */
const TAKEDOWN_FINAL_MS = 150 * DAY
/** What one run leaves the next takes, an hour later: no job takes a minute. */
const BATCH = 200

/**
 * Deletes the files of versions that were removed a month ago, and makes takedowns of half a year ago final; one whose appeal is open waits
 * for its answer. Rows stay as tombstones, so that no version is given again.
 */
export async function sweepRemovedFiles(ctx: Ctx): Promise<void> {
  const now = ctx.deps.clock.now()
  const takenDownBefore = addMs(now, -TAKEDOWN_FINAL_MS)
  for (const id of await listFinalTakedowns(ctx.db, { takenDownBefore, limit: BATCH })) {
    await attempt(ctx, id, () => finishTakedown(ctx, id, takenDownBefore))
  }
  const removedBefore = addMs(now, -REMOVED_KEPT_MS)
  const rows = await listRemovedFiles(ctx.db, { removedBefore, takenDownBefore, limit: BATCH })
  for (const row of rows) await attempt(ctx, row.versionId, () => deleteFiles(ctx, row))
}

async function finishTakedown(ctx: Ctx, id: string, takenDownBefore: Date): Promise<void> {
  await inTx(ctx, async (ctx) => {
    const extension = await lockExtension(ctx.db, id)
    // It may have been restored a moment ago.
    if (!extension?.takenDownAt || extension.takenDownAt >= takenDownBefore) return
    const versions = await lockVersions(ctx.db, { extensionId: id, statuses: ['published', 'yanked'] })
    await setVersionStatus(
      ctx.db,
      versions.map((version) => version.id),
      {
        status: 'removed',
        statusReason: extension.removedReason,
        statusChangedAt: ctx.deps.clock.now(),
      },
    )
    await recordExtensionEvent(ctx, {
      publisherId: extension.publisherId,
      extensionId: id,
      type: 'extension.takedown_final',
      before: { versions: versions.length },
    })
  })
}

/** The files first: a crash between the two does it again. */
async function deleteFiles(
  ctx: Ctx,
  row: Awaited<ReturnType<typeof listRemovedFiles>>[number],
): Promise<void> {
  await ctx.deps.files.deleteAll(row.storagePrefix)
  await inTx(ctx, async (ctx) => {
    if (!(await noteFilesDeleted(ctx.db, row.versionId, ctx.deps.clock.now()))) return
    await recordExtensionEvent(ctx, {
      publisherId: row.publisherId,
      extensionId: row.extensionId,
      type: 'version.files_deleted',
      after: { version: row.version, targetPlatform: row.targetPlatform },
    })
  })
}
