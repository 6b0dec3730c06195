import type { DevForgeErrorCode } from '../contract.ts'
import { isDevForgeError } from '../errors.ts'
import type { Deadline } from './deadline.ts'

/** Failures that may well pass by themselves. */
const TRANSIENT: ReadonlySet<DevForgeErrorCode> = new Set<DevForgeErrorCode>([
  'NETWORK',
  'UNAVAILABLE',
  'RATE_LIMITED',
  'STRIPE_UNAVAILABLE',
])
export const isTransient = (error: unknown): boolean => isDevForgeError(error) && TRANSIENT.has(error.code)

const FIRST_DELAY_MS = 200
const LONGEST_DELAY_MS = 5_000

/** A random wait below a bound that doubles with each attempt ("full jitter"): clients that failed together must not return together. */
export function backoffMs(attempt: number, random: () => number = Math.random): number {
  return random() * Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** attempt)
}

/** How long to wait after the given number of failures: longer where the server asks for it. */
export const waitAfter = (error: unknown, failed: number): number =>
  ((isDevForgeError(error) && error.retryAfterMs) || 0) + backoffMs(failed)

/**
 * Tries again while the failure is a passing one. Waits as long as the server asks, and not at all when that is more than
 * the call has left: then its error is the answer.
 */
export async function withRetries<T>(
  retries: number,
  deadline: Deadline,
  attempt: () => Promise<T>,
): Promise<T> {
  for (let failed = 0; ; failed++) {
    try {
      return await attempt()
    } catch (error) {
      if (failed >= retries || !isTransient(error)) throw error
      const wait = waitAfter(error, failed)
      if (wait >= deadline.remainingMs()) throw error
      await deadline.sleep(wait)
    }
  }
}
