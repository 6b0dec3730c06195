import type { TicketRow } from '../queries/tickets.ts'

type Moment = Date | null

/** The earliest of some moments; null: there is none. */
export function earliest(...moments: Moment[]): Moment {
  const times = moments.flatMap((moment) => (moment ? [moment.getTime()] : []))
  return times.length > 0 ? new Date(Math.min(...times)) : null
}

/**
 * Since when a ticket waits for an answer once what a merge brought has gone back. Only where the oldest unanswered question is the one that
 * goes, another one takes its place: the ticket's own of then, or one of those that came `later`. Had there been an answer in between, that
 * would have moved the wait on.
 */
export function withoutWait(waiting: Moment, merge: TicketRow['beforeMerge'], later: Moment[]): Moment {
  if (!waiting || waiting.getTime() !== merge?.waitingSince) return waiting
  const own = merge.targetWaitingSince
  return earliest(own === null ? null : new Date(own), ...later)
}
