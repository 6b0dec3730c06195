import { backoffMs } from '../client/retry.ts'
import type { DevForgeErrorCode } from '../contract.ts'
import { type DevForgeError, isDevForgeError, orLocalFailure } from '../errors.ts'
import type { AnalyticsApi } from './api.ts'
import type { QueuedEvent } from './record.ts'

export type SendError = DevForgeError<DevForgeErrorCode>

export interface SendOutcome {
  /** Ids that need not wait any more. */
  done: string[]
  sent: number
  dropped: number
  error: SendError | null
}

/** The server takes none that are older. */
const MAX_AGE_MS = 30 * 86_400_000
const FIRST_RETRY_MS = 5_000
const LONGEST_RETRY_MS = 30 * 60_000

/** How long to wait after so many failures in a row: as long as the server asks, or longer each time, with jitter. */
export function retryDelayMs(error: SendError, failures: number): number {
  const longest = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** failures)
  return Math.max(error.retryAfterMs ?? 0, longest * (0.5 + Math.random() * 0.5)) + backoffMs(0)
}

/** The events that an INVALID_INPUT names (`events.3.name`); all when it names none. */
function namedIn(error: SendError, events: readonly QueuedEvent[]): QueuedEvent[] {
  const issues = isDevForgeError(error, 'INVALID_INPUT') ? (error.details?.issues ?? []) : []
  const named = new Set(issues.map(({ path }) => Number(/^events\.(\d+)/.exec(path)?.[1] ?? Number.NaN)))
  const found = events.filter((_, index) => named.has(index))
  return found.length > 0 ? found : [...events]
}

/**
 * Sends some events. Those that are too old go at once; those that the server refuses go, too: they would be refused again. Whatever else
 * fails leaves all of them waiting: their ids keep a batch whose answer was lost from counting twice.
 */
export async function sendBatch(
  forge: { analytics: Pick<AnalyticsApi, 'track'> },
  batch: readonly QueuedEvent[],
  context: { clientId: string; now: number; signal: AbortSignal; timeoutMs: number | null },
): Promise<SendOutcome> {
  const { clientId, now, signal, timeoutMs } = context
  const old = batch.filter(({ atMs }) => atMs < now - MAX_AGE_MS)
  const events = batch.filter(({ atMs }) => atMs >= now - MAX_AGE_MS)
  const gone = (more: readonly QueuedEvent[]) => [...old, ...more].map(({ id }) => id)
  if (events.length === 0) return { done: gone([]), sent: 0, dropped: old.length, error: null }
  try {
    const { refused } = await forge.analytics.track(
      { clientId, events: events.map(({ atMs, ...event }) => ({ ...event, at: new Date(atMs) })) },
      { signal, ...(timeoutMs === null ? {} : { timeoutMs }) },
    )
    return {
      done: gone(events),
      sent: events.length - refused.length,
      dropped: old.length + refused.length,
      error: null,
    }
  } catch (caught) {
    const error = orLocalFailure(caught)
    const bad = error.code === 'INVALID_INPUT' ? namedIn(error, events) : []
    return {
      done: gone(bad),
      sent: 0,
      dropped: old.length + bad.length,
      error: bad.length > 0 ? null : error,
    }
  }
}
