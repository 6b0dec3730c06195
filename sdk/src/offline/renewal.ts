import { unref } from '../client/unref.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
/** A fleet of editors that start at nine must not ask at nine. */
const FIRST_DELAY_MS = 30_000
const INTERVAL_MS = 6 * HOUR_MS
const FIRST_RETRY_MS = MINUTE_MS

export interface RenewalOptions {
  /** Talks to the server; resolves to whether that worked. Must not reject. */
  sync(signal: AbortSignal): Promise<boolean>
  /** Looks at the clock, so that expiry and a clock set back are noticed while nothing else happens. */
  tick(): void
  random?: () => number
}

/** How long to wait for the next attempt: jittered, and longer after each failure in a row. */
export function renewalDelayMs(failures: number, random: () => number): number {
  const base = failures === 0 ? INTERVAL_MS : Math.min(INTERVAL_MS, FIRST_RETRY_MS * 2 ** (failures - 1))
  return base * (0.75 + random() * 0.5)
}

/** Renews in the background. Returns the way to stop, which also ends an attempt under way. */
export function startRenewal({ sync, tick, random = Math.random }: RenewalOptions): () => void {
  const controller = new AbortController()
  let failures = 0
  let timer: ReturnType<typeof setTimeout>

  function next(delayMs: number): void {
    timer = setTimeout(async () => {
      const worked = await sync(controller.signal)
      failures = worked ? 0 : failures + 1
      if (!controller.signal.aborted) next(renewalDelayMs(failures, random))
    }, delayMs)
    unref(timer)
  }

  const ticking = setInterval(tick, MINUTE_MS)
  unref(ticking)
  next(random() * FIRST_DELAY_MS)
  return () => {
    controller.abort()
    clearTimeout(timer)
    clearInterval(ticking)
  }
}
