import type { SessionActor } from '../../../context.ts'
import type { TicketRow, TicketScope } from '../queries/tickets.ts'
import type { Mover } from '../transitions.ts'

export const isStaff = (actor: SessionActor): boolean => actor.type !== 'user'

/** The tickets that somebody may touch: agents all, others their own. */
export const scopeOf = (actor: SessionActor): TicketScope =>
  isStaff(actor) ? {} : { requesterId: actor.userId }

/** As whom somebody acts on a ticket: on their own, agents are customers like everybody. */
export function moverOf(
  actor: SessionActor,
  ticket: Pick<TicketRow, 'requesterId'>,
): Exclude<Mover, 'timer' | 'system'> {
  if (ticket.requesterId === actor.userId) return 'customer'
  return actor.type === 'user' ? 'customer' : actor.type
}
