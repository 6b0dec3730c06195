import { newId } from '@devforge/db'
import type { Ctx } from '../../../context.ts'
import { AppError, notFound } from '../../../errors.ts'
import { inTx } from '../../../tx.ts'
import { refuseImpersonation } from '../../auth/actor.ts'
import {
  copyLinks,
  countPublic,
  findMessagesOf,
  firstWord,
  lastWords,
  moveMessages,
  moveMessagesBack,
} from '../queries/merge.ts'
import type { MessageRow } from '../queries/messages.ts'
import { queueFor } from '../queries/queues.ts'
import { rebuildSearchWords } from '../queries/ticket-search.ts'
import { findTicket, insertTicket, type TicketPatch, type TicketRow } from '../queries/tickets.ts'
import { deskOf } from './decide.ts'
import { holdBoth, takeIn } from './merge.ts'
import { isOver, moveTicket } from './move.ts'
import { holdCase, refuseOwn, saveTickets } from './save.ts'
import { betterPlan } from './sla/plan.ts'
import { earliest } from './waits.ts'
import type { StaffCtx } from './work.ts'

export interface SplitInput {
  id: string
  messageIds: string[]
  subject: string
  category?: TicketRow['category'] | undefined
  version?: number | undefined
}

/**
 * Moves messages of a ticket into a new one, for what is another matter. The new one is as old as the first of them: its customer has
 * waited since then.
 * @throws NOT_FOUND (ticket, message), TICKET_CONFLICT, TICKET_CLOSED, TICKET_SPLIT_INVALID
 */
export async function split(ctx: StaffCtx, { id, messageIds, subject, category, version }: SplitInput) {
  refuseImpersonation(ctx.actor)
  return inTx(ctx, async (ctx) => {
    const now = ctx.deps.clock.now()
    const ticket = await holdCase(ctx, { id, version })
    if (isOver(ticket, now)) throw new AppError('TICKET_CLOSED', { id })
    const moving = await findMessagesOf(ctx.db, id, messageIds)
    const missing = messageIds.find((messageId) => !moving.some((message) => message.id === messageId))
    if (missing !== undefined) throw notFound('message', missing)
    const shown = moving.filter(({ kind }) => kind === 'message')
    const [first] = shown
    if (!first) throw new AppError('TICKET_SPLIT_INVALID', { why: 'nothing_public' })
    if ((await countPublic(ctx.db, { ticketId: id })) === shown.length)
      throw new AppError('TICKET_SPLIT_INVALID', { why: 'nothing_left' })
    const made = await insertTicket(ctx.db, {
      id: newId('tkt'),
      requesterId: ticket.requesterId,
      subject,
      category: category ?? ticket.category,
      queueId:
        category === undefined || category === ticket.category
          ? ticket.queueId
          : await queueFor(ctx.db, category),
      priority: ticket.priority,
      plan: await betterPlan(ctx, ticket),
      tags: ticket.tags,
      skills: ticket.skills,
      source: ticket.source,
      splitFromId: id,
      statusChangedAt: now,
      createdAt: first.createdAt,
      updatedAt: now,
    })
    if (!made) throw new Error('a ticket without a key was refused')
    await moveMessages(ctx.db, { from: id, to: made.id, ids: messageIds })
    await rebuildSearchWords(ctx.db, [id, made.id])
    const { source, priority } = made
    const [, saved] = await saveTickets(ctx, [
      {
        before: ticket,
        patch: await withoutMoved(ctx, ticket, shown),
        events: [{ type: 'ticket.split', isPublic: true, after: { splitIntoId: made.id } }],
        answered: false,
      },
      {
        before: made,
        patch: conversationOf(made, shown, now),
        events: [
          {
            type: 'ticket.created',
            isPublic: true,
            after: { category: made.category, priority, source, splitFromId: id },
          },
        ],
      },
    ])
    return deskOf(ctx, saved ?? made)
  })
}

/** What is left to a ticket whose messages were moved away. */
async function withoutMoved(ctx: Ctx, ticket: TicketRow, moved: MessageRow[]): Promise<TicketPatch> {
  const words = await lastWords(ctx.db, ticket.id)
  const { id: ticketId, waitingSince: since } = ticket
  // Reopened without a word: what waits is no message that could go.
  if (since === null || !moved.some(({ createdAt }) => createdAt >= since)) return words
  return {
    ...words,
    waitingSince: await firstWord(ctx.db, { ticketId, author: 'customer', since, writtenHere: false }),
  }
}

/** What its first messages make of a new ticket. */
function conversationOf(ticket: TicketRow, messages: MessageRow[], now: Date): TicketPatch {
  const said = messages.filter(({ isAuto }) => !isAuto)
  const ofAgents = said.filter(({ authorType }) => authorType === 'agent')
  const ofCustomer = said.filter(({ authorType }) => authorType === 'customer')
  const answered = ofAgents.at(-1)
  const waiting = ofCustomer.find(({ sequence }) => sequence > (answered?.sequence ?? 0))
  return {
    ...(answered ? moveTicket(ticket, { to: 'open', who: 'agent', by: 'reply' }, now) : {}),
    firstResponseAt: ofAgents[0]?.createdAt ?? null,
    lastAgentMessageAt: answered?.createdAt ?? null,
    lastCustomerMessageAt: ofCustomer.at(-1)?.createdAt ?? null,
    waitingSince: earliest(waiting?.createdAt ?? null),
  }
}

/**
 * Undoes a split while nobody has said anything in the new ticket: all of it goes back, and the new one is closed as merged.
 * @throws NOT_FOUND, TICKET_CLOSED (either), TICKET_UNDO_IMPOSSIBLE
 */
export async function unsplit(ctx: StaffCtx, { id }: { id: string }) {
  refuseImpersonation(ctx.actor)
  return inTx(ctx, async (ctx) => {
    const now = ctx.deps.clock.now()
    const found = await findTicket(ctx.db, { id })
    if (!found) throw notFound('ticket', id)
    refuseOwn(ctx, found.ticket)
    const originId = found.ticket.splitFromId
    if (originId === null) throw new AppError('TICKET_UNDO_IMPOSSIBLE', { why: 'not_split' })
    const { source, target } = await holdBoth(ctx, id, originId)
    for (const ticket of [source, target])
      if (isOver(ticket, now)) throw new AppError('TICKET_CLOSED', { id: ticket.id })
    if ((await countPublic(ctx.db, { ticketId: id, notFrom: originId })) > 0)
      throw new AppError('TICKET_UNDO_IMPOSSIBLE', { why: 'answered' })
    await moveMessagesBack(ctx.db, { from: id, to: originId })
    // Notes that were written in it since.
    await moveMessages(ctx.db, { from: id, to: originId })
    await copyLinks(ctx.db, { from: id, to: originId, now })
    await rebuildSearchWords(ctx.db, [id, originId])
    const closed = moveTicket(source, { to: 'closed', who: ctx.actor.type, by: 'merge' }, now)
    const [, saved] = await saveTickets(ctx, [
      {
        before: source,
        patch: { ...closed, mergedIntoId: originId },
        events: [{ type: 'ticket.merged', isPublic: true, after: { mergedIntoId: originId } }],
      },
      {
        before: target,
        patch: await takeIn(ctx, target, source, ctx.actor.type),
        events: [{ type: 'ticket.took_in', isPublic: true, after: { mergedFromId: id } }],
        answered: false,
      },
    ])
    return deskOf(ctx, saved ?? target)
  })
}
