import type { Ctx } from '../../../../context.ts'
import { AppError } from '../../../../errors.ts'
import { queueMail } from '../../../../mail/outbox.ts'
import { findContact } from '../../../users/contact.ts'
import { peopleOfQueue } from '../../queries/staff.ts'
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

const spelled = (dueAt: Date): string => `${dueAt.toISOString().slice(0, 16).replace('T', ' ')} UTC`

/**
 * Tells whoever works on a ticket that a promise is about to be broken, or is; once for each. Of tickets that nobody has, only that a
 * promise was broken is told, to those who could take them. The mail says which ticket, not what it is about: customers' words stay in the desk.
 */
export async function mailAssignee(
  ctx: Ctx,
  ticket: TicketRow,
  template: 'sla-warning' | 'sla-breached',
  { metric, cycle, dueAt }: MailedPromise,
): Promise<void> {
  if (ticket.assigneeId === null) {
    if (template === 'sla-breached') await mailQueue(ctx, ticket, { metric, dueAt })
    return
  }
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
      dueAt: spelled(dueAt),
    },
  })
}

/** People who are told that tickets are late which nobody has. */
const TOLD_PEOPLE = 5

/** Once an hour and queue, however many are late: a night without anybody must not end in a thousand mails. */
async function mailQueue(
  ctx: Ctx,
  ticket: TicketRow,
  { metric, dueAt }: Pick<MailedPromise, 'metric' | 'dueAt'>,
): Promise<void> {
  const now = ctx.deps.clock.now()
  const { queue, people } = await peopleOfQueue(ctx.db, { queueId: ticket.queueId, now, limit: TOLD_PEOPLE })
  const hour = now.toISOString().slice(0, 13)
  for (const { id, name, email } of people) {
    await queueMail(ctx, {
      dedupeKey: `sla-unassigned:${ticket.queueId}:${hour}:${id}`,
      to: email,
      template: 'sla-unassigned',
      data: { name, queue, ticket: `#${ticket.number}`, promise: PROMISES[metric], dueAt: spelled(dueAt) },
    })
  }
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
