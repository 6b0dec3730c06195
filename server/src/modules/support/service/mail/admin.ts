import { writeAudit } from '../../../../audit.ts'
import type { AdminActor, Ctx } from '../../../../context.ts'
import { AppError, notFound } from '../../../../errors.ts'
import { inTx } from '../../../../tx.ts'
import { toPage } from '../../../../wire.ts'
import {
  type InboundMailRow,
  lockInboundMail,
  pageInboundMails,
  updateInboundMail,
} from '../../queries/mails.ts'

const present = ({ id, status, reason, ticketId, sizeBytes, attempts, createdAt }: InboundMailRow) => ({
  id,
  status,
  reason,
  ticketId,
  sizeBytes,
  attempts,
  createdAt,
})

/** Mails that came in, newest first: those that are parked wait for somebody to look. */
export async function listInboundMails(
  ctx: Ctx<AdminActor>,
  input: { status?: InboundMailRow['status'] | undefined; cursor?: string | undefined; limit: number },
) {
  return toPage(await pageInboundMails(ctx.db, input), input.limit, present)
}

/** Reads a parked mail again. @throws NOT_FOUND, CONFLICT (it is not parked) */
export async function retryInboundMail(ctx: Ctx<AdminActor>, { id }: { id: string }) {
  return inTx(ctx, async (ctx) => {
    const mail = await lockInboundMail(ctx.db, id)
    if (!mail) throw notFound('mail', id)
    if (mail.status !== 'parked') throw new AppError('CONFLICT')
    const patch = { status: 'received' as const, reason: null, attempts: 0, updatedAt: ctx.deps.clock.now() }
    await updateInboundMail(ctx.db, id, patch)
    await writeAudit(ctx, { action: 'mail.retry', subject: id, before: { reason: mail.reason } })
    await ctx.deps.jobs.enqueue(ctx.db, 'support.mail', { mailId: id })
    return present({ ...mail, ...patch })
  })
}
