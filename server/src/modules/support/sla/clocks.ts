import type { SlaState, SlaTimer } from '@devforge/db'
import type { BusinessCalendar } from './calendar.ts'
import {
  end,
  goOn,
  isRunning,
  judge,
  momentOf,
  pause,
  promise,
  resume,
  startTimer,
  usedMs,
} from './timers.ts'

export type TicketStatus = 'new' | 'open' | 'pending' | 'on_hold' | 'solved' | 'closed'
export const metrics = ['firstResponse', 'nextResponse', 'resolution'] as const
export type Metric = (typeof metrics)[number]

/**
 * What happens to a ticket, as far as promises are concerned; `at` in epoch ms. Notes are none of it. One change may be several of
 * these: an answer that sets a ticket pending is a reply and a transition.
 */
export type SlaEvent =
  | {
      type: 'customerMessage'
      at: number /** Waiting since before: a merge brought an older message. */
      since?: number
    }
  | { type: 'agentReply'; at: number /** Out of office, a receipt: answers nothing. */; isAuto?: boolean }
  /** What waited stands in another ticket now: a split, a merge that was undone. What still waits does since then; null: nothing does. */
  | { type: 'withdrawn'; at: number; since: number | null }
  | {
      type: 'transition'
      at: number
      from: TicketStatus
      to: TicketStatus
      by: 'customer' | 'agent' | 'system'
      /** The undo of a merge: when what waited was answered, where it had been merged into. */
      answeredAt?: number
    }
  /** Another priority or plan, another policy, or only time. */
  | { type: 'look'; at: number }

/** What is promised to a ticket of one plan and priority, in business milliseconds of the calendar; null: nothing. */
export interface Policy {
  calendar: BusinessCalendar
  targets: Record<Metric, number | null>
}

/**
 * - `none`: nothing is promised
 * - `running`, `paused`: in time so far
 * - `met`: ended in time
 * - `breached`: was late, whether it still runs or not
 * - `cancelled`: ended in time, with nothing left to promise: solved or merged without an answer
 */
export const clockStates = ['none', 'running', 'paused', 'met', 'breached', 'cancelled'] as const

/** A clock as people see it. Times in epoch ms. */
export interface Clock {
  metric: Metric
  cycle: number
  state: (typeof clockStates)[number]
  startedAt: number
  endedAt: number | null
  /** The deadline: of what runs, of what has ended, and of what was broken; null while paused. */
  dueAt: number | null
  /** Business time. */
  usedMs: number
  /** Business time; negative: so much late. Null where nothing is promised. */
  remainingMs: number | null
}

/** The share of its time after which the assignee is warned. */
const WARN_SHARE = 0.8

export const startClocks = (createdAt: number, policy: Policy): SlaState =>
  promiseAll(
    { firstResponse: startTimer(createdAt), nextResponse: null, resolution: startTimer(createdAt) },
    policy,
  )

/**
 * Moves the clocks on by what happened. What was promised until then is judged by that promise; from then on `policy` counts, from
 * the original start. So breaches of the past stay, and a promise that has ended stays as it ended.
 *
 * - `firstResponse` runs from creation to the first public reply of an agent, and never pauses. What the customer adds meanwhile
 *   waits for that same reply; what waited longer, in a ticket that was merged into this one, has it run since then.
 * - `nextResponse` runs from the oldest message of the customer that no agent has answered since. Each is a cycle of its own.
 * - `resolution` pauses while pending, when it is the customer's turn; not while on hold: then we wait for ourselves or somebody that
 *   we chose, and to hold a ticket must not stop what the customer was promised. It ends when solved, and goes on with the time used
 *   when reopened: one cycle, so that a ticket breaks it once at most.
 *
 * Solving, and merging away, ends a wait that was not answered. A reopening lets it begin anew; the undo of a merge lets it go on.
 */
export function advance(state: SlaState, event: SlaEvent, policy: Policy): SlaState {
  return judgeAll(promiseAll(apply(judgeAll(state, event.at), event), policy), event.at)
}

/** The clocks as they are now. */
export function readClocks(state: SlaState, policy: Policy, now: number): Clock[] {
  const clocks: Clock[] = []
  for (const metric of metrics) {
    const timer = state[metric]
    if (timer) clocks.push(readClock(metric, judge(timer, now), policy.calendar, now))
  }
  return clocks
}

/** What is to be done about a timer next, and when: warn, or write down the breach, a millisecond after the deadline. */
export interface Step {
  metric: Metric
  kind: 'warn' | 'breach'
  at: number
}

/** The next step of each running promise that is not broken yet. */
export function nextSteps(state: SlaState, { calendar }: Policy): Step[] {
  return metrics.flatMap((metric): Step[] => {
    const timer = state[metric]
    if (!timer || timer.outcome !== null || timer.breachedDueAt !== null || timer.dueAt === null) return []
    const { dueAt, targetMs, warned } = timer
    const warnAt =
      warned || targetMs === null ? null : momentOf(timer, calendar, Math.floor(targetMs * WARN_SHARE))
    return warnAt !== null && warnAt <= dueAt
      ? [{ metric, kind: 'warn', at: warnAt }]
      : [{ metric, kind: 'breach', at: dueAt + 1 }]
  })
}

