import type { Ctx } from '../../../../context.ts'
import { ensureUserByEmail } from '../../../users/contact.ts'
import { findSender, hasMailMessageId, ticketOfMails } from '../../queries/mails.ts'
import { mergeChain } from '../../queries/merge.ts'
import { lockTicket, type TicketRow } from '../../queries/tickets.ts'
import { openTicket } from '../create.ts'
import { isOver } from '../move.ts'
import { messageEvent, type Post, postMessage } from '../post.ts'
import { saveTicket } from '../save.ts'
import { isOurs, ticketOfAddress } from './address.ts'
import type { ReadMail } from './parse.ts'

/** What became of a mail. */
export interface Outcome {
  status: 'processed' | 'ignored' | 'parked'
  reason?: string
  ticketId?: string
  messageId?: string
}

type Sent = ReadMail & {
  from: NonNullable<ReadMail['from']>
  /** Its attachments, as they were kept. */
  attachmentIds: string[]
}

/**
 * Where a mail goes, in the transaction that marks it as done. To the ticket whose secret address it was sent to, or whose mails it
 * answers; else it opens one. Only its customer writes into a ticket: what others send to it becomes a note, for agents to judge.
 */
export async function routeMail(ctx: Ctx, read: ReadMail, attachmentIds: string[]): Promise<Outcome> {
  if (!read.from) return { status: 'parked', reason: 'no_sender' }
  const mail: Sent = { ...read, from: read.from, attachmentIds }
  if (isOurs(ctx.deps, mail.from.address)) return { status: 'ignored', reason: 'own' }
  const ticket = await ticketOf(ctx, mail)
  if (mail.text === '' && attachmentIds.length === 0) return { status: 'ignored', reason: 'empty' }
  if (ticket) return intoTicket(ctx, ticket, mail)
  if (mail.isAuto) return { status: 'ignored', reason: 'automatic' }
  if (mail.authentication === 'fail') return { status: 'parked', reason: 'sender_not_proven' }
  return intoNewTicket(ctx, mail)
}

/** The ticket that a mail belongs to, locked; one that was merged is the one that it was merged into. */
async function ticketOf(ctx: Ctx, mail: ReadMail): Promise<TicketRow | undefined> {
  const named = mail.recipients.flatMap((address) => ticketOfAddress(ctx.deps, address) ?? [])[0]
  let id = named ?? (await ticketOfMails(ctx.db, mail.answers))
  for (;;) {
    // Its end first, so that nobody who locks both in the order of their ids waits for us.
    const end = id === undefined ? undefined : (await mergeChain(ctx.db, { id })).at(-1)
    const ticket = end === undefined ? undefined : await lockTicket(ctx.db, { id: end })
    if (!ticket?.mergedIntoId) return ticket
    id = ticket.mergedIntoId
  }
}

async function intoTicket(ctx: Ctx, ticket: TicketRow, mail: Sent): Promise<Outcome> {
  const sender = await findSender(ctx.db, mail.from.address)
  const isRequester = sender?.id === ticket.requesterId && mail.authentication !== 'fail' && !mail.isBounce
  if (!isRequester) return asNote(ctx, ticket, mail, { why: whyNote(mail), authorId: sender?.id ?? null })
  // Anybody can sign up with an address of somebody else, open a ticket, and wait for what that one answers to our mails.
  if (!sender.verified && ticket.source !== 'mail')
    return asNote(ctx, ticket, mail, {
      why: `A mail from ${mail.from.address}, which is not confirmed to be the customer’s:`,
      authorId: sender.id,
    })
  if (sender.banned) return { status: 'ignored', reason: 'banned' }
  if (isOver(ticket, ctx.deps.clock.now())) {
    if (mail.isAuto) return { status: 'ignored', reason: 'automatic' }
    const { ticket: next, message } = await openTicket(ctx, {
      requesterId: ticket.requesterId,
      subject: ticket.subject,
      body: bodyOf(mail),
      category: ticket.category,
      priority: ticket.priority,
      source: 'mail',
      followUpOfId: ticket.id,
      mailMessageId: await freeMessageId(ctx, mail),
      attachmentIds: mail.attachmentIds,
    })
    return { status: 'processed', ticketId: next.id, messageId: message.id }
  }
  return post(ctx, ticket, mail, {
    kind: 'message',
    authorType: 'customer',
    authorId: sender.id,
    body: bodyOf(mail),
    isAuto: mail.isAuto,
  })
}

function whyNote(mail: Sent): string {
  if (mail.isBounce) return 'A mail could not be delivered. The mail server says:'
  return mail.authentication === 'fail'
    ? `A mail that says it is from ${mail.from.address}, which could not be proven:`
    : `A mail from ${mail.from.address}, who is not the customer:`
}

/** What somebody else sent to a ticket, or a machine about it. Whose account it came from is kept with it: with that account it is erased. */
function asNote(
  ctx: Ctx,
  ticket: TicketRow,
  mail: Sent,
  { why, authorId }: { why: string; authorId: string | null },
): Promise<Outcome> {
  const body = `${why}\n\n${bodyOf(mail).replace(/^/gm, '> ')}`
  return post(ctx, ticket, mail, { kind: 'note', authorType: 'system', authorId, body, isAuto: true })
}

async function post(ctx: Ctx, ticket: TicketRow, mail: Sent, values: Omit<Post, 'source'>): Promise<Outcome> {
  const posted = await postMessage(ctx, ticket, {
    ...values,
    source: 'mail',
    mailMessageId: await freeMessageId(ctx, mail),
    attachmentIds: mail.attachmentIds,
  })
  if (!posted) throw new Error('a mail has no idempotency key to be refused by')
  const { kind, authorType, isAuto } = posted.message
  // Whoever writes by mail waits for an answer there, also after they wanted no more of them.
  const heard = kind === 'message' && authorType === 'customer' && !isAuto ? { mailMuted: false } : {}
  await saveTicket(ctx, ticket, { ...posted.patch, ...heard }, [messageEvent(posted.message)])
  return { status: 'processed', ticketId: ticket.id, messageId: posted.message.id }
}

async function intoNewTicket(ctx: Ctx, mail: Sent): Promise<Outcome> {
  const contact = await ensureUserByEmail(ctx, mail.from.address)
  const sender = await findSender(ctx.db, mail.from.address)
  if (sender?.banned) return { status: 'ignored', reason: 'banned' }
  const { ticket, message } = await openTicket(ctx, {
    requesterId: contact.userId,
    subject: subjectOf(mail),
    body: bodyOf(mail),
    category: 'other',
    source: 'mail',
    mailMessageId: await freeMessageId(ctx, mail),
    attachmentIds: mail.attachmentIds,
  })
  return { status: 'processed', ticketId: ticket.id, messageId: message.id }
}

/** Message-IDs are unique with us, and anybody can write one that another mail has. */
const freeMessageId = async (ctx: Ctx, { messageId }: ReadMail): Promise<string | undefined> =>
  messageId === null || (await hasMailMessageId(ctx.db, messageId)) ? undefined : messageId

const subjectOf = ({ subject }: ReadMail): string =>
  subject
    .replace(/^(?:(?:re|aw|fwd?|wg|sv|antw)\s*:\s*)+/i, '')
    .replace(/^\[#\d+\]\s*/, '')
    .trim() || '(no subject)'

const bodyOf = ({ text }: ReadMail): string => text || '(no text)'
