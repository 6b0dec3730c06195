import { createListener, type DbListener } from '@devforge/db'
import { AppError } from '../errors.ts'
import type { Logger } from '../log.ts'
import { CHANNEL, type Topic } from './notify.ts'

/** What streams wait on. One per process; it listens to the database from the first subscription on. */
export interface Realtime {
  /** Hears of a topic from now on, until disposed of. */
  subscribe(topic: Topic): Changes
  /**
   * Counts an open stream of an account, until disposed of.
   * @throws AppError STREAM_LIMIT when the account has too many in this process
   */
  enter(accountId: string): Disposable
  /** Streams that are open in this process. */
  readonly openStreams: number
  /** Ends all waiting, so that streams end, and stops listening. */
  close(): Promise<void>
}

export interface Changes extends Disposable {
  /**
   * Waits for a change; ends at once when there was one since the last call. Also ends after `timeoutMs`, and whenever changes may
   * have been missed: look again in any case.
   * @throws AbortError when the client left or this server stops: its stream must break off, not end, so that it is resumed elsewhere
   */
  next(timeoutMs: number, signal?: AbortSignal): Promise<void>
}

/** An editor has one or two; what is beyond this leaks. */
export const MAX_STREAMS_PER_ACCOUNT = 20

interface Waiter {
  changed: boolean
  wake: () => void
}

export function createRealtime({ databaseUrl, log }: { databaseUrl: string; log: Logger }): Realtime {
  const waiters = new Map<string, Set<Waiter>>()
  const streams = new Map<string, number>()
  let listener: DbListener | undefined
  let openStreams = 0
  let closed = false

  function wake(group: Iterable<Waiter>): void {
    for (const waiter of group) {
      waiter.changed = true
      waiter.wake()
    }
  }

  function wakeAll(): void {
    for (const group of waiters.values()) wake(group)
  }

  const listen = (): DbListener =>
    createListener(databaseUrl, {
      channel: CHANNEL,
      onNotify: (topic) => wake(waiters.get(topic) ?? []),
      onListening: wakeAll,
      onTrouble: (error) =>
        log.warn({ err: error }, 'realtime: the database cannot be listened to; retrying'),
    })

  return {
    subscribe(topic) {
      if (!closed) listener ??= listen()
      const waiter: Waiter = { changed: false, wake: () => {} }
      const group = waiters.get(topic) ?? new Set()
      group.add(waiter)
      waiters.set(topic, group)
      return {
        async next(timeoutMs, signal) {
          const isOver = () => closed || signal?.aborted === true
          if (!waiter.changed && !isOver()) await waitFor(waiter, timeoutMs, signal)
          if (isOver()) throw new DOMException('The stream is over.', 'AbortError')
          waiter.changed = false
        },
        [Symbol.dispose]() {
          group.delete(waiter)
          if (group.size === 0) waiters.delete(topic)
        },
      }
    },
    enter(accountId) {
      const open = streams.get(accountId) ?? 0
      if (open >= MAX_STREAMS_PER_ACCOUNT)
        throw new AppError('STREAM_LIMIT', { limit: MAX_STREAMS_PER_ACCOUNT })
      streams.set(accountId, open + 1)
      openStreams++
      return {
        [Symbol.dispose]() {
          const left = (streams.get(accountId) ?? 1) - 1
          if (left > 0) streams.set(accountId, left)
          else streams.delete(accountId)
          openStreams--
        },
      }
    },
    get openStreams() {
      return openStreams
    },
    async close() {
      closed = true
      wakeAll()
      await listener?.close()
    },
  }
}

async function waitFor(waiter: Waiter, timeoutMs: number, signal?: AbortSignal): Promise<void> {
  const woken = Promise.withResolvers<void>()
  const wake = (): void => woken.resolve()
  const timer = setTimeout(wake, timeoutMs)
  signal?.addEventListener('abort', wake)
  waiter.wake = wake
  try {
    await woken.promise
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', wake)
    waiter.wake = () => {}
  }
}
