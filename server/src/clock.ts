/** The one source of business time, so that expiry, grace and timers are tested without sleeping. */
export interface Clock {
  now(): Date
}

export const systemClock: Clock = { now: () => new Date() }

export const SECOND = 1_000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

/** `date` moved by a number of milliseconds. */
export const addMs = (date: Date, ms: number): Date => new Date(date.getTime() + ms)

/** The later of two moments. */
export const laterOf = (a: Date, b: Date): Date => (a.getTime() >= b.getTime() ? a : b)

/** `date` moved by calendar months, clamped to the month's last day (31 January + 1 month = 28 or 29 February). UTC. */
export function addMonths(date: Date, months: number): Date {
  const result = new Date(date)
  const day = result.getUTCDate()
  result.setUTCDate(1)
  result.setUTCMonth(result.getUTCMonth() + months)
  const lastDay = new Date(Date.UTC(result.getUTCFullYear(), result.getUTCMonth() + 1, 0)).getUTCDate()
  result.setUTCDate(Math.min(day, lastDay))
  return result
}
