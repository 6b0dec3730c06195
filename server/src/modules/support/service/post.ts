import { newId } from '@devforge/db'
import type { Ctx } from '../../../context.ts'
import { notFound } from '../../../errors.ts'
import { takeAttachments } from '../queries/attachments.ts'
import type { MessageRow, NewMessage } from '../queries/messages.ts'
import { insertMessage } from '../queries/messages.ts'
import { addSearchWords } from '../queries/ticket-search.ts'
import type { TicketPatch, TicketRow } from '../queries/tickets.ts'
import { assertReadableLinks } from './help.ts'
import { answeredMailId } from './mail/send.ts'
import { moveTicket } from './move.ts'
import { requireThere } from './people.ts'

export interface Post {
  kind: MessageRow['kind']
  authorType: MessageRow['authorType']
  authorId: string | null
  body: string
  source: MessageRow['source']
  isAuto?: boolean | undefined
  idempotencyKey?: string | undefined
  mailMessageId?: string | undefined
  /** Uploads of the author that no message has yet; of a message that came by mail, those that came with it. */
  attachmentIds?: string[] | undefined
}

/**
 * Puts a message into a locked ticket. What it changes of the ticket is told, not written: `saveTicket` does that, once, together with
 * whatever else happens.
 * @returns undefined when the author used the idempotency key before
 * @throws NOT_FOUND for an attachment that somebody else uploaded, that another message has, or that is not there at all;
 * AUTH_SESSION_ENDED when the customer's account was deleted in this moment; ARTICLE_NOT_FOR_CUSTOMER for an agent's answer that leads where
 * its customer may not go
 */
export async function postMessage(
  ctx: Ctx,
  ticket: TicketRow,
  { isAuto = false, attachmentIds = [], ...post }: Post,
): Promise<{ message: MessageRow; patch: TicketPatch } | undefined> {
  if (post.kind === 'message' && post.authorType === 'agent') await assertReadableLinks(ctx, post.body)
  const now = ctx.deps.clock.now()
  const id = newId('msg')
  const values: NewMessage = {
    ...post,
    id,
    ticketId: ticket.id,
    isAuto,
    // Answers to the mail that it goes out by are answers to it.
    mailMessageId: post.mailMessageId ?? (isMailed(post) ? answeredMailId(ctx, id) : null),
    createdAt: now,
  }
  const message = await insertMessage(ctx.db, values)
  if (!message) return undefined
  // Asked after it was written: a ticket that is new has no lock to wait at, but writing for an account waits for who deletes it.
  if (post.authorType === 'customer' && post.authorId !== null) await requireThere(ctx, post.authorId)
  if (attachmentIds.length > 0) {
    const uploaderId = post.source === 'mail' ? null : post.authorId
    const to = { ticketId: ticket.id, messageId: message.id }
    const taken = new Set(await takeAttachments(ctx.db, { ids: attachmentIds, uploaderId, ...to }))
    const missing = attachmentIds.find((id) => !taken.has(id))
    if (missing !== undefined) throw notFound('attachment', missing)
  }
  await addSearchWords(ctx.db, {
    ticketId: ticket.id,
    text: post.body,
    weight: post.kind === 'note' ? 'D' : 'C',
  })
  return { message, patch: effectOf(ticket, message, now) }
}

const isMailed = ({ kind, authorType }: Pick<Post, 'kind' | 'authorType'>): boolean =>
  kind === 'message' && (authorType === 'agent' || authorType === 'publisher')

/** What a message means for its ticket. Notes and what machines write mean nothing. */
function effectOf(ticket: TicketRow, { kind, authorType, isAuto }: MessageRow, now: Date): TicketPatch {
  if (kind === 'note' || isAuto) return {}
  switch (authorType) {
    case 'customer': {
      const opens = ticket.status === 'pending' || ticket.status === 'on_hold' || ticket.status === 'solved'
      return {
        ...(opens ? moveTicket(ticket, { to: 'open', who: 'customer', by: 'reply' }, now) : {}),
        lastCustomerMessageAt: now,
        waitingSince: ticket.waitingSince ?? now,
      }
    }
    case 'agent':
      return {
        ...(ticket.status === 'new'
          ? moveTicket(ticket, { to: 'open', who: 'agent', by: 'reply' }, now)
          : {}),
        lastAgentMessageAt: now,
        firstResponseAt: ticket.firstResponseAt ?? now,
        waitingSince: null,
      }
    // A publisher helps out; what was promised is ours to keep.
    case 'publisher':
    case 'system':
      return {}
  }
}

/** The event that tells of a message. */
export const messageEvent = (message: MessageRow) => ({
  type: message.kind === 'note' ? 'note.added' : 'message.added',
  isPublic: message.kind === 'message',
  messageId: message.id,
  after: { by: message.authorType, source: message.source },
})
