import { AppError, notFound } from '../../../errors.ts'
import { holdAgents } from '../queries/agents.ts'
import { findQueue, type MacroRow } from '../queries/macros.ts'
import { wasWrittenTo } from '../queries/merge.ts'
import { findMessageByKey, type MessageRow } from '../queries/messages.ts'
import { isInQueue } from '../queries/queues.ts'
import type { TicketPatch, TicketRow, TicketStatus } from '../queries/tickets.ts'
import { transitionOf } from './decide.ts'
import { renderMacro } from './macros/render.ts'
import { moveTicket } from './move.ts'
import { messageEvent, postMessage } from './post.ts'
import type { TicketEvent } from './save.ts'
import { assignPatch, type StaffCtx } from './work.ts'

/** What agents do to one ticket or to many. */
export type Action =
  | { type: 'assign'; agentId: string | null }
  | {
      type: 'status'
      to: TicketStatus
      reason?: string | undefined
      until?: Date | undefined
      body?: string | undefined
    }
  | { type: 'priority'; priority: TicketRow['priority'] }
  | { type: 'tags'; add: string[]; remove: string[] }
  | { type: 'queue'; queueId: string }
  | { type: 'macro'; macro: MacroRow }

/** What an action changes of a locked ticket. */
export interface Change {
  patch: TicketPatch
  events: TicketEvent[]
  message?: MessageRow | undefined
}

export const MAX_TAGS = 30

/**
 * What an action means for a locked ticket; null where it is so already, or the key says that it was done.
 * @param key of the message that it writes, if it writes one
 * @throws NOT_FOUND (the agent, the queue), TICKET_CLOSED, TICKET_TRANSITION_INVALID, TICKET_TAGS_FULL, MACRO_VALUE_MISSING, FORBIDDEN,
 * IDEMPOTENCY_CONFLICT
 */
export async function changeOf(
  ctx: StaffCtx,
  ticket: TicketRow,
  action: Action,
  key: string | undefined,
): Promise<Change | null> {
  const now = ctx.deps.clock.now()
  switch (action.type) {
    case 'assign': {
      const { agentId } = action
      if (ticket.assigneeId === agentId && ticket.status !== 'closed') return null
      const patch = assignPatch(ticket, agentId, 'agent', now)
      if (agentId !== null && !(await holdAgents(ctx.db, [agentId], now)).has(agentId))
        throw notFound('agent', agentId)
      return { patch, events: [] }
    }
    case 'status':
      if (await isDone(ctx, ticket, { key, body: action.body })) return null
      return ticket.status === action.to ? null : transitionOf(ctx, ticket, action, key)
    case 'priority':
      requireNotClosed(ticket)
      return ticket.priority === action.priority ? null : { patch: { priority: action.priority }, events: [] }
    case 'tags': {
      requireNotClosed(ticket)
      const tags = tagsAfter(ticket, action)
      return tags === null ? null : { patch: { tags }, events: [] }
    }
    case 'queue': {
      requireNotClosed(ticket)
      const patch = await queuePatch(ctx, ticket, action.queueId)
      return patch && { patch, events: [] }
    }
    case 'macro':
      return macroChange(ctx, ticket, action.macro, key)
  }
}

function requireNotClosed(ticket: TicketRow): void {
  if (ticket.status === 'closed') throw new AppError('TICKET_CLOSED', { id: ticket.id })
}

/** Whether a message was written under this key before. @throws IDEMPOTENCY_CONFLICT when it was another one */
async function isDone(
  ctx: StaffCtx,
  ticket: TicketRow,
  { key, body }: { key: string | undefined; body: string | null | undefined },
): Promise<boolean> {
  if (key === undefined || body === undefined || body === null) return false
  const earlier = await findMessageByKey(ctx.db, { authorId: ctx.actor.userId, idempotencyKey: key })
  if (!earlier) return false
  const isSame =
    earlier.body === body && (await wasWrittenTo(ctx.db, { message: earlier, ticketId: ticket.id }))
  if (!isSame) throw new AppError('IDEMPOTENCY_CONFLICT')
  return true
}

/** @throws TICKET_TAGS_FULL */
function tagsAfter(ticket: TicketRow, { add, remove }: { add: string[]; remove: string[] }): string[] | null {
  const tags = [...new Set([...ticket.tags, ...add])].filter((tag) => !remove.includes(tag))
  if (tags.length > MAX_TAGS && tags.length > ticket.tags.length)
    throw new AppError('TICKET_TAGS_FULL', { limit: MAX_TAGS })
  const isSame = tags.length === ticket.tags.length && tags.every((tag) => ticket.tags.includes(tag))
  return isSame ? null : tags
}

/** Whoever has the ticket keeps it if they work in the new queue; else it waits there for somebody. */
async function queuePatch(ctx: StaffCtx, ticket: TicketRow, queueId: string): Promise<TicketPatch | null> {
  const queue = await findQueue(ctx.db, queueId)
  if (!queue?.active) throw notFound('queue', queueId)
  if (ticket.queueId === queueId) return null
  const isTheirs =
    ticket.assigneeId === null || (await isInQueue(ctx.db, { queueId, agentId: ticket.assigneeId }))
  return { queueId, ...(isTheirs ? {} : { assigneeId: null }) }
}

/** All that a macro does, as one change. */
async function macroChange(
  ctx: StaffCtx,
  ticket: TicketRow,
  macro: MacroRow,
  key: string | undefined,
): Promise<Change | null> {
  const { userId, type: who } = ctx.actor
  const now = ctx.deps.clock.now()
  const { body, missing } = await renderMacro(ctx, macro, ticket)
  if (await isDone(ctx, ticket, { key, body })) return null
  if (missing.length > 0) throw new AppError('MACRO_VALUE_MISSING', { placeholders: missing })
  requireNotClosed(ticket)
  const posted =
    body === null
      ? undefined
      : await postMessage(ctx, ticket, {
          kind: macro.asNote ? 'note' : 'message',
          authorType: 'agent',
          authorId: userId,
          body,
          source: 'web',
          idempotencyKey: key,
        })
  if (body !== null && !posted) throw new AppError('IDEMPOTENCY_CONFLICT')
  let after: TicketRow = { ...ticket, ...posted?.patch }
  const take = (patch: TicketPatch | null): void => {
    after = { ...after, ...patch }
  }
  const { status, priority, addTags = [], removeTags = [], queueId } = macro.actions
  if (queueId !== undefined) take(await queuePatch(ctx, after, queueId))
  if (priority !== undefined) take({ priority })
  const tags = tagsAfter(after, { add: addTags, remove: removeTags })
  if (tags) take({ tags })
  if (status === 'pending' && after.status !== 'pending') {
    const isAnswer = posted?.message.kind === 'message'
    take((await transitionOf(ctx, after, { to: status }, undefined, { isAnswer })).patch)
  } else if (status !== undefined && after.status !== status) {
    take(moveTicket(after, { to: status, who, by: 'decision', userId }, now))
  }
  const patch = differences(ticket, after)
  if (!posted && Object.keys(patch).length === 0) return null
  return { patch, events: posted ? [messageEvent(posted.message)] : [], message: posted?.message }
}

function differences(before: TicketRow, after: TicketRow): TicketPatch {
  return Object.fromEntries(
    Object.entries(after).filter(([member, value]) => value !== before[member as keyof TicketRow]),
  )
}
