import type { SlaTimer } from '@devforge/db'
import { addBusinessMs, type BusinessCalendar, businessMsBetween } from './calendar.ts'

/** A promise of so much business time; null: none. */
export interface Target {
  calendar: BusinessCalendar
  targetMs: number | null
}

export const startTimer = (from: number, cycle = 1): SlaTimer => ({
  cycle,
  runs: [{ from, to: null }],
  outcome: null,
  dueAt: null,
  targetMs: null,
  breachedDueAt: null,
  warned: false,
})

export const isRunning = (timer: SlaTimer): boolean => timer.runs.at(-1)?.to === null

export function pause(timer: SlaTimer, at: number): SlaTimer {
  const last = timer.runs.at(-1)
  if (!last || last.to !== null) return timer
  return { ...timer, runs: [...timer.runs.slice(0, -1), { from: last.from, to: Math.max(at, last.from) }] }
}

export const end = (timer: SlaTimer, at: number, outcome: 'met' | 'cancelled'): SlaTimer =>
  timer.outcome === null ? { ...pause(timer, at), outcome } : timer

/** Goes on where it stopped, with the time used. */
export const resume = (timer: SlaTimer, at: number): SlaTimer =>
  isRunning(timer) ? timer : { ...timer, outcome: null, runs: [...timer.runs, { from: at, to: null }] }

/** Goes on as if it had never stopped. */
export function goOn(timer: SlaTimer): SlaTimer {
  const last = timer.runs.at(-1)
  if (!last) return timer
  return { ...timer, outcome: null, runs: [...timer.runs.slice(0, -1), { from: last.from, to: null }] }
}

/** Business time used until `now`. */
export const usedMs = ({ runs }: SlaTimer, calendar: BusinessCalendar, now: number): number =>
  runs.reduce((used, { from, to }) => used + businessMsBetween(calendar, from, Math.min(to ?? now, now)), 0)

/**
 * The moment at which a running timer has used (or, if runs of the past used it up already, had used) a time; null while it is paused
 * or ended before that.
 */
export function momentOf({ runs }: SlaTimer, calendar: BusinessCalendar, ms: number): number | null {
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
export const judge = (timer: SlaTimer, at: number): SlaTimer =>
  timer.breachedDueAt === null && timer.outcome === null && timer.dueAt !== null && at > timer.dueAt
    ? { ...timer, breachedDueAt: timer.dueAt }
    : timer

/** Promises anew, counted from the original start. What has ended stays as it was judged. */
export function promise(timer: SlaTimer, { calendar, targetMs }: Target): SlaTimer {
  if (timer.outcome !== null) return timer
  return { ...timer, targetMs, dueAt: targetMs === null ? null : momentOf(timer, calendar, targetMs) }
}
