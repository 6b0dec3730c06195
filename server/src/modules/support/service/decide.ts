import type { Ctx, SessionActor } from '../../../context.ts'
import { AppError } from '../../../errors.ts'
import { inTx } from '../../../tx.ts'
import { refuseImpersonation } from '../../auth/actor.ts'
import {
  findTicket,
  isAnswered,
  type TicketPatch,
  type TicketRow,
  type TicketStatus,
} from '../queries/tickets.ts'
import { choices } from '../transitions.ts'
import { isOver, moveTicket } from './move.ts'
import { requireThere } from './people.ts'
import { messageEvent, postMessage } from './post.ts'
import { presentDesk, presentTicket } from './present.ts'
import { holdCase, holdTicket, saveTicket, type TicketEvent } from './save.ts'
import { clockReader } from './sla/policies.ts'
import { moverOf, scopeOf } from './viewer.ts'

interface Change {
  id: string
  version?: number | undefined
}

/** Each change is kept for ever, and told to all who watch. @throws AUTH_RATE_LIMITED */
export async function countChange({ actor, deps }: Ctx<SessionActor>): Promise<void> {
  if (actor.type === 'user') await deps.limits.consume([['ticket-change:account', actor.userId]])
}

/** Solves a ticket: its customer ("it works now"), or an agent. @throws NOT_FOUND, TICKET_CONFLICT, TICKET_CLOSED, TICKET_TRANSITION_INVALID */
export async function solve(ctx: Ctx<SessionActor>, { id, version }: Change) {
  refuseImpersonation(ctx.actor)
  await countChange(ctx)
  return inTx(ctx, async (ctx) => {
    const { userId } = ctx.actor
    const ticket = await holdTicket(ctx, { id, version, ...scopeOf(ctx.actor) })
    const who = moverOf(ctx.actor, ticket)
    const patch = moveTicket(ticket, { to: 'solved', who, by: 'decision', userId }, ctx.deps.clock.now())
    return presentTicket(await saveTicket(ctx, ticket, patch, []))
  })
}

/**
 * Opens a ticket that waited or was solved, within 14 days, with words or without.
 * @throws NOT_FOUND, TICKET_CONFLICT, TICKET_CLOSED, TICKET_TRANSITION_INVALID
 */
export async function reopen(
  ctx: Ctx<SessionActor>,
  { id, version, body }: Change & { body?: string | undefined },
) {
  refuseImpersonation(ctx.actor)
  await countChange(ctx)
  // Words are words, whatever else comes with them.
  if (body !== undefined && ctx.actor.type === 'user')
    await ctx.deps.limits.consume([['ticket-reply:account', ctx.actor.userId]])
  return inTx(ctx, async (ctx) => {
    const ticket = await holdTicket(ctx, { id, version, ...scopeOf(ctx.actor) })
    const who = moverOf(ctx.actor, ticket)
    const patch = moveTicket(ticket, { to: 'open', who, by: 'decision' }, ctx.deps.clock.now())
    const posted =
      body === undefined
        ? undefined
        : await postMessage(
            ctx,
            { ...ticket, ...patch },
            {
              kind: 'message',
              authorType: who === 'customer' ? 'customer' : 'agent',
              authorId: ctx.actor.userId,
              body,
              source: 'api',
            },
          )
    const events = posted ? [messageEvent(posted.message)] : []
    return presentTicket(await saveTicket(ctx, ticket, { ...patch, ...posted?.patch }, events))
  })
}

/** Says how well one was helped; again to change one's mind, until it is closed. @throws NOT_FOUND, TICKET_NOT_SOLVED, TICKET_CLOSED */
export async function rate(
  ctx: Ctx<SessionActor>,
  { id, score, comment }: { id: string; score: number; comment?: string | undefined },
) {
  refuseImpersonation(ctx.actor)
  await countChange(ctx)
  return inTx(ctx, async (ctx) => {
    // One's own, also for agents.
    const ticket = await holdTicket(ctx, { id, requesterId: ctx.actor.userId })
    await requireThere(ctx, ctx.actor.userId)
    const now = ctx.deps.clock.now()
    if (isOver(ticket, now)) throw new AppError('TICKET_CLOSED', { id })
    if (ticket.status !== 'solved') throw new AppError('TICKET_NOT_SOLVED', { status: ticket.status })
    const patch = { satisfactionScore: score, satisfactionComment: comment || null, ratedAt: now }
    const event: TicketEvent = {
      type: 'satisfaction.rated',
      isPublic: true,
      before: { score: ticket.satisfactionScore },
      after: { score },
    }
    return presentTicket(await saveTicket(ctx, ticket, patch, [event]))
  })
}

