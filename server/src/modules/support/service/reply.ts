import type { Ctx, SessionActor } from '../../../context.ts'
import { AppError } from '../../../errors.ts'
import { inTx } from '../../../tx.ts'
import { refuseImpersonation } from '../../auth/actor.ts'
import { tookExactly } from '../queries/attachments.ts'
import { mergeChain, wasWrittenTo } from '../queries/merge.ts'
import { type AuthoredMessage, findMessage, findMessageByKey, type MessageRow } from '../queries/messages.ts'
import { findTicket, type TicketRow } from '../queries/tickets.ts'
import { openTicket } from './create.ts'
import { isOver, moveTicket } from './move.ts'
import { messageEvent, postMessage } from './post.ts'
import { presentMessage, presentTicket } from './present.ts'
import { holdTicket, saveTicket } from './save.ts'
import { moverOf, scopeOf } from './viewer.ts'

export interface ReplyInput {
  id: string
  body: string
  source: 'editor' | 'web' | 'api'
  /** Agents only. */
  status?: 'open' | 'pending' | 'solved' | undefined
  version?: number | undefined
  attachmentIds?: string[] | undefined
  idempotencyKey?: string | undefined
}

interface Replied {
  ticket: TicketRow
  message: AuthoredMessage
  isFollowUp: boolean
}

/**
 * Answers a ticket, as its customer or as an agent. A customer's answer opens it again; to a ticket that is over it opens another one,
 * linked to it. What is said to a merged ticket is said where that goes on. The same key again is the same answer.
 * @throws NOT_FOUND (also an attachment), TICKET_CLOSED (agents), TICKET_CONFLICT, TICKET_TRANSITION_INVALID, IDEMPOTENCY_CONFLICT, AUTH_RATE_LIMITED
 */
export async function reply(ctx: Ctx<SessionActor>, input: ReplyInput) {
  refuseImpersonation(ctx.actor)
  if (ctx.actor.type === 'user') await ctx.deps.limits.consume([['ticket-reply:account', ctx.actor.userId]])
  const { ticket, message, isFollowUp } = await writeWhereItGoesOn(ctx, input)
  return { ticket: presentTicket(ticket), message: presentMessage(message), isFollowUp }
}

/**
 * What is said to a merged ticket is said in the last one of those that it goes on in; also when that is merged in this moment. Begun anew
 * there, since locks are taken in the order of ids.
 */
async function writeWhereItGoesOn(ctx: Ctx<SessionActor>, input: ReplyInput): Promise<Replied> {
  for (let chain = [input.id]; ; ) {
    const replied = await inTx(ctx, (ctx) => write(ctx, input, chain))
    if (replied) return replied
    chain = await mergeChain(ctx.db, { id: input.id, ...scopeOf(ctx.actor) })
  }
}

/**
 * @param chain the ticket that was asked for, and those that it goes on in
 * @returns undefined when the last one was merged away meanwhile
 */
async function write(
  ctx: Ctx<SessionActor>,
  input: ReplyInput,
  chain: string[],
): Promise<Replied | undefined> {
  const { userId } = ctx.actor
  const scope = scopeOf(ctx.actor)
  // On one connection: what the key did is asked for once the ticket is held, in one go with that.
  const [ticket, said] = await Promise.all([
    holdTicket(ctx, { id: chain.at(-1) ?? input.id, ...scope }),
    input.idempotencyKey === undefined
      ? undefined
      : findMessageByKey(ctx.db, { authorId: userId, idempotencyKey: input.idempotencyKey }),
  ])
  if (ticket.mergedIntoId !== null) return undefined
  const who = moverOf(ctx.actor, ticket)
  if (input.status !== undefined && who === 'customer') throw new AppError('FORBIDDEN', { need: 'agent' })
  // Before all rules: what was done already stays done, whatever became of the ticket since.
  if (said) return repeated(ctx, input, chain, said)
  if (input.version !== undefined && (ticket.id !== input.id || input.version !== ticket.version))
    throw new AppError('TICKET_CONFLICT', { id: ticket.id, version: ticket.version })
  if (who === 'customer' && isOver(ticket, ctx.deps.clock.now())) return followUp(ctx, ticket, input)
  if (ticket.status === 'closed') throw new AppError('TICKET_CLOSED', { id: ticket.id })
  const posted = await postMessage(ctx, ticket, {
    kind: 'message',
    authorType: who === 'customer' ? 'customer' : 'agent',
    authorId: userId,
    body: input.body,
    source: input.source,
    attachmentIds: input.attachmentIds,
    idempotencyKey: input.idempotencyKey,
  })
  // Used for another ticket in this moment, whose lock is not ours.
  if (!posted) throw new AppError('IDEMPOTENCY_CONFLICT')
  const answered: TicketRow = { ...ticket, ...posted.patch }
  const moved =
    input.status === undefined || input.status === answered.status
      ? {}
      : moveTicket(answered, { to: input.status, who, by: 'decision', userId }, ctx.deps.clock.now())
  // On one connection: read while it is written, not after it.
  const [saved, message] = await Promise.all([
    saveTicket(ctx, ticket, { ...posted.patch, ...moved }, [messageEvent(posted.message)]),
    authored(ctx, posted.message),
  ])
  return { ticket: saved, message, isFollowUp: false }
}

/** A message with who wrote it and its files. */
async function authored(ctx: Ctx, message: MessageRow): Promise<AuthoredMessage> {
  return (await findMessage(ctx.db, message.id)) ?? { message, authorName: null, attachments: [] }
}

/** What the same key did before, by the message that it has. @throws IDEMPOTENCY_CONFLICT when that was something else */
async function repeated(
  ctx: Ctx<SessionActor>,
  input: ReplyInput,
  chain: string[],
  message: MessageRow,
): Promise<Replied> {
  const found = await findTicket(ctx.db, { id: message.ticketId, ...scopeOf(ctx.actor) })
  const followUpOfId = found?.ticket.followUpOfId ?? null
  const answers =
    (followUpOfId !== null && chain.includes(followUpOfId)) ||
    (await wasWrittenTo(ctx.db, { message, ticketId: input.id }))
  if (!found || !answers || message.kind !== 'message' || message.body !== input.body)
    throw new AppError('IDEMPOTENCY_CONFLICT')
  if (!(await tookExactly(ctx.db, message.id, input.attachmentIds)))
    throw new AppError('IDEMPOTENCY_CONFLICT')
  return {
    ticket: found.ticket,
    message: await authored(ctx, message),
    isFollowUp: followUpOfId !== null && chain.includes(followUpOfId),
  }
}

/** A ticket that is over is not opened again: a new one goes on with it. */
async function followUp(ctx: Ctx<SessionActor>, closed: TicketRow, input: ReplyInput): Promise<Replied> {
  const { ticket, message } = await openTicket(ctx, {
    requesterId: closed.requesterId,
    subject: closed.subject,
    body: input.body,
    category: closed.category,
    priority: closed.priority,
    source: input.source,
    followUpOfId: closed.id,
    attachmentIds: input.attachmentIds,
    messageKey: input.idempotencyKey,
  })
  return { ticket, message: await authored(ctx, message), isFollowUp: true }
}
