import { type Db, tickets } from '@devforge/db'
import { and, asc, eq, gt, isNull, lt, lte, or } from 'drizzle-orm'

export type TimerName = 'hold' | 'inactivity' | 'close'

const conditions = {
  hold: (before: Date) => and(eq(tickets.status, 'on_hold'), lte(tickets.holdUntil, before)),
  inactivity: (before: Date) =>
    and(
      eq(tickets.status, 'pending'),
      lte(tickets.statusChangedAt, before),
      or(isNull(tickets.lastAgentMessageAt), lte(tickets.lastAgentMessageAt, before)),
    ),
  close: (before: Date) => and(eq(tickets.status, 'solved'), lt(tickets.lastSolvedAt, before)),
} satisfies { [N in TimerName]: unknown }

/** Tickets whose time has come, in the order of their ids, after one. */
export async function dueTickets(
  db: Db,
  timer: TimerName,
  { before, after, limit }: { before: Date; after: string; limit: number },
): Promise<{ id: string }[]> {
  return db
    .select({ id: tickets.id })
    .from(tickets)
    .where(and(conditions[timer](before), gt(tickets.id, after)))
    .orderBy(asc(tickets.id))
    .limit(limit)
}
