import { addMs, DAY } from '../../../clock.ts'
import type { Ctx } from '../../../context.ts'
import { AppError, notFound } from '../../../errors.ts'
import { inTx } from '../../../tx.ts'
import { refuseImpersonation } from '../../auth/actor.ts'
import { findMailTarget } from '../queries/mails.ts'
import {
  copyLinks,
  dropLinks,
  firstWord,
  lastWords,
  mergedInto,
  moveMessages,
  moveMessagesBack,
} from '../queries/merge.ts'
import { rebuildSearchWords } from '../queries/ticket-search.ts'
import { findTicket, lockTickets, type TicketPatch, type TicketRow } from '../queries/tickets.ts'
import type { Mover } from '../transitions.ts'
import { deskOf } from './decide.ts'
import { isOver, moveTicket } from './move.ts'
import { refuseOwn, saveTickets } from './save.ts'
import { betterPlan } from './sla/plan.ts'
import { earliest, withoutWait } from './waits.ts'
import type { StaffCtx } from './work.ts'

/** How long a merge can be undone. */
const UNDO_DAYS = 14

/**
 * Merges a ticket into another one of the same customer: what was said moves there, and so does whatever is still said to it. The merged one
 * is closed, and tells where it went. A question that waits there waits here.
 * @throws NOT_FOUND, TICKET_CONFLICT (`version`, of the one that is merged), TICKET_CLOSED (either), TICKET_MERGE_INVALID
 */
export async function merge(
  ctx: StaffCtx,
  { from, into, version }: { from: string; into: string; version?: number | undefined },
) {
  refuseImpersonation(ctx.actor)
  if (from === into) throw new AppError('TICKET_MERGE_INVALID', { why: 'same_ticket' })
  return inTx(ctx, async (ctx) => {
    const now = ctx.deps.clock.now()
    const { source, target } = await holdBoth(ctx, from, into)
    if (version !== undefined && version !== source.version)
      throw new AppError('TICKET_CONFLICT', { id: from, version: source.version })
    refuseOwn(ctx, source)
    // What one customer wrote must not be shown to another.
    if (source.requesterId !== target.requesterId || !(await isTheirs(ctx, source, target)))
      throw new AppError('TICKET_MERGE_INVALID', { why: 'other_customer' })
    // Merged is closed, so that none can be merged twice, and no two into each other.
    for (const ticket of [source, target])
      if (isOver(ticket, now)) throw new AppError('TICKET_CLOSED', { id: ticket.id })
    const closed: TicketPatch = {
      ...moveTicket(source, { to: 'closed', who: ctx.actor.type, by: 'merge' }, now),
      mergedIntoId: into,
      statusBeforeMerge: source.status,
      beforeMerge: {
        hold: source.holdUntil && { until: source.holdUntil.getTime(), reason: source.holdReason },
        waitingSince: source.waitingSince?.getTime() ?? null,
        targetWaitingSince: target.waitingSince?.getTime() ?? null,
      },
    }
    await moveMessages(ctx.db, { from, to: into })
    await copyLinks(ctx.db, { from, to: into, now })
    await rebuildSearchWords(ctx.db, [from, into])
    const share = sharedByBoth(source, target)
    const [, saved] = await saveTickets(ctx, [
      {
        before: source,
        patch: closed,
        events: [{ type: 'ticket.merged', isPublic: true, after: { mergedIntoId: into } }],
      },
      {
        before: target,
        patch: { ...(await takeIn(ctx, target, source, ctx.actor.type)), publisherShare: share },
        events: [
          { type: 'ticket.took_in', isPublic: true, after: { mergedFromId: from } },
          ...(share.length === target.publisherShare.length
            ? []
            : [
                {
                  type: 'share.changed',
                  isPublic: true,
                  before: { share: target.publisherShare },
                  after: { share },
                },
              ]),
        ],
        answered: false,
      },
    ])
    return deskOf(ctx, saved ?? target)
  })
}

/** Whether what came by mail is known to be by the person who opened the other ticket, and not only in the name of their address. */
async function isTheirs(ctx: Ctx, source: TicketRow, target: TicketRow): Promise<boolean> {
  if (source.source !== 'mail' || target.source === 'mail') return true
  return (await findMailTarget(ctx.db, source.requesterId))?.verified ?? false
}

/** What the publisher may still see of a ticket that takes in another: its messages only if the customer shows it those of both. */
function sharedByBoth(source: TicketRow, target: TicketRow): TicketRow['publisherShare'] {
  const isShown = source.publisherId === target.publisherId && source.publisherShare.includes('messages')
  return target.publisherShare.filter((part) => part !== 'messages' || isShown)
}

/** Two tickets, locked. @throws NOT_FOUND */
export async function holdBoth(
  ctx: Ctx,
  from: string,
  into: string,
): Promise<{ source: TicketRow; target: TicketRow }> {
  const locked = await lockTickets(ctx.db, [from, into])
  const source = locked.find(({ id }) => id === from)
  const target = locked.find(({ id }) => id === into)
  if (!source) throw notFound('ticket', from)
  if (!target) throw notFound('ticket', into)
  return { source, target }
}

