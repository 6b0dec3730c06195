import { createListener, type DbListener } from '@devforge/db'
import { AppError } from '../errors.ts'
import type { Logger } from '../log.ts'
import { CHANNEL, type Topic } from './notify.ts'
import { SharedReads } from './shared-reads.ts'

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
  /**
   * Reads what others who wait on the topic ask for, too: until the next change (a second at most) the same key has the same answer. Whoever
   * got an answer that is older than a change is woken for that change.
   */
  shared<T>(key: string, read: () => Promise<T>): Promise<T>
}

/** An editor has one or two; what is beyond this leaks. */
export const MAX_STREAMS_PER_ACCOUNT = 20

interface Waiter {
  changed: boolean
  wake: () => void
}

/** All who wait on a topic. */
interface Group {
  waiters: Set<Waiter>
  reads: SharedReads
}

export function createRealtime({ databaseUrl, log }: { databaseUrl: string; log: Logger }): Realtime {
  const groups = new Map<string, Group>()
  const streams = new Map<string, number>()
  let listener: DbListener | undefined
  let openStreams = 0
  let closed = false

  function wake(group: Group | undefined): void {
    if (!group) return
    // Before anybody is woken, who would read it.
    group.reads.forget()
    for (const waiter of group.waiters) {
      waiter.changed = true
      waiter.wake()
    }
  }

  function wakeAll(): void {
    for (const group of groups.values()) wake(group)
  }

  const listen = (): DbListener =>
    createListener(databaseUrl, {
      channel: CHANNEL,
      onNotify: (topic) => wake(groups.get(topic)),
      onListening: wakeAll,
      onTrouble: (error) =>
        log.warn({ err: error }, 'realtime: the database cannot be listened to; retrying'),
    })

  return {
    subscribe(topic) {
      if (!closed) listener ??= listen()
      const waiter: Waiter = { changed: false, wake: () => {} }
      const group: Group = groups.get(topic) ?? { waiters: new Set(), reads: new SharedReads() }
      group.waiters.add(waiter)
      groups.set(topic, group)
      return {
        async next(timeoutMs, signal) {
          const isOver = () => closed || signal?.aborted === true
          if (!waiter.changed && !isOver()) await waitFor(waiter, timeoutMs, signal)
          if (isOver()) throw new DOMException('The stream is over.', 'AbortError')
          waiter.changed = false
        },
        shared: (key, read) => group.reads.read(key, read),
        [Symbol.dispose]() {
          group.waiters.delete(waiter)
          if (group.waiters.size === 0) groups.delete(topic)
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
