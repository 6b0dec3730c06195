import type { Ctx } from '../../../../context.ts'
import { AppError } from '../../../../errors.ts'
import { queueMail } from '../../../../mail/outbox.ts'
import { findContact } from '../../../users/contact.ts'
import type { TicketRow } from '../../queries/tickets.ts'

export interface MailedPromise {
  metric: 'first_response' | 'next_response' | 'resolution'
  cycle: number
  dueAt: Date
}

const PROMISES: { [M in MailedPromise['metric']]: string } = {
  first_response: 'first response',
  next_response: 'next response',
  resolution: 'resolution',
}

/**
 * Tells whoever works on a ticket that a promise is about to be broken, or is; once for each. Tickets that nobody has are for the queue to
 * show. The mail says which ticket, not what it is about: customers' words stay in the desk.
 */
export async function mailAssignee(
  ctx: Ctx,
  ticket: TicketRow,
  template: 'sla-warning' | 'sla-breached',
  { metric, cycle, dueAt }: MailedPromise,
): Promise<void> {
  if (ticket.assigneeId === null) return
  const contact = await contactOf(ctx, ticket.assigneeId)
  if (!contact) return
  await queueMail(ctx, {
    dedupeKey: `${template}:${ticket.id}:${metric}:${cycle}`,
    to: contact.email,
    template,
    data: {
      name: contact.name,
      ticket: `#${ticket.number}`,
      promise: PROMISES[metric],
      dueAt: `${dueAt.toISOString().slice(0, 16).replace('T', ' ')} UTC`,
    },
  })
}

/** Somebody who left is told nothing; their tickets go to others. */
async function contactOf(ctx: Ctx, userId: string) {
  try {
    return await findContact(ctx.db, userId)
  } catch (error) {
    if (error instanceof AppError && error.code === 'NOT_FOUND') return undefined
    throw error
  }
}
