import type { DevForgeErrorCode } from '../contract.ts'
import type { DevForgeError } from '../errors.ts'
import { abortedError, timeoutError } from './failure.ts'

/** One signal for the caller's wish and the time limit, and the error that tells which of them it was. */
export interface Deadline {
  signal: AbortSignal
  remainingMs(): number
  /** Sets another limit, counted from now; `null` for none. */
  limit(ms: number | null): void
  /** Settles with the work, or rejects the moment the deadline strikes, even where the work goes on (a shared batch). */
  race<T>(work: Promise<T>): Promise<T>
  /** Waits; rejects early when the deadline strikes. */
  sleep(ms: number): Promise<void>
  done(): void
}

export function startDeadline(timeoutMs: number | null, signal?: AbortSignal): Deadline {
  const controller = new AbortController()
  let endsAt = Number.POSITIVE_INFINITY
  let timer: ReturnType<typeof setTimeout> | undefined
  let failure: DevForgeError<DevForgeErrorCode> | undefined
  const strike = (error: DevForgeError<DevForgeErrorCode>) => {
    failure ??= error
    controller.abort(failure)
  }
  const onAbort = () => strike(abortedError(signal?.reason))
  const limit = (ms: number | null): void => {
    clearTimeout(timer)
    endsAt = performance.now() + (ms ?? Number.POSITIVE_INFINITY)
    if (ms !== null) timer = setTimeout(() => strike(timeoutError(ms)), ms)
  }
  limit(timeoutMs)
  if (signal?.aborted) onAbort()
  else signal?.addEventListener('abort', onAbort, { once: true })

  function race<T>(work: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const struck = () => reject(failure)
      if (controller.signal.aborted) struck()
      controller.signal.addEventListener('abort', struck, { once: true })
      work.then(resolve, reject).finally(() => controller.signal.removeEventListener('abort', struck))
    })
  }

  return {
    signal: controller.signal,
    remainingMs: () => endsAt - performance.now(),
    limit,
    race,
    sleep(ms) {
      let nap: ReturnType<typeof setTimeout> | undefined
      const wait = new Promise<void>((resolve) => {
        nap = setTimeout(resolve, ms)
      })
      return race(wait).finally(() => clearTimeout(nap))
    },
    done() {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
    },
  }
}
