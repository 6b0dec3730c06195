import { newId } from '@devforge/db'
import type { Ctx, SessionActor } from '../../../context.ts'
import { sha256 } from '../../../crypto/secrets.ts'
import { AppError } from '../../../errors.ts'
import { inTx } from '../../../tx.ts'
import { refuseImpersonation } from '../../auth/actor.ts'
import { supportPlanOf } from '../../licenses/service/support-plan.ts'
import type { NewLink } from '../queries/links.ts'
import type { MessageRow } from '../queries/messages.ts'
import { queueFor } from '../queries/queues.ts'
import { holdPlan } from '../queries/sla.ts'
import { openSearch } from '../queries/ticket-search.ts'
import { findTicketByKey, insertTicket, type TicketRow } from '../queries/tickets.ts'
import { keepDiagnostics } from './diagnostics.ts'
import { checkLinks, type LinksInput, writeLinks } from './links.ts'
import { openedMailId } from './mail/send.ts'
import { messageEvent, type Post, postMessage } from './post.ts'
import { presentTicket } from './present.ts'
import { saveTicket } from './save.ts'

type Priority = TicketRow['priority']
type Plan = TicketRow['plan']

const PRIORITIES: readonly Priority[] = ['low', 'normal', 'high', 'urgent']
/** What customers may ask for themselves. */
const HIGHEST: { [P in Plan]: Priority } = { free: 'normal', pro: 'high', enterprise: 'urgent' }

const lowerOf = (a: Priority, b: Priority): Priority =>
  PRIORITIES.indexOf(a) <= PRIORITIES.indexOf(b) ? a : b

export interface OpenTicket {
  /** Made before, where something else names the ticket and is to be written first. */
  id?: string | undefined
  requesterId: string
  subject: string
  body: string
  category: TicketRow['category']
  priority?: Priority | undefined
  source: TicketRow['source']
  /** Default: the requester wrote it. */
  author?: Pick<Post, 'authorType' | 'authorId'> | undefined
  idempotencyKey?: string | undefined
  requestHash?: Buffer | undefined
  /** Of the first message, where that is what must come once. */
  messageKey?: string | undefined
  mailMessageId?: string | undefined
  followUpOfId?: string | undefined
  splitFromId?: string | undefined
  /** Checked: see `checkLinks`. */
  links?: NewLink[] | undefined
  /** Of the extension that it is about, with what its publisher may see. */
  share?: { publisherId: string; parts: TicketRow['publisherShare'] } | undefined
  diagnostics?: object | undefined
  attachmentIds?: string[] | undefined
  tags?: string[] | undefined
}

/**
 * Opens a ticket with its first message, in the caller's transaction: for customers, and for whatever else becomes a ticket (mails, refund
 * requests, reports, follow-ups).
 * @returns null when the idempotency key was used before
 */
async function tryOpen(
  ctx: Ctx,
  open: OpenTicket,
): Promise<{ ticket: TicketRow; message: MessageRow } | null> {
  const now = ctx.deps.clock.now()
  const { requesterId, subject, body, category, source, idempotencyKey } = open
  await holdPlan(ctx.db, requesterId)
  const plan = await supportPlanOf(ctx, requesterId)
  const inserted = await insertTicket(ctx.db, {
    id: open.id ?? newId('tkt'),
    requesterId,
    subject,
    category,
    source,
    plan,
    priority: lowerOf(open.priority ?? 'normal', HIGHEST[plan]),
    queueId: await queueFor(ctx.db, category),
    statusChangedAt: now,
    createdAt: now,
    updatedAt: now,
    idempotencyKey,
    requestHash: open.requestHash,
    followUpOfId: open.followUpOfId,
    splitFromId: open.splitFromId,
    tags: open.tags,
    publisherId: open.share?.publisherId,
    publisherShare: open.share?.parts,
  })
  if (!inserted) return null
  await openSearch(ctx.db, { ticketId: inserted.id, number: inserted.number, subject })
  await writeLinks(ctx, inserted.id, open.links ?? [])
  if (open.diagnostics) await keepDiagnostics(ctx, inserted.id, open.diagnostics)
  const posted = await postMessage(ctx, inserted, {
    kind: 'message',
    ...(open.author ?? { authorType: 'customer', authorId: requesterId }),
    body,
    source,
    attachmentIds: open.attachmentIds,
    mailMessageId: open.mailMessageId ?? (source === 'mail' ? undefined : openedMailId(ctx, inserted.id)),
    idempotencyKey: open.messageKey,
  })
  // The key was used in this moment, for something else.
  if (!posted) throw new AppError('IDEMPOTENCY_CONFLICT')
  const ticket = await saveTicket(ctx, inserted, posted.patch, [
    { type: 'ticket.created', isPublic: true, after: { category, priority: inserted.priority, source } },
    messageEvent(posted.message),
  ])
  return { ticket, message: posted.message }
}

/** Opens a ticket that nobody can have opened before. @throws IDEMPOTENCY_CONFLICT for the key of its message */
export async function openTicket(
  ctx: Ctx,
  open: Omit<OpenTicket, 'idempotencyKey' | 'requestHash'>,
): Promise<{ ticket: TicketRow; message: MessageRow }> {
  const opened = await tryOpen(ctx, open)
  if (!opened) throw new Error('a ticket without a key was refused')
  return opened
}

export interface CreateInput {
  subject: string
  body: string
  category: TicketRow['category']
  priority?: Priority | undefined
  source: 'editor' | 'web' | 'api'
  links?: LinksInput | undefined
  diagnostics?: object | undefined
  shareWithPublisher?: TicketRow['publisherShare'] | undefined
  attachmentIds?: string[] | undefined
  idempotencyKey?: string | undefined
}

/**
 * Opens a ticket of one's own. The same key again is the same ticket, so that a retry makes no second one.
 * @throws NOT_FOUND (an attachment, or what is linked), IDEMPOTENCY_CONFLICT, AUTH_RATE_LIMITED
 */
export async function createTicket(ctx: Ctx<SessionActor>, { idempotencyKey, ...input }: CreateInput) {
  refuseImpersonation(ctx.actor)
  const { userId } = ctx.actor
  await ctx.deps.limits.consume([['ticket:account', userId]])
  const requestHash = sha256(JSON.stringify(input))
  const again = { requesterId: userId, idempotencyKey, requestHash }
  // Before what it is about is looked at: what was done already stays done, whatever became of that since.
  const first = await repeated(ctx, again)
  if (first) return presentTicket(first)
  const opened = await inTx(ctx, async (ctx) => {
    const { links, publisherId } = await checkLinks(ctx, userId, input.links)
    const parts = input.shareWithPublisher ?? []
    const share = publisherId !== null && parts.length > 0 ? { publisherId, parts } : undefined
    return tryOpen(ctx, { ...input, ...again, links, share })
  })
  const ticket = opened?.ticket ?? (await repeated(ctx, again))
  if (!ticket) throw new AppError('IDEMPOTENCY_CONFLICT')
  return presentTicket(ticket)
}

/** What the same key opened before. @throws IDEMPOTENCY_CONFLICT when that was another request */
async function repeated(
  ctx: Ctx,
  {
    requesterId,
    idempotencyKey,
    requestHash,
  }: { requesterId: string; idempotencyKey: string | undefined; requestHash: Buffer },
): Promise<TicketRow | undefined> {
  if (idempotencyKey === undefined) return undefined
  const first = await findTicketByKey(ctx.db, { requesterId, idempotencyKey })
  if (first && !first.requestHash?.equals(requestHash)) throw new AppError('IDEMPOTENCY_CONFLICT')
  return first
}
