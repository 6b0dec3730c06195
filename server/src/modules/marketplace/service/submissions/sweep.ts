import { addMs, DAY } from '../../../../clock.ts'
import type { Ctx } from '../../../../context.ts'
import { type SweepData, sweptBefore } from '../../../../jobs/types.ts'
import { listLeftovers, listWaiting } from '../../queries/claims.ts'
import { findSubmissionIds, type SubmissionRow } from '../../queries/submissions.ts'
import { APPEAL_MS } from './appeal.ts'
import { attempt } from './attempt.ts'
import { staleBefore } from './claim.ts'
import { removeLeftovers } from './publish.ts'
import { sweepRemovedFiles } from './removed-files.ts'

/** Takes up what lost its job or its worker, and scans that failed a while ago. */
export async function sweepSubmissions(ctx: Ctx, sweep: SweepData): Promise<void> {
  const ids = await listWaiting(ctx.db, {
    before: sweptBefore(ctx, sweep),
    now: ctx.deps.clock.now(),
    staleBefore: staleBefore(ctx),
    all: sweep.all ?? false,
  })
  for (const submissionId of ids) {
    await ctx.deps.jobs.enqueue(
      ctx.db,
      'marketplace.process',
      { submissionId },
      { singletonKey: submissionId },
    )
  }
}

/** No upload takes that long. */
const UPLOAD_AGE_MS = DAY
const BATCH = 200

/**
 * Deletes files that nobody needs: uploads that never became a submission, those of submissions that are published or were
 * rejected long ago, what refused publishings left, and what was removed a while ago. For uploads it looks only where packages arrive, and at prefixes that no version in the
 * catalog points to: what is published cannot be met.
 */
export async function sweepFiles(ctx: Ctx): Promise<void> {
  const { files, clock } = ctx.deps
  const uploadsBefore = addMs(clock.now(), -UPLOAD_AGE_MS)
  let deleted = await files.sweepPartial(uploadsBefore)
  let batch: string[] = []
  for await (const { key, modifiedAt } of files.list('incoming')) {
    if (modifiedAt < uploadsBefore) batch.push(key)
    if (batch.length < BATCH) continue
    deleted += await deleteUnneeded(ctx, batch)
    batch = []
  }
  deleted += await deleteUnneeded(ctx, batch)
  for (const { id } of await listLeftovers(ctx.db)) await attempt(ctx, id, () => removeLeftovers(ctx, id))
  if (deleted > 0) ctx.log.info({ deleted }, 'orphaned uploads deleted')
  await sweepRemovedFiles(ctx)
}

async function deleteUnneeded(ctx: Ctx, keys: string[]): Promise<number> {
  const idOf = (key: string): string => key.slice('incoming/'.length).replace(/\.vsix$/, '')
  const rows = await findSubmissionIds(ctx.db, keys.map(idOf))
  const known = new Map(rows.map((row) => [row.id, row]))
  const appealedBefore = addMs(ctx.deps.clock.now(), -APPEAL_MS)
  let deleted = 0
  for (const key of keys) {
    if (isNeeded(known.get(idOf(key)), appealedBefore)) continue
    if (await attempt(ctx, key, () => ctx.deps.files.delete(key))) deleted++
  }
  return deleted
}

function isNeeded(
  row: (Pick<SubmissionRow, 'status' | 'updatedAt'> & { isAppealed: boolean }) | undefined,
  appealedBefore: Date,
): boolean {
  if (!row || row.status === 'published') return false
  return row.status !== 'rejected' || row.isAppealed || row.updatedAt >= appealedBefore
}
