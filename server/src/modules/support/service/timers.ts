import { addMs, DAY } from '../../../clock.ts'
import type { Ctx } from '../../../context.ts'
import { type Budget, startBudget } from '../../../jobs/budget.ts'
import type { JobData } from '../../../jobs/types.ts'
import { inTx } from '../../../tx.ts'
import { deleteExpiredPresence } from '../queries/presence.ts'
import { moveTiers } from '../queries/search-tiers.ts'
import { lockTicket, type TicketRow } from '../queries/tickets.ts'
import { dueTickets, type TimerName } from '../queries/timers.ts'
import { eachDue, throwFailed } from './each.ts'
import { type Move, moveTicket, REOPEN_DAYS } from './move.ts'
import { saveTicket } from './save.ts'

/** How long a customer may take to answer before a pending ticket counts as solved. */
export const INACTIVE_DAYS = 7

interface Timer {
  move: Pick<Move, 'to' | 'by'>
  /** Tickets whose time (of this timer) lies before it are due. */
  before(now: Date): Date
  /** Asked again under the lock: whoever answered in between stopped the timer. */
  isDue(ticket: TicketRow, before: Date): boolean
}

const TIMERS: { [N in TimerName]: Timer } = {
  hold: {
    move: { to: 'open', by: 'hold_over' },
    before: (now) => now,
    isDue: (ticket, before) =>
      ticket.status === 'on_hold' && ticket.holdUntil !== null && ticket.holdUntil <= before,
  },
  inactivity: {
    move: { to: 'solved', by: 'inactivity' },
    before: (now) => addMs(now, -INACTIVE_DAYS * DAY),
    // Whoever was told more since has that much more time.
    isDue: ({ status, statusChangedAt, lastAgentMessageAt }, before) =>
      status === 'pending' &&
      statusChangedAt <= before &&
      (lastAgentMessageAt === null || lastAgentMessageAt <= before),
  },
  close: {
    move: { to: 'closed', by: 'age' },
    before: (now) => addMs(now, -REOPEN_DAYS * DAY),
    isDue: (ticket, before) =>
      ticket.status === 'solved' && ticket.lastSolvedAt !== null && ticket.lastSolvedAt < before,
  },
}

const BATCH = 200

const ORDER = ['hold', 'inactivity', 'close'] as const satisfies TimerName[]

/**
 * Moves the tickets whose time has come. Each in a transaction of its own, so that one that is worked on holds up no other.
 * @param after where an earlier run stopped, whose time was over
 * @throws AggregateError of those that could not be moved, once all others are
 */
export async function runTimers(
  ctx: Ctx,
  { after }: JobData['support.timers'] = {},
  isOver: Budget = startBudget(),
): Promise<void> {
  await deleteExpiredPresence(ctx.db, ctx.deps.clock.now())
  const failures: { error: unknown }[] = []
  for (const name of ORDER.slice(after && ORDER.indexOf(after.timer))) {
    const timer = TIMERS[name]
    const before = timer.before(ctx.deps.clock.now())
    const { failed, left } = await eachDue<{ id: string }>(ctx, {
      after: after?.timer === name ? after : undefined,
      list: (last) => dueTickets(ctx.db, name, { before, after: last?.id ?? '', limit: BATCH }),
      work: (id) => runTimer(ctx, timer, { id, before }),
      isOver,
    })
    failures.push(...failed)
    if (!left) continue
    const place = { timer: name, id: left.id }
    await ctx.deps.jobs.enqueue(ctx.db, 'support.timers', { after: place }, { singletonKey: 'rest' })
    break
  }
  await inTx(ctx, (ctx) => moveTiers(ctx.db))
  throwFailed(failures)
}

async function runTimer(ctx: Ctx, { move, isDue }: Timer, { id, before }: { id: string; before: Date }) {
  await inTx(ctx, async (ctx) => {
    const ticket = await lockTicket(ctx.db, { id })
    if (!ticket || !isDue(ticket, before)) return
    const patch = moveTicket(ticket, { ...move, who: 'timer' }, ctx.deps.clock.now())
    await saveTicket(ctx, ticket, patch, [])
  })
}
