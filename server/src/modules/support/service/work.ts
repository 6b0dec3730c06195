import type { Ctx, SessionActor } from '../../../context.ts'
import { AppError, notFound } from '../../../errors.ts'
import { inTx } from '../../../tx.ts'
import { refuseImpersonation } from '../../auth/actor.ts'
import { holdAgents, insertAgent } from '../queries/agents.ts'
import { tookExactly } from '../queries/attachments.ts'
import { wasWrittenTo } from '../queries/merge.ts'
import { findMessage, findMessageByKey } from '../queries/messages.ts'
import type { TicketPatch, TicketRow } from '../queries/tickets.ts'
import { deskOf } from './decide.ts'
import { moveTicket } from './move.ts'
import { messageEvent, postMessage } from './post.ts'
import { presentMessage } from './present.ts'
import { holdCase, saveTicket } from './save.ts'

export type StaffCtx = Ctx<Extract<SessionActor, { type: 'agent' | 'admin' }>>

/** What giving a ticket to somebody changes of it; a new one is open from then on. */
export function assignPatch(
  ticket: TicketRow,
  agentId: string | null,
  who: 'agent' | 'system',
  now: Date,
): TicketPatch {
  if (ticket.status === 'closed') throw new AppError('TICKET_CLOSED', { id: ticket.id })
  if (agentId === null) return { assigneeId: null }
  return {
    ...(ticket.status === 'new' ? moveTicket(ticket, { to: 'open', who, by: 'assignment' }, now) : {}),
    assigneeId: agentId,
    firstAssignedAt: ticket.firstAssignedAt ?? now,
  }
}

/**
 * Takes a ticket that nobody has. Of several who try, one gets it. Whoever takes one for the first time is an agent from then on.
 * @throws NOT_FOUND, TICKET_CONFLICT, TICKET_CLOSED, AGENT_NOT_ACTIVE
 */
export async function claim(ctx: StaffCtx, { id, version }: { id: string; version?: number | undefined }) {
  refuseImpersonation(ctx.actor)
  return inTx(ctx, async (ctx) => {
    const { userId } = ctx.actor
    const ticket = await holdCase(ctx, { id, version })
    if (ticket.assigneeId === userId) return deskOf(ctx, ticket)
    if (ticket.assigneeId !== null) throw new AppError('TICKET_CONFLICT', { id, version: ticket.version })
    const now = ctx.deps.clock.now()
    const patch = assignPatch(ticket, userId, 'agent', now)
    await insertAgent(ctx.db, userId, now)
    if (!(await holdAgents(ctx.db, [userId], now)).has(userId))
      throw new AppError('AGENT_NOT_ACTIVE', { userId })
    return deskOf(ctx, await saveTicket(ctx, ticket, patch, []))
  })
}

/** Gives a ticket to an agent, or back to its queue. @throws NOT_FOUND (also for an agent who is not active), TICKET_CONFLICT, TICKET_CLOSED */
export async function assign(
  ctx: StaffCtx,
  { id, agentId, version }: { id: string; agentId: string | null; version?: number | undefined },
) {
  return inTx(ctx, async (ctx) => {
    const ticket = await holdCase(ctx, { id, version })
    const now = ctx.deps.clock.now()
    const patch = assignPatch(ticket, agentId, 'agent', now)
    if (agentId !== null && !(await holdAgents(ctx.db, [agentId], now)).has(agentId))
      throw notFound('agent', agentId)
    return deskOf(ctx, await saveTicket(ctx, ticket, patch, []))
  })
}

/** @throws NOT_FOUND, TICKET_CONFLICT, TICKET_CLOSED */
export async function setPriority(
  ctx: StaffCtx,
  { id, priority, version }: { id: string; priority: TicketRow['priority']; version?: number | undefined },
) {
  return inTx(ctx, async (ctx) => {
    const ticket = await holdCase(ctx, { id, version })
    if (ticket.status === 'closed') throw new AppError('TICKET_CLOSED', { id })
    if (ticket.priority === priority) return deskOf(ctx, ticket)
    return deskOf(ctx, await saveTicket(ctx, ticket, { priority }, []))
  })
}

/** Writes something that only agents see. It changes no state, and answers nothing; also closed tickets take notes. @throws NOT_FOUND */
export async function addNote(
  ctx: StaffCtx,
  {
    id,
    body,
    attachmentIds,
    idempotencyKey,
  }: {
    id: string
    body: string
    attachmentIds?: string[] | undefined
    idempotencyKey?: string | undefined
  },
) {
  refuseImpersonation(ctx.actor)
  return inTx(ctx, async (ctx) => {
    const authorId = ctx.actor.userId
    const ticket = await holdCase(ctx, { id })
    const posted = await postMessage(ctx, ticket, {
      kind: 'note',
      authorType: 'agent',
      authorId,
      body,
      source: 'web',
      attachmentIds,
      idempotencyKey,
    })
    if (!posted) {
      const earlier =
        idempotencyKey === undefined
          ? undefined
          : await findMessageByKey(ctx.db, { authorId, idempotencyKey })
      if (earlier?.kind !== 'note' || earlier.body !== body) throw new AppError('IDEMPOTENCY_CONFLICT')
      if (!(await wasWrittenTo(ctx.db, { message: earlier, ticketId: id })))
        throw new AppError('IDEMPOTENCY_CONFLICT')
      if (!(await tookExactly(ctx.db, earlier.id, attachmentIds))) throw new AppError('IDEMPOTENCY_CONFLICT')
      return noted(ctx, ticket, earlier.id)
    }
    return noted(
      ctx,
      await saveTicket(ctx, ticket, posted.patch, [messageEvent(posted.message)]),
      posted.message.id,
    )
  })
}

async function noted(ctx: Ctx, ticket: TicketRow, messageId: string) {
  const authored = await findMessage(ctx.db, messageId)
  if (!authored) throw new Error(`message ${messageId} vanished`)
  return { ticket: await deskOf(ctx, ticket), message: presentMessage(authored) }
}
