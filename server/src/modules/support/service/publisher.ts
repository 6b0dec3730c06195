import type { Ctx, SessionActor } from '../../../context.ts'
import { AppError, notFound } from '../../../errors.ts'
import { inTx } from '../../../tx.ts'
import { toPage } from '../../../wire.ts'
import { refuseImpersonation } from '../../auth/actor.ts'
import { requireMember } from '../../marketplace/service/publishers.ts'
import { wasWrittenTo } from '../queries/merge.ts'
import { type AuthoredMessage, findMessage, findMessageByKey, listMessages } from '../queries/messages.ts'
import { findShared, listShared, lockShared, type SharedTicket } from '../queries/shared.ts'
import type { TicketStatus } from '../queries/tickets.ts'
import { diagnosticsOf } from './diagnostics.ts'
import { messageEvent, postMessage } from './post.ts'
import { presentMessage } from './present.ts'
import { saveTicket } from './save.ts'

const SHOWN_MESSAGES = 100

/** A ticket as the publisher of the extension sees it: its subject, what it is about, and what the customer agreed to. */
function presentShared({ ticket, extension, requesterName, requesterEmail }: SharedTicket) {
  const { publisherShare: shared } = ticket
  return {
    id: ticket.id,
    number: ticket.number,
    subject: ticket.subject,
    category: ticket.category,
    status: ticket.status,
    extension,
    shared,
    customer: shared.includes('contact') ? { name: requesterName, email: requesterEmail } : null,
    createdAt: ticket.createdAt,
  }
}

/** Who wrote, without names that are not the publisher's to know. */
function presentTo({ ticket, requesterName }: SharedTicket, message: AuthoredMessage) {
  const presented = presentMessage(message)
  const names = {
    customer: ticket.publisherShare.includes('contact') ? requesterName : 'Customer',
    agent: 'Dev Forge',
    system: 'Dev Forge',
    publisher: presented.author.name,
  }
  return { ...presented, author: { ...presented.author, name: names[presented.author.type] } }
}

/** Tickets about extensions of one's publisher, newest first. @throws PUBLISHER_FORBIDDEN */
export async function publisherQueue(
  ctx: Ctx<SessionActor>,
  input: {
    publisher: string
    status?: TicketStatus[] | undefined
    cursor?: string | undefined
    limit: number
  },
) {
  const publisher = await requireMember(ctx, input.publisher)
  const rows = await listShared(ctx.db, {
    userId: ctx.actor.userId,
    publisherId: publisher.id,
    statuses: input.status,
    cursor: input.cursor,
    limit: input.limit,
  })
  return toPage(rows, input.limit, presentShared)
}

/** One of them. Notes and what the desk knows are never part of it. @throws NOT_FOUND, also once it is not shared any more */
export async function publisherTicket(ctx: Ctx<SessionActor>, { id }: { id: string }) {
  const found = await findShared(ctx.db, { id, userId: ctx.actor.userId })
  if (!found) throw notFound('ticket', id)
  const { publisherShare } = found.ticket
  const rows = await listMessages(ctx.db, { ticketId: id, withNotes: false, limit: SHOWN_MESSAGES })
  const seesAll = publisherShare.includes('messages')
  return {
    ...presentShared(found),
    messages: rows
      .slice(0, SHOWN_MESSAGES)
      .filter(({ message }) => seesAll || message.authorType === 'publisher')
      .map((row) => presentTo(found, row))
      .reverse(),
    diagnostics: publisherShare.includes('diagnostics') ? await diagnosticsOf(ctx, id) : null,
  }
}

/**
 * The publisher answers, in public. It moves nothing: what was promised to the customer is ours to keep. The same key again is the same
 * answer.
 * @throws NOT_FOUND, TICKET_CLOSED, IDEMPOTENCY_CONFLICT, AUTH_RATE_LIMITED
 */
export async function publisherReply(
  ctx: Ctx<SessionActor>,
  { id, body, idempotencyKey }: { id: string; body: string; idempotencyKey?: string | undefined },
) {
  refuseImpersonation(ctx.actor)
  const { userId } = ctx.actor
  await ctx.deps.limits.consume([['ticket-reply:account', userId]])
  const messageId = await inTx(ctx, async (ctx) => {
    const ticket = await lockShared(ctx.db, { id, userId })
    if (!ticket) throw notFound('ticket', id)
    const earlier =
      idempotencyKey === undefined
        ? undefined
        : await findMessageByKey(ctx.db, { authorId: userId, idempotencyKey })
    if (earlier) {
      const isSame =
        earlier.authorType === 'publisher' &&
        earlier.body === body &&
        (await wasWrittenTo(ctx.db, { message: earlier, ticketId: id }))
      if (!isSame) throw new AppError('IDEMPOTENCY_CONFLICT')
      return earlier.id
    }
    if (ticket.status === 'closed') throw new AppError('TICKET_CLOSED', { id })
    const posted = await postMessage(ctx, ticket, {
      kind: 'message',
      authorType: 'publisher',
      authorId: userId,
      body,
      source: 'web',
      idempotencyKey,
    })
    if (!posted) throw new AppError('IDEMPOTENCY_CONFLICT')
    await saveTicket(ctx, ticket, posted.patch, [messageEvent(posted.message)])
    return posted.message.id
  })
  const found = await findMessage(ctx.db, messageId)
  if (!found) throw new Error(`message ${messageId} vanished`)
  return { message: presentMessage(found) }
}
