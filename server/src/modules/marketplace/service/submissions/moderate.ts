import { writeAudit } from '../../../../audit.ts'
import type { AdminActor, Ctx } from '../../../../context.ts'
import { AppError, notFound } from '../../../../errors.ts'
import { queueMail } from '../../../../mail/outbox.ts'
import { inTx, violatedConstraint } from '../../../../tx.ts'
import { toPage } from '../../../../wire.ts'
import { answerTickets } from '../../../support/service/answer.ts'
import { type AppealRow, answerSubmissionAppeal, findOpenAppeal } from '../../queries/appeals.ts'
import { listQueue } from '../../queries/moderation-queue.ts'
import { findOpenSubmission, lockSubmission, type SubmissionRow } from '../../queries/submissions.ts'
import { contactOf, mailOutcome } from './mails.ts'
import { presentSubmission, type Submission } from './present.ts'
import { moveTo } from './state.ts'

/** What waits for a moderator, oldest first, with findings, difference and appeal. */
export async function moderationQueue(
  ctx: Ctx<AdminActor>,
  input: { which: 'held' | 'appealed' | 'scan_failed'; cursor?: string | undefined; limit: number },
) {
  const rows = await listQueue(ctx.db, input)
  return toPage(rows, input.limit, ({ userId, publisher, installs, appeal, ...row }) => ({
    ...presentSubmission(row),
    submittedBy: userId,
    publisher,
    installs,
    appeal,
  }))
}

/**
 * Approves what waits for a moderator, or what was rejected and appealed; a job publishes it. An open appeal is granted by it.
 * A package that was never scanned to the end is scanned now instead, and decided then: nobody publishes unseen bytes.
 * @throws NOT_FOUND SUBMISSION_NOT_PENDING VERSION_EXISTS CONFLICT
 */
export async function approveSubmission(
  ctx: Ctx<AdminActor>,
  { submissionId, reason }: { submissionId: string; reason?: string | undefined },
): Promise<Submission> {
  try {
    return await inTx(ctx, async (ctx) => {
      const row = await pending(ctx, submissionId)
      return presentSubmission(await approve(ctx, row, reason ?? 'Approved.'))
    })
  } catch (error) {
    // The same version was submitted anew, or brought back, in this very moment.
    if (violatedConstraint(error) === 'submissions_open_key') throw new AppError('CONFLICT')
    throw error
  }
}

/** The same from the answer to an appeal, within the caller's transaction. */
export async function reopenSubmission(
  ctx: Ctx<AdminActor>,
  submissionId: string,
  { reason }: { reason: string },
): Promise<void> {
  await approve(ctx, await pending(ctx, submissionId), reason)
}

async function approve(ctx: Ctx<AdminActor>, row: SubmissionRow, reason: string): Promise<SubmissionRow> {
  const now = ctx.deps.clock.now()
  // While it was rejected, the same version may have been submitted anew.
  const other = row.status === 'rejected' ? await findOpenSubmission(ctx.db, row) : undefined
  if (other) {
    const { identifier: extension, version, targetPlatform } = row
    throw new AppError('VERSION_EXISTS', { extension, version, targetPlatform })
  }
  const moved = await moveTo(ctx, row.id, row.scannedAt === null ? 'received' : 'approved', {
    decidedBy: ctx.actor.userId,
    decidedAt: now,
    claimedAt: null,
  })
  const appeal = await answerAppeal(ctx, row, { status: 'granted', answer: reason })
  await audit(ctx, 'submission.approved', row, reason)
  await ctx.deps.jobs.enqueue(ctx.db, 'marketplace.process', { submissionId: row.id })
  if (appeal) await answerTickets(ctx, [{ ticketId: appeal.ticketId, body: reason }])
  return moved
}

/**
 * Rejects what has not been published; an open appeal is declined by it.
 * @throws NOT_FOUND SUBMISSION_NOT_PENDING
 */
export async function rejectSubmission(
  ctx: Ctx<AdminActor>,
  { submissionId, reason }: { submissionId: string; reason: string },
): Promise<Submission> {
  return inTx(ctx, async (ctx) => {
    const row = await pending(ctx, submissionId)
    const moved = await moveTo(ctx, row.id, 'rejected', {
      reason,
      decidedBy: ctx.actor.userId,
      decidedAt: ctx.deps.clock.now(),
      claimedAt: null,
    })
    const appeal = await answerAppeal(ctx, row, { status: 'declined', answer: reason })
    if (appeal) await mailDeclined(ctx, row, appeal)
    else await mailOutcome(ctx, moved)
    await audit(ctx, 'submission.rejected', row, reason)
    if (appeal) await answerTickets(ctx, [{ ticketId: appeal.ticketId, body: reason }])
    return presentSubmission(moved)
  })
}

/** A submission that a moderator may decide, held: one that waits, or that was rejected and appealed. */
async function pending(ctx: Ctx, submissionId: string): Promise<SubmissionRow> {
  const row = await lockSubmission(ctx.db, submissionId)
  if (!row) throw notFound('submission', submissionId)
  const isPending =
    row.status === 'needs_review' ||
    row.status === 'scan_failed' ||
    (row.status === 'rejected' && (await findOpenAppeal(ctx.db, submissionId)) !== undefined)
  if (!isPending) throw new AppError('SUBMISSION_NOT_PENDING', { status: row.status })
  return row
}

const answerAppeal = (
  ctx: Ctx<AdminActor>,
  { id }: SubmissionRow,
  answer: { status: 'granted' | 'declined'; answer: string },
): Promise<AppealRow | undefined> =>
  answerSubmissionAppeal(ctx.db, {
    submissionId: id,
    ...answer,
    decidedBy: ctx.actor.userId,
    now: ctx.deps.clock.now(),
  })

async function mailDeclined(ctx: Ctx, row: SubmissionRow, appeal: AppealRow): Promise<void> {
  const contact = await contactOf(ctx, appeal.userId)
  if (!contact) return
  await queueMail(ctx, {
    dedupeKey: `appeal-declined:${appeal.id}`,
    to: contact.email,
    template: 'appeal-declined',
    data: { name: contact.name, extension: `${row.identifier} ${row.version}`, answer: appeal.answer ?? '' },
  })
}

const audit = (ctx: Ctx, action: string, row: SubmissionRow, reason: string): Promise<void> =>
  writeAudit(ctx, {
    action,
    subject: row.id,
    reason,
    before: { status: row.status },
    after: { extension: row.identifier, version: row.version },
  })
