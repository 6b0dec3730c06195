import { actorLabel, type Ctx } from '../../../../context.ts'
import { notify, submissionTopic } from '../../../../realtime/notify.ts'
import {
  insertSubmissionEvent,
  type SubmissionRow,
  type SubmissionStatus,
  updateSubmission,
} from '../../queries/submissions.ts'

/** Writes down the state a submission is in, and tells whoever watches. In the transaction that changed the row, and so under its lock. */
export async function recordState(
  ctx: Ctx,
  id: string,
  { status, reason = null }: { status: SubmissionStatus; reason?: string | null },
): Promise<void> {
  await insertSubmissionEvent(ctx.db, {
    submissionId: id,
    status,
    reason,
    actor: actorLabel(ctx.actor),
    at: ctx.deps.clock.now(),
  })
  await notify(ctx.db, submissionTopic(id))
}

/** Moves a submission, whose row the caller's transaction holds, to another state. */
export async function moveTo(
  ctx: Ctx,
  id: string,
  status: SubmissionStatus,
  values: Partial<Omit<SubmissionRow, 'id' | 'status'>> = {},
): Promise<SubmissionRow> {
  const row = await updateSubmission(ctx.db, id, {
    reason: null,
    ...values,
    status,
    updatedAt: ctx.deps.clock.now(),
  })
  if (!row) throw new Error(`submission ${id} is gone`)
  await recordState(ctx, id, { status, reason: row.reason })
  return row
}
