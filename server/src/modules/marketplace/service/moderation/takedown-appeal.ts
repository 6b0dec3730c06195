import { newId } from '@devforge/db'
import { writeAudit } from '../../../../audit.ts'
import type { AccountActor, AdminActor, Ctx } from '../../../../context.ts'
import { AppError } from '../../../../errors.ts'
import { queueMail } from '../../../../mail/outbox.ts'
import { inTx } from '../../../../tx.ts'
import { toPage } from '../../../../wire.ts'
import { refuseImpersonation } from '../../../auth/actor.ts'
import { answerTickets } from '../../../support/service/answer.ts'
import { openTicket } from '../../../support/service/create.ts'
import { lockExtension } from '../../queries/moderation.ts'
import {
  answerTakedownAppeal,
  insertTakedownAppeal,
  lockOwnExtension,
  pageTakedownAppeals,
} from '../../queries/takedown-appeals.ts'
import { recordExtensionEvent } from '../history.ts'
import { contactOf } from '../submissions/mails.ts'

/**
 * A publisher's word against a takedown; a moderator answers it by `restore` or `declineAppeal`.
 * @throws EXTENSION_NOT_FOUND for somebody else's, APPEAL_NOT_POSSIBLE, APPEAL_EXISTS, AUTH_RATE_LIMITED
 */
export async function appealTakedown(
  ctx: Ctx<AccountActor>,
  { id, text }: { id: string; text: string },
): Promise<{ appealId: string; ticketId: string }> {
  refuseImpersonation(ctx.actor)
  const { userId } = ctx.actor
  await ctx.deps.limits.consume([['appeal:account', userId]])
  return inTx(ctx, async (ctx) => {
    const extension = await lockOwnExtension(ctx.db, { identifier: id, userId })
    if (!extension) throw new AppError('EXTENSION_NOT_FOUND', { id })
    if (extension.takenDownAt === null)
      throw new AppError('APPEAL_NOT_POSSIBLE', { status: extension.status })
    const now = ctx.deps.clock.now()
    const ticketId = newId('tkt')
    const appeal = await insertTakedownAppeal(ctx.db, {
      extensionId: extension.id,
      userId,
      text,
      ticketId,
      now,
    })
    if (!appeal) throw new AppError('APPEAL_EXISTS')
    await openTicket(ctx, {
      id: ticketId,
      requesterId: userId,
      subject: `Appeal: ${id.toLowerCase()}`,
      body: text,
      category: 'extension',
      source: 'api',
      links: [{ kind: 'extension', targetId: id.toLowerCase() }],
    })
    return { appealId: appeal.id, ticketId }
  })
}

export interface AppealsInput {
  status?: 'open' | 'granted' | 'declined' | undefined
  cursor?: string | undefined
  limit: number
}

/** Appeals of takedowns for moderators, newest first. */
export async function listTakedownAppeals(ctx: Ctx<AdminActor>, input: AppealsInput) {
  return toPage(await pageTakedownAppeals(ctx.db, input), input.limit, (row) => ({
    id: row.appeal.id,
    extension: row.extension,
    text: row.appeal.text,
    status: row.appeal.status,
    answer: row.appeal.answer,
    takenDownAt: row.takenDownAt,
    takedownReason: row.reason,
    createdAt: row.appeal.createdAt,
    decidedAt: row.appeal.decidedAt,
  }))
}

/** Leaves a takedown as it is and tells who appealed. @throws EXTENSION_NOT_FOUND, APPEAL_NOT_POSSIBLE when none is open */
export async function declineAppeal(ctx: Ctx<AdminActor>, { id, reason }: { id: string; reason: string }) {
  return inTx(ctx, async (ctx) => {
    const extension = await lockExtension(ctx.db, id)
    if (!extension) throw new AppError('EXTENSION_NOT_FOUND', { id })
    const { id: extensionId, publisherId, identifier } = extension
    const appeal = await answerTakedownAppeal(ctx.db, {
      extensionId,
      status: 'declined',
      answer: reason,
      decidedBy: ctx.actor.userId,
      now: ctx.deps.clock.now(),
    })
    if (!appeal) throw new AppError('APPEAL_NOT_POSSIBLE', { status: extension.status })
    await recordExtensionEvent(ctx, {
      publisherId,
      extensionId,
      type: 'extension.appeal_declined',
      reason,
      cause: appeal.id,
    })
    await writeAudit(ctx, { action: 'marketplace.appeal_declined', subject: appeal.id, reason })
    const contact = await contactOf(ctx, appeal.userId)
    if (contact) {
      await queueMail(ctx, {
        dedupeKey: `appeal-declined:${appeal.id}`,
        to: contact.email,
        template: 'appeal-declined',
        data: { name: contact.name, extension: identifier, answer: reason },
      })
    }
    await answerTickets(ctx, [{ ticketId: appeal.ticketId, body: reason }])
    return { id: appeal.id, extension: identifier, status: appeal.status }
  })
}