function apply(state: SlaState, event: SlaEvent): SlaState {
  switch (event.type) {
    case 'customerMessage':
      return wait(state, Math.min(event.since ?? event.at, event.at))
    case 'agentReply':
      return event.isAuto ? state : endWait(state, event.at, 'met')
    case 'withdrawn':
      return withdraw(state, event)
    case 'transition':
      return transition(state, event)
    case 'look':
      return state
  }
}

function wait(state: SlaState, since: number): SlaState {
  const { firstResponse, nextResponse } = state
  // Of an older ticket that was merged into this one: whoever asked there waits since then.
  if (firstResponse.outcome === null)
    return {
      ...state,
      firstResponse: startedBy(firstResponse, Math.min(since, startOf(firstResponse, since))),
    }
  if (nextResponse?.outcome !== null)
    return { ...state, nextResponse: startTimer(since, (nextResponse?.cycle ?? 0) + 1) }
  const from = Math.min(since, startOf(nextResponse, since))
  return { ...state, nextResponse: startedBy(nextResponse, from) }
}

const startOf = ({ runs: [first] }: SlaTimer, otherwise: number): number => first?.from ?? otherwise

/** One that never paused, as if it had begun at another time. */
const startedBy = (timer: SlaTimer, from: number): SlaTimer => ({ ...timer, runs: [{ from, to: null }] })

function withdraw(state: SlaState, { at, since }: Extract<SlaEvent, { type: 'withdrawn' }>): SlaState {
  // The first response is owed to the ticket, as long as anything in it waits: since it was created, or since what is older.
  if (since !== null && state.firstResponse.outcome === null) {
    const from = Math.min(since, startOf(state.resolution, since))
    return { ...state, firstResponse: startedBy(state.firstResponse, from) }
  }
  const ended = endWait(state, at, 'cancelled')
  return since === null ? ended : wait(ended, since)
}

function endWait(state: SlaState, at: number, outcome: 'met' | 'cancelled'): SlaState {
  const { firstResponse, nextResponse } = state
  if (firstResponse.outcome === null) return { ...state, firstResponse: end(firstResponse, at, outcome) }
  return nextResponse ? { ...state, nextResponse: end(nextResponse, at, outcome) } : state
}

const isOver = (status: TicketStatus): boolean => status === 'solved' || status === 'closed'

function transition(
  state: SlaState,
  { at, from, to, by, answeredAt }: Extract<SlaEvent, { type: 'transition' }>,
): SlaState {
  const { resolution } = state
  if (isOver(to)) {
    // From solved to closed nothing happens to the clocks; closing what was not solved is merging it away.
    const ended = { ...state, resolution: end(resolution, at, to === 'solved' ? 'met' : 'cancelled') }
    return endWait(ended, at, 'cancelled')
  }
  if (from === 'closed') return unmerged(state, to, answeredAt)
  const moved = { ...state, resolution: to === 'pending' ? pause(resolution, at) : resume(resolution, at) }
  if (from !== 'solved') return moved
  // Reopened: whoever wants it back waits, and so does whoever was never answered.
  const unanswered = (state.nextResponse ?? state.firstResponse).outcome === 'cancelled'
  return unanswered || by === 'customer' ? wait(moved, at) : moved
}

/** A merge that is undone never was: clocks that it ended go on as if they had run all the time, and what was paused stays so. */
function unmerged(state: SlaState, to: TicketStatus, answeredAt: number | undefined): SlaState {
  const { firstResponse, nextResponse, resolution } = state
  const waited = (timer: SlaTimer): SlaTimer => {
    if (timer.outcome !== 'cancelled') return timer
    const waits = goOn(timer)
    return answeredAt === undefined ? waits : end(judge(waits, answeredAt), answeredAt, 'met')
  }
  return {
    firstResponse: nextResponse ? firstResponse : waited(firstResponse),
    nextResponse: nextResponse && waited(nextResponse),
    resolution: to === 'pending' ? { ...resolution, outcome: null } : goOn(resolution),
  }
}

function readClock(metric: Metric, timer: SlaTimer, calendar: BusinessCalendar, now: number): Clock {
  const { cycle, runs, outcome, targetMs, breachedDueAt } = timer
  const used = usedMs(timer, calendar, now)
  return {
    metric,
    cycle,
    state: stateOf(timer),
    startedAt: runs[0]?.from ?? now,
    endedAt: outcome === null ? null : (runs.at(-1)?.to ?? null),
    dueAt: breachedDueAt ?? timer.dueAt,
    usedMs: used,
    remainingMs: targetMs === null ? null : targetMs - used,
  }
}

function stateOf(timer: SlaTimer): Clock['state'] {
  if (timer.breachedDueAt !== null) return 'breached'
  if (timer.targetMs === null) return 'none'
  if (timer.outcome !== null) return timer.outcome
  return isRunning(timer) ? 'running' : 'paused'
}

function promiseAll(state: SlaState, { calendar, targets }: Policy): SlaState {
  const { firstResponse, nextResponse, resolution } = state
  const renew = (timer: SlaTimer, metric: Metric) => promise(timer, { calendar, targetMs: targets[metric] })
  return {
    firstResponse: renew(firstResponse, 'firstResponse'),
    nextResponse: nextResponse && renew(nextResponse, 'nextResponse'),
    resolution: renew(resolution, 'resolution'),
  }
}

const judgeAll = ({ firstResponse, nextResponse, resolution }: SlaState, at: number): SlaState => ({
  firstResponse: judge(firstResponse, at),
  nextResponse: nextResponse && judge(nextResponse, at),
  resolution: judge(resolution, at),
})
