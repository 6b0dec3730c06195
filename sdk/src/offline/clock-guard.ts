/** A clock may be this far off, or set back this far, without anybody minding. */
export const CLOCK_TOLERANCE_MS: number = 5 * 60_000

/**
 * Keeps time from running backwards. `seenMs` is the high-water mark of all times ever seen; a clock that reads earlier than
 * that was set back. `skewMs` is what a wrong clock was found to be off when the server was last reached in this run.
 */
export interface ClockGuard {
  readonly seenMs: number
  readonly skewMs: number | null
}

/**
 * What time it is, or null when the clock was set back. A clock that was wrong while the server was reached is corrected by
 * what it was off then; one that has been put right since is taken as it is: the earlier of the two readings that can be.
 */
export function plausibleNow(guard: ClockGuard, wallMs: number): number | null {
  const readings = guard.skewMs === null ? [wallMs] : [wallMs, wallMs + guard.skewMs]
  const possible = readings.filter((reading) => reading >= guard.seenMs - CLOCK_TOLERANCE_MS)
  return possible.length === 0 ? null : Math.min(...possible)
}

/** The guard after looking at the clock. */
export function noticeTime(guard: ClockGuard, nowMs: number): ClockGuard {
  return nowMs > guard.seenMs ? { ...guard, seenMs: nowMs } : guard
}

/**
 * The guard after the server told the time in an answer never seen before. That word outweighs a mark which a clock once set
 * ahead has left.
 */
export function trustServerTime(serverMs: number, wallMs: number): ClockGuard {
  const skewMs = serverMs - wallMs
  return { seenMs: serverMs, skewMs: Math.abs(skewMs) > CLOCK_TOLERANCE_MS ? skewMs : null }
}
