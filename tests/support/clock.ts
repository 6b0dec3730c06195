import type { Clock } from '@devforge/server/clock'

/** A clock that runs, but may be set forward and back. */
export interface TestClock extends Clock {
  advance(ms: number): void
  set(date: Date): void
}

export function createTestClock(): TestClock {
  let offsetMs = 0
  return {
    now: () => new Date(Date.now() + offsetMs),
    advance: (ms) => {
      offsetMs += ms
    },
    set: (date) => {
      offsetMs = date.getTime() - Date.now()
    },
  }
}
