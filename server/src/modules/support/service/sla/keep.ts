import type { SlaState, SlaTimer } from '@devforge/db'
import type { Actor, Ctx } from '../../../../context.ts'
import { recordBreaches, type SlaPatch } from '../../queries/sla.ts'
import type { TicketRow } from '../../queries/tickets.ts'
import { advance, type Metric, metrics, nextSteps, type Policy, startClocks } from '../../sla/clocks.ts'
import { eventsBetween, lifeOf } from '../../sla/events.ts'
import { isRunning } from '../../sla/timers.ts'
import type { TicketEvent } from '../save.ts'
import { mailAssignee } from './mail.ts'
import { policyFor } from './policies.ts'

/** As the database spells metrics. */
export const METRIC = {
  firstResponse: 'first_response',
  nextResponse: 'next_response',
  resolution: 'resolution',
} as const satisfies { [M in Metric]: string }

/**
 * What a change of a locked ticket means for its promises: called by the one place where tickets change, in its transaction. Breaches that
 * come to light are written down.
 * @returns the columns to write with the change, and the events that tell of breaches
 */
export async function recomputeSla(
  ctx: Ctx,
  before: TicketRow,
  after: TicketRow,
  answered?: boolean | undefined,
): Promise<{ patch: Partial<SlaPatch>; events: TicketEvent[] }> {
  const now = ctx.deps.clock.now()
  const happened =
    before.sla === null
      ? lifeOf(after)
      : eventsBetween(before, after, { now, by: changerOf(ctx.actor, after), answered })
  const samePolicy = before.plan === after.plan && before.priority === after.priority
  if (before.sla !== null && happened.length === 0 && samePolicy) return { patch: {}, events: [] }
  const policy = await policyFor(ctx, after)
  const look = { type: 'look', at: now.getTime() } as const
  let state = before.sla ?? startClocks(after.createdAt.getTime(), policy)
  // Every state on the way is looked at: a change may end a wait that was late and begin another.
  const states = [...happened, look].map((event) => {
    state = advance(state, event, policy)
    return state
  })
  const events = await writeBreaches(ctx, after, states)
  return { patch: clockColumns(state, policy, after), events }
}

/** Whoever wrote the ticket is its customer, agents included. */
function changerOf(actor: Actor, { requesterId }: TicketRow): 'customer' | 'agent' | 'system' {
  if (!('userId' in actor)) return 'system'
  return actor.userId === requesterId ? 'customer' : 'agent'
}

/** The columns that lists are sorted, and tickets are found by. */
export function clockColumns(state: SlaState, policy: Policy, ticket: Pick<TicketRow, 'breached'>): SlaPatch {
  const due: { [M in Metric]: Date | null } = {
    firstResponse: dueOf(state.firstResponse),
    nextResponse: dueOf(state.nextResponse),
    resolution: dueOf(state.resolution),
  }
  return {
    firstResponseDueAt: due.firstResponse,
    nextResponseDueAt: due.nextResponse,
    resolutionDueAt: due.resolution,
    nextDueAt: earliest(metrics.map((metric) => due[metric])),
    slaCheckAt: earliest(nextSteps(state, policy).map(({ at }) => new Date(at))),
    breached: ticket.breached || metrics.some((metric) => isBroken(state[metric])),
    sla: state,
  }
}

const isBroken = (timer: SlaTimer | null): boolean => timer !== null && timer.breachedDueAt !== null

/** The deadline of a clock that runs, passed or not. */
function dueOf(timer: SlaTimer | null): Date | null {
  if (timer === null || timer.outcome !== null || !isRunning(timer)) return null
  const due = timer.breachedDueAt ?? timer.dueAt
  return due === null ? null : new Date(due)
}

function earliest(dates: (Date | null)[]): Date | null {
  const times = dates.flatMap((date) => (date === null ? [] : [date.getTime()]))
  return times.length === 0 ? null : new Date(Math.min(...times))
}

/**
 * Writes down the breaches that states of a locked ticket show, once each, and mails its assignee about those that still run.
 * @returns the events that tell of them
 */
export async function writeBreaches(ctx: Ctx, ticket: TicketRow, states: SlaState[]): Promise<TicketEvent[]> {
  const known = new Set(metrics.flatMap((metric) => breachesOf(ticket.sla, metric)))
  const broken = new Map<string, Parameters<typeof recordBreaches>[1][number]>()
  for (const state of states) {
    for (const metric of metrics) {
      const timer = state[metric]
      const [key] = breachesOf(state, metric)
      if (timer?.breachedDueAt == null || key === undefined || known.has(key)) continue
      broken.set(key, {
        ticketId: ticket.id,
        metric: METRIC[metric],
        cycle: timer.cycle,
        dueAt: new Date(timer.breachedDueAt),
        assigneeId: ticket.assigneeId,
        at: ctx.deps.clock.now(),
      })
    }
  }
  const written = await recordBreaches(ctx.db, [...broken.values()])
  const last = states.at(-1)
  for (const { metric, cycle, dueAt } of written) {
    const still = metrics.some(
      (m) => METRIC[m] === metric && last?.[m]?.cycle === cycle && last[m]?.outcome === null,
    )
    if (still) await mailAssignee(ctx, ticket, 'sla-breached', { metric, cycle, dueAt })
  }
  return written.map(({ metric, cycle, dueAt }) => ({
    type: 'sla.breached',
    isPublic: false,
    after: { metric, cycle, dueAt },
  }))
}

function breachesOf(state: SlaState | null, metric: Metric): string[] {
  const timer = state?.[metric]
  return timer && timer.breachedDueAt !== null ? [`${metric} ${timer.cycle}`] : []
}