/** What taking in another's messages changes of a ticket. One that rested is opened for a question that waits. */
export async function takeIn(
  ctx: Ctx,
  target: TicketRow,
  source: TicketRow,
  who: Mover,
): Promise<TicketPatch> {
  const rests = target.status === 'pending' || target.status === 'on_hold' || target.status === 'solved'
  return {
    ...(source.waitingSince && rests
      ? moveTicket(target, { to: 'open', who, by: 'decision' }, ctx.deps.clock.now())
      : {}),
    ...(await lastWords(ctx.db, target.id)),
    waitingSince: earliest(target.waitingSince, source.waitingSince),
  }
}

/**
 * Undoes a merge, within 14 days and while the other ticket is not closed: what came from the merged one goes back to it, what was written
 * since stays. It is again what it was; a question of it that was answered meanwhile does not wait any more.
 * @throws NOT_FOUND, TICKET_CONFLICT, TICKET_CLOSED (the other one), TICKET_UNDO_IMPOSSIBLE
 */
export async function unmerge(ctx: StaffCtx, { id }: { id: string }) {
  refuseImpersonation(ctx.actor)
  return inTx(ctx, async (ctx) => {
    const now = ctx.deps.clock.now()
    const { source, target, mergedAt } = await holdMerged(ctx, id)
    if (addMs(mergedAt, UNDO_DAYS * DAY) < now)
      throw new AppError('TICKET_UNDO_IMPOSSIBLE', { why: 'too_late' })
    if (isOver(target, now)) throw new AppError('TICKET_CLOSED', { id: target.id })
    const since = { ticketId: target.id, since: mergedAt, writtenHere: true }
    const answeredAt = await firstWord(ctx.db, { ...since, author: 'agent' })
    const askedAt = await firstWord(ctx.db, { ...since, author: 'customer' })
    const others = (await mergedInto(ctx.db, target.id)).filter((one) => one.id !== id)
    await moveMessagesBack(ctx.db, { from: target.id, to: id })
    await dropLinks(ctx.db, { from: id, to: target.id })
    await rebuildSearchWords(ctx.db, [id, target.id])
    const restored: TicketPatch = {
      ...(await lastWords(ctx.db, id)),
      ...before(source),
      // An answer was given to all of it.
      ...(answeredAt && source.statusBeforeMerge === 'new' ? { status: 'open' as const } : {}),
      plan: await betterPlan(ctx, source),
      statusChangedAt: now,
      closedAt: null,
      mergedIntoId: null,
      statusBeforeMerge: null,
      beforeMerge: null,
      firstResponseAt: source.firstResponseAt ?? answeredAt,
      ...(answeredAt ? { waitingSince: null } : {}),
    }
    const left: TicketPatch = {
      ...(await lastWords(ctx.db, target.id)),
      waitingSince: withoutWait(target.waitingSince, source.beforeMerge, [
        askedAt,
        ...others.filter(({ closedAt }) => closedAt && closedAt >= mergedAt).map(waitOf),
      ]),
    }
    const [saved] = await saveTickets(ctx, [
      {
        before: source,
        patch: restored,
        events: [{ type: 'ticket.unmerged', isPublic: true, before: { mergedIntoId: target.id } }],
        answered: answeredAt !== null,
      },
      {
        before: target,
        patch: left,
        events: [{ type: 'ticket.gave_back', isPublic: true, before: { mergedFromId: id } }],
        answered: false,
      },
    ])
    return deskOf(ctx, saved ?? source)
  })
}

const waitOf = ({ beforeMerge }: Pick<TicketRow, 'beforeMerge'>): Date | null =>
  beforeMerge?.waitingSince ? new Date(beforeMerge.waitingSince) : null

/** The state that a ticket was in before it was merged. */
function before({ statusBeforeMerge, beforeMerge }: TicketRow): TicketPatch {
  const hold = beforeMerge?.hold
  return {
    status: statusBeforeMerge ?? 'open',
    waitingSince: waitOf({ beforeMerge }),
    ...(hold ? { holdUntil: new Date(hold.until), holdReason: hold.reason } : {}),
  }
}

/** A merged ticket and the one that it was merged into, locked. */
async function holdMerged(ctx: StaffCtx, id: string) {
  const found = await findTicket(ctx.db, { id })
  if (!found) throw notFound('ticket', id)
  refuseOwn(ctx, found.ticket)
  const { mergedIntoId } = found.ticket
  if (mergedIntoId === null) throw new AppError('TICKET_UNDO_IMPOSSIBLE', { why: 'not_merged' })
  const { source, target } = await holdBoth(ctx, id, mergedIntoId)
  if (source.mergedIntoId !== mergedIntoId)
    throw new AppError('TICKET_CONFLICT', { id, version: source.version })
  if (source.statusBeforeMerge === null || source.closedAt === null)
    throw new AppError('TICKET_UNDO_IMPOSSIBLE', { why: 'not_merged' })
  return { source, target, mergedAt: source.closedAt }
}
