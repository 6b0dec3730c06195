import { addMs, DAY } from '../../../../clock.ts'
import type { Ctx } from '../../../../context.ts'
import { type MailThread, messageIdOf } from '../../../../mail/mailer.ts'
import { queueMail } from '../../../../mail/outbox.ts'
import { countMailed, findMailTarget, mailsOfTicket } from '../../queries/mails.ts'
import { findAuthoredMessages } from '../../queries/messages.ts'
import type { TicketRow } from '../../queries/tickets.ts'
import { REOPEN_DAYS } from '../move.ts'
import type { TicketEvent } from '../save.ts'
import { replyAddress } from './address.ts'
import { unsubscribeUrl } from './unsubscribe.ts'

/** Names are what people say they are called: nobody who is not of us is called as we are, in a mail of ours. */
const PUBLISHER = 'The publisher of the extension (not Dev Forge)'

/** Mails that a new one names as those before it. */
const NAMED_MAILS = 5

/** The Message-ID that the mail about a ticket's beginning goes out by; the first message keeps it, so that answers to it are known. */
export const openedMailId = (ctx: Ctx, ticketId: string): string =>
  messageIdOf(ctx.deps.env, `mail:ticket-opened:${ticketId}`)

/** The same of an answer. */
export const answeredMailId = (ctx: Ctx, messageId: string): string =>
  messageIdOf(ctx.deps.env, `mail:ticket-answered:${messageId}`)

/**
 * Tells the customer by mail what changed, as part of the transaction that changes it: that we have the ticket, what we answered, that it
 * is solved. What they did themselves they know.
 */
export async function mailCustomer(ctx: Ctx, ticket: TicketRow, events: TicketEvent[]): Promise<void> {
  if (ticket.mailMuted || ticket.source === 'system') return
  const opened = events.some((event) => event.type === 'ticket.created')
  const messageIds = events.flatMap(({ type, messageId, after }) =>
    type === 'message.added' && (opened || after?.by !== 'customer') ? (messageId ?? []) : [],
  )
  const solved =
    ticket.status === 'solved' &&
    events.some(({ type }) => type === 'status.changed') &&
    // It was before, and was told.
    !events.some(({ type }) => type === 'ticket.unmerged')
  if (!opened && messageIds.length === 0 && !solved) return
  const [target, messages, before] = await Promise.all([
    findMailTarget(ctx.db, ticket.requesterId),
    findAuthoredMessages(ctx.db, messageIds),
    mailsOfTicket(ctx.db, ticket.id, NAMED_MAILS + messageIds.length),
  ])
  if (!target) return
  const { name, email: to } = target
  const about = { name, number: ticket.number, subject: ticket.subject }
  // Where that is not proven, what comes back by mail is not taken for the customer's (`routeMail`).
  const canReply = target.verified || ticket.source === 'mail'
  const own = new Set(messages.map(({ message }) => message.mailMessageId))
  const thread = threadOf(
    ctx,
    ticket.id,
    before.filter((id) => !own.has(id)),
  )
  const first = messages[0]?.message
  if (
    opened &&
    first &&
    !first.isAuto &&
    first.authorType === 'customer' &&
    !(await isTalkingToItself(ctx, ticket))
  ) {
    // Whose address is not proven gets no words by us that somebody else may have written; and mails say by themselves whom they are from.
    const said = target.verified
      ? { ...about, body: first.source === 'mail' ? '' : first.body }
      : { name: '', number: ticket.number, subject: 'Your request', body: '' }
    await queueMail(ctx, {
      dedupeKey: `ticket-opened:${ticket.id}`,
      to,
      template: 'ticket-opened',
      data: { ...said, canReply },
      thread,
    })
  }
  const answers = messages.filter(
    ({ message }) =>
      !message.isAuto && (message.authorType === 'agent' || message.authorType === 'publisher'),
  )
  for (const { message, authorName } of answers) {
    await queueMail(ctx, {
      dedupeKey: `ticket-answered:${message.id}`,
      to,
      template: 'ticket-answered',
      data: {
        ...about,
        agent: message.authorType === 'agent' ? (authorName ?? 'Support') : PUBLISHER,
        body: message.body,
        solved: ticket.status === 'solved',
        canReply,
      },
      thread,
    })
  }
  const byCustomer = ctx.actor.type === 'user' && ctx.actor.userId === ticket.requesterId
  if (solved && answers.length === 0 && !byCustomer) {
    await queueMail(ctx, {
      dedupeKey: `ticket-solved:${ticket.id}:${ticket.version}`,
      to,
      template: 'ticket-solved',
      data: { ...about, days: REOPEN_DAYS, canReply },
      thread,
    })
  }
}

/** How many receipts somebody gets in a day for what they write by mail. */
const RECEIPTS_PER_DAY = 5

/**
 * Whether so much has come from there by mail that it may be a machine that answers our receipts, and does not say that it is one: without
 * another receipt there is nothing more to answer.
 */
async function isTalkingToItself(ctx: Ctx, { source, requesterId }: TicketRow): Promise<boolean> {
  if (source !== 'mail') return false
  const since = addMs(ctx.deps.clock.now(), -DAY)
  return (await countMailed(ctx.db, { requesterId, since })) > RECEIPTS_PER_DAY
}

/** @param before Message-IDs of the mails that came before, oldest first */
const threadOf = (ctx: Ctx, ticketId: string, before: string[]): MailThread => ({
  inReplyTo: before.at(-1),
  references: before.length > 0 ? before.slice(-NAMED_MAILS) : undefined,
  replyTo: replyAddress(ctx.deps, ticketId),
  unsubscribeUrl: unsubscribeUrl(ctx.deps, ticketId),
})
