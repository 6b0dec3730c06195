import { newId } from '@devforge/db'
import { addMs, DAY } from '../../../../clock.ts'
import type { AccountActor, Ctx } from '../../../../context.ts'
import { AppError, notFound } from '../../../../errors.ts'
import { inTx } from '../../../../tx.ts'
import { refuseImpersonation } from '../../../auth/actor.ts'
import { openTicket } from '../../../support/service/create.ts'
import { insertSubmissionAppeal } from '../../queries/appeals.ts'
import { findOwnSubmission, lockSubmission } from '../../queries/submissions.ts'

/** How long after a rejection it can be appealed, and its package is kept; while an appeal is open, it stays. */
export const APPEAL_MS = 30 * DAY

/**
 * An author's word against a rejection, in a ticket of its own; a moderator answers it by approving, or by rejecting again.
 * @throws NOT_FOUND APPEAL_NOT_POSSIBLE APPEAL_EXISTS
 */
export async function appealSubmission(
  ctx: Ctx<AccountActor>,
  { id, text }: { id: string; text: string },
): Promise<{ appealId: string; ticketId: string }> {
  refuseImpersonation(ctx.actor)
  const { userId } = ctx.actor
  return inTx(ctx, async (ctx) => {
    if (!(await findOwnSubmission(ctx.db, { id, userId }))) throw notFound('submission', id)
    const row = await lockSubmission(ctx.db, id)
    if (row?.status !== 'rejected') {
      throw new AppError('APPEAL_NOT_POSSIBLE', { status: row?.status ?? 'unknown' })
    }
    const now = ctx.deps.clock.now()
    // Its bytes may be gone, or go any moment.
    if (row.updatedAt < addMs(now, -APPEAL_MS))
      throw new AppError('APPEAL_NOT_POSSIBLE', { status: 'expired' })
    const ticketId = newId('tkt')
    const appeal = await insertSubmissionAppeal(ctx.db, { submissionId: id, userId, text, ticketId, now })
    if (!appeal) throw new AppError('APPEAL_EXISTS')
    const { identifier, version } = row
    await openTicket(ctx, {
      id: ticketId,
      requesterId: userId,
      subject: `Appeal: ${identifier} ${version}`,
      body: text,
      category: 'extension',
      source: 'api',
      links: [{ kind: 'extension', targetId: identifier, targetVersion: version }],
    })
    return { appealId: appeal.id, ticketId }
  })
}
