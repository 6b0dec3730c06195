import { addBusinessMs, type BusinessCalendar, businessMsBetween } from './calendar.ts'

/** Time in which a clock ran (epoch ms); `to: null` while it does. */
export interface Run {
  from: number
  to: number | null
}

/** How a clock ended: the promise was kept, or there was nothing left to promise (solved without an answer, merged). */
export type Outcome = 'met' | 'cancelled'

/**
 * One promise of a ticket, as it is kept with it: when it ran, and what came of it. `dueAt` is what was last promised, so that a
 * breach before a change of policy is known after it, whether the sweep came by in between or not.
 */
export interface Timer {
  /** 1, 2, …: which of the ticket's promises of this kind. */
  cycle: number
  runs: Run[]
  outcome: Outcome | null
  /** Epoch ms; null while nothing is promised, or while paused. */
  dueAt: number | null
  targetMs: number | null
  /** What had been promised when it was broken. Once there, it stays. */
  breachedDueAt: number | null
  /** The assignee was told that it gets late. */
  warned: boolean
}

/** A promise of so much business time; null: none. */
export interface Target {
  calendar: BusinessCalendar
  targetMs: number | null
}

export const startTimer = (from: number, cycle = 1): Timer => ({
  cycle,
  runs: [{ from, to: null }],
  outcome: null,
  dueAt: null,
  targetMs: null,
  breachedDueAt: null,
  warned: false,
})

export const isRunning = (timer: Timer): boolean => timer.runs.at(-1)?.to === null

export function pause(timer: Timer, at: number): Timer {
  const last = timer.runs.at(-1)
  if (!last || last.to !== null) return timer
  return { ...timer, runs: [...timer.runs.slice(0, -1), { from: last.from, to: Math.max(at, last.from) }] }
}

export const end = (timer: Timer, at: number, outcome: Outcome): Timer =>
  timer.outcome === null ? { ...pause(timer, at), outcome } : timer

/** Goes on where it stopped, with the time used. */
export const resume = (timer: Timer, at: number): Timer =>
  isRunning(timer) ? timer : { ...timer, outcome: null, runs: [...timer.runs, { from: at, to: null }] }

/** Business time used until `now`. */
export const usedMs = ({ runs }: Timer, calendar: BusinessCalendar, now: number): number =>
  runs.reduce((used, { from, to }) => used + businessMsBetween(calendar, from, Math.min(to ?? now, now)), 0)

/**
 * The moment at which a running timer has used (or, if runs of the past used it up already, had used) a time; null while it is paused
 * or ended before that.
 */
export function momentOf({ runs }: Timer, calendar: BusinessCalendar, ms: number): number | null {
  let left = ms
  for (const { from, to } of runs) {
    const moment = addBusinessMs(calendar, from, left)
    // Paused at the very end of the time is not later than the end of it.
    if (to === null || moment < to) return moment
    left -= businessMsBetween(calendar, from, to)
  }
  return null
}

/** Writes down a breach if there was one: the deadline itself is still in time, a millisecond later is not. */
export const judge = (timer: Timer, at: number): Timer =>
  timer.breachedDueAt === null && timer.outcome === null && timer.dueAt !== null && at > timer.dueAt
    ? { ...timer, breachedDueAt: timer.dueAt }
    : timer

/** Promises anew, counted from the original start. What has ended stays as it was judged. */
export function promise(timer: Timer, { calendar, targetMs }: Target): Timer {
  if (timer.outcome !== null) return timer
  return { ...timer, targetMs, dueAt: targetMs === null ? null : momentOf(timer, calendar, targetMs) }
}
