import { addMs, DAY } from '../../../clock.ts'
import { AppError } from '../../../errors.ts'
import type { TicketPatch, TicketRow, TicketStatus } from '../queries/tickets.ts'
import { type Cause, choices, findTransition, type Mover } from '../transitions.ts'

/** How long a solved ticket can be opened again; after that it is closed. */
export const REOPEN_DAYS = 14

/** Whether a solved ticket is over, also when the timer that closes it has not come by yet. */
export const isOver = (ticket: Pick<TicketRow, 'status' | 'lastSolvedAt'>, now: Date): boolean =>
  ticket.status === 'closed' ||
  (ticket.status === 'solved' &&
    ticket.lastSolvedAt !== null &&
    addMs(ticket.lastSolvedAt, REOPEN_DAYS * DAY) < now)

export interface Move {
  to: TicketStatus
  who: Mover
  by: Cause
  /** Who decided, when it was a person. */
  userId?: string | undefined
  /** Of a ticket put on hold. */
  hold?: { until: Date; reason: string } | undefined
}

/**
 * What moving a ticket changes of it. Pure: rules that need to look at messages are the caller's.
 * @throws TICKET_CLOSED, TICKET_TRANSITION_INVALID
 */
export function moveTicket(ticket: TicketRow, move: Move, now: Date): TicketPatch {
  const { to, who, by } = move
  if (ticket.status === 'closed' || (to === 'open' && isOver(ticket, now)))
    throw new AppError('TICKET_CLOSED', { id: ticket.id })
  if (!findTransition(ticket.status, to, { who, by })) {
    throw new AppError('TICKET_TRANSITION_INVALID', {
      from: ticket.status,
      to,
      choices: choices(ticket.status, who),
    })
  }
  return { ...leave(ticket, now), ...enter(ticket, move, now), status: to, statusChangedAt: now }
}

function leave(ticket: TicketRow, now: Date): TicketPatch {
  if (ticket.status === 'on_hold') return { holdUntil: null, holdReason: null }
  // Merged or closed by age it is not opened again; that is told by where it goes.
  return ticket.status === 'solved' ? { reopenedAt: now, reopenCount: ticket.reopenCount + 1 } : {}
}

function enter(ticket: TicketRow, { to, who, userId, hold }: Move, now: Date): TicketPatch {
  switch (to) {
    case 'open':
      // Whoever wants it back waits, with words or without.
      return ticket.status === 'solved' && who === 'customer' ? { waitingSince: now } : {}
    case 'on_hold':
      return { holdUntil: hold?.until ?? null, holdReason: hold?.reason ?? null }
    case 'solved':
      return {
        firstSolvedAt: ticket.firstSolvedAt ?? now,
        lastSolvedAt: now,
        waitingSince: null,
        // Somebody of ours solved it: it is theirs, should the customer come back.
        ...(ticket.assigneeId === null && userId !== undefined && (who === 'agent' || who === 'admin')
          ? { assigneeId: userId, firstAssignedAt: ticket.firstAssignedAt ?? now }
          : {}),
      }
    case 'closed':
      return {
        closedAt: now,
        waitingSince: null,
        reopenedAt: ticket.reopenedAt,
        reopenCount: ticket.reopenCount,
      }
    case 'new':
    case 'pending':
      return {}
  }
}
