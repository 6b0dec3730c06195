import type { SlaEvent, TicketStatus } from './clocks.ts'

/** What of a ticket's row tells what happened to it. */
export interface Facts {
  status: TicketStatus
  statusChangedAt: Date
  firstResponseAt: Date | null
  lastAgentMessageAt: Date | null
  /** The oldest message of the customer that nobody answered, or when they reopened it without one. */
  waitingSince: Date | null
}

const isOver = (status: TicketStatus): boolean => status === 'solved' || status === 'closed'
const changed = (before: Date | null, after: Date | null): after is Date =>
  after !== null && after.getTime() !== before?.getTime()

/** Whether nothing waits any more, or only what came later. */
const isPutOff = (before: Date | null, after: Date | null): boolean =>
  before !== null && (after === null || after > before)

/**
 * What one change did to a ticket, in the order in which clocks must hear of it: it leaves where it was solved before somebody writes, and
 * is solved or closed after.
 * @param answered whether it answers the customer; default: an agent wrote. Messages that are moved answer nothing by that
 * @param now taken for all of it: a change is one moment, however many times were noted on its way
 */
export function eventsBetween(
  before: Facts,
  after: Facts,
  {
    now,
    by,
    answered = changed(before.lastAgentMessageAt, after.lastAgentMessageAt),
  }: { now: Date; by: 'customer' | 'agent' | 'system'; answered?: boolean | undefined },
): SlaEvent[] {
  const events: SlaEvent[] = []
  const at = now.getTime()
  if (answered) events.push({ type: 'agentReply', at })
  const { waitingSince } = after
  if (waitingSince !== null && (before.waitingSince === null || waitingSince < before.waitingSince))
    events.push({ type: 'customerMessage', at, since: waitingSince.getTime() })
  else if (!answered && !isOver(after.status) && isPutOff(before.waitingSince, waitingSince))
    events.push({ type: 'withdrawn', at, since: waitingSince?.getTime() ?? null })
  if (before.status !== after.status) {
    const move: SlaEvent = { type: 'transition', at, from: before.status, to: after.status, by }
    if (before.status === 'closed' && waitingSince === null) {
      // The undo of a merge. When a later question was answered is not kept; the ticket that had taken it in tells whether in time.
      const answeredAt = before.firstResponseAt === null ? after.firstResponseAt : null
      return [{ ...move, answeredAt: (answeredAt ?? before.statusChangedAt).getTime() }]
    }
    if (isOver(after.status)) events.push(move)
    else events.unshift(move)
  }
  return events
}

/** The life of a ticket whose clocks nobody kept, as far as its row tells of it. */
export function lifeOf({ status, statusChangedAt, firstResponseAt, waitingSince }: Facts): SlaEvent[] {
  const events: SlaEvent[] = []
  if (firstResponseAt !== null) events.push({ type: 'agentReply', at: firstResponseAt.getTime() })
  if (waitingSince !== null) events.push({ type: 'customerMessage', at: waitingSince.getTime() })
  if (status !== 'new')
    events.push({ type: 'transition', at: statusChangedAt.getTime(), from: 'new', to: status, by: 'system' })
  return events.toSorted((a, b) => a.at - b.at)
}
