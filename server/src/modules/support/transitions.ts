import type { TicketStatus } from './queries/tickets.ts'

/** Who moves a ticket. Admins may do what agents do. */
export type Mover = 'customer' | 'agent' | 'admin' | 'timer' | 'system'

/** What brings a move about. */
export type Cause =
  /** Somebody chose the state: `tickets.transition`, `solve`, `reopen`. */
  | 'decision'
  /** A public message: `tickets.reply`, or a mail. */
  | 'reply'
  | 'assignment'
  /** The time on hold is over. */
  | 'hold_over'
  /** The customer has not answered for long. */
  | 'inactivity'
  /** Solved for so long that it is over. */
  | 'age'
  | 'merge'

export interface Transition {
  from: readonly TicketStatus[]
  to: TicketStatus
  who: readonly Mover[]
  by: Cause
  /** For people; the documentation is made of it. */
  rule: string
}

const UNSOLVED = ['new', 'open', 'pending', 'on_hold'] as const

/**
 * Every move that a ticket can make. The service, the tests and the documentation read this one table; what does not stand here cannot
 * happen. Nothing leads back to `new`, and nothing leads out of `closed`: an answer to a closed ticket makes a new one that is linked to it.
 * (To undo a merge is no move: the ticket is what it was, as if it had never been merged.)
 */
export const TRANSITIONS: readonly Transition[] = [
  { from: ['new'], to: 'open', who: ['system', 'agent'], by: 'assignment', rule: 'first assignment' },
  { from: ['new'], to: 'open', who: ['agent'], by: 'reply', rule: 'first public reply of an agent' },
  {
    from: ['new', 'open'],
    to: 'pending',
    who: ['agent'],
    by: 'decision',
    rule: 'the customer has an answer of an agent and it is their turn',
  },
  { from: ['new', 'open'], to: 'on_hold', who: ['agent'], by: 'decision', rule: 'with a reason and a time' },
  {
    from: ['pending', 'on_hold', 'solved'],
    to: 'open',
    who: ['customer'],
    by: 'reply',
    rule: 'public reply; from solved within 14 days, counted as reopened',
  },
  {
    from: ['pending', 'on_hold', 'solved'],
    to: 'open',
    who: ['agent', 'customer'],
    by: 'decision',
    rule: 'reopened by hand; from solved within 14 days, counted as reopened',
  },
  { from: ['on_hold'], to: 'open', who: ['timer'], by: 'hold_over', rule: 'the time on hold is over' },
  {
    from: UNSOLVED,
    to: 'solved',
    who: ['agent', 'customer'],
    by: 'decision',
    rule: 'the solver becomes assignee if there is none',
  },
  {
    from: ['pending'],
    to: 'solved',
    who: ['timer'],
    by: 'inactivity',
    rule: 'no answer for 7 days since we last wrote',
  },
  { from: ['solved'], to: 'closed', who: ['timer'], by: 'age', rule: '14 days after it was solved' },
  { from: ['solved'], to: 'closed', who: ['admin'], by: 'decision', rule: 'at once' },
  {
    from: [...UNSOLVED, 'solved'],
    to: 'closed',
    who: ['agent'],
    by: 'merge',
    rule: 'merged into another ticket of the same customer',
  },
]

const may = (transition: Transition, who: Mover): boolean =>
  transition.who.includes(who) || (who === 'admin' && transition.who.includes('agent'))

/** The move, if there is one. */
export const findTransition = (
  from: TicketStatus,
  to: TicketStatus,
  { who, by }: { who: Mover; by: Cause },
): Transition | undefined =>
  TRANSITIONS.find((t) => t.from.includes(from) && t.to === to && t.by === by && may(t, who))

/** Where somebody can move a ticket by deciding so. */
export const choices = (from: TicketStatus, who: Mover): TicketStatus[] => [
  ...new Set(
    TRANSITIONS.filter((t) => t.from.includes(from) && t.by === 'decision' && may(t, who)).map((t) => t.to),
  ),
]