export interface TransitionInput {
  id: string
  to: TicketStatus
  reason?: string | undefined
  until?: Date | undefined
  body?: string | undefined
  version: number
}

/**
 * An agent moves a ticket. On hold asks for a reason and a time; pending for an answer that the customer can answer: in `body`, or given
 * before.
 * @throws NOT_FOUND, TICKET_CONFLICT, TICKET_CLOSED, TICKET_TRANSITION_INVALID
 */
export async function transition(
  ctx: Ctx<Extract<SessionActor, { type: 'agent' | 'admin' }>>,
  { id, version, ...input }: TransitionInput,
) {
  refuseImpersonation(ctx.actor)
  return inTx(ctx, async (ctx) => {
    const ticket = await holdCase(ctx, { id, version })
    const { patch, events } = await transitionOf(ctx, ticket, input)
    return deskOf(ctx, await saveTicket(ctx, ticket, patch, events))
  })
}

/**
 * What moving a locked ticket changes of it, the answer that goes with it included.
 * @param key of that answer
 * @param isAnswer whether the customer is given one besides
 * @throws TICKET_CLOSED, TICKET_TRANSITION_INVALID
 */
export async function transitionOf(
  ctx: Ctx<Extract<SessionActor, { type: 'agent' | 'admin' }>>,
  ticket: TicketRow,
  { to, body, ...hold }: Omit<TransitionInput, 'id' | 'version'>,
  key?: string,
  { isAnswer = false } = {},
): Promise<{ patch: TicketPatch; events: TicketEvent[] }> {
  const { userId, type: who } = ctx.actor
  const now = ctx.deps.clock.now()
  // A reply may move it already, from new to open; the rule counts from where the agent saw it.
  const moved = moveTicket(
    ticket,
    {
      to,
      who,
      by: 'decision',
      userId,
      hold: to === 'on_hold' ? holdOf({ to, ...hold }, ticket, now) : undefined,
    },
    now,
  )
  const posted =
    body === undefined
      ? undefined
      : await postMessage(ctx, ticket, {
          kind: 'message',
          authorType: 'agent',
          authorId: userId,
          body,
          source: 'web',
          idempotencyKey: key,
        })
  // The key was used in this moment, for another ticket.
  if (body !== undefined && !posted) throw new AppError('IDEMPOTENCY_CONFLICT')
  if (to === 'pending' && !posted && !isAnswer && !(await isAnswered(ctx.db, ticket.id)))
    throw invalid(
      ticket,
      to,
      'A ticket is pending while its customer has an answer to react to: give one in `body`.',
    )
  return { patch: { ...posted?.patch, ...moved }, events: posted ? [messageEvent(posted.message)] : [] }
}

const invalid = (ticket: TicketRow, to: TicketStatus, why: string): AppError =>
  new AppError('TICKET_TRANSITION_INVALID', {
    from: ticket.status,
    to,
    choices: choices(ticket.status, 'agent'),
    why,
  })

function holdOf(
  { reason, until, to }: Pick<TransitionInput, 'reason' | 'until' | 'to'>,
  ticket: TicketRow,
  now: Date,
): { until: Date; reason: string } {
  if (reason === undefined || until === undefined)
    throw invalid(ticket, to, 'On hold needs a `reason`, and `until` when it opens again.')
  if (until <= now) throw invalid(ticket, to, '`until` must be in the future.')
  return { until, reason }
}

/** A ticket of this transaction as agents see it. */
export async function deskOf(ctx: Ctx, ticket: TicketRow) {
  const found = await findTicket(ctx.db, { id: ticket.id })
  if (!found) throw new Error(`ticket ${ticket.id} vanished`)
  const clocksOf = await clockReader(ctx)
  return presentDesk(found, clocksOf(found.ticket))
}
