import { startDeadline } from '../client/deadline.ts'
import { memoryTextStorage } from '../client/text-storage.ts'
import { unref } from '../client/unref.ts'
import { orLocalFailure } from '../errors.ts'
import type { AnalyticsApi } from './api.ts'
import { cleanProperties, isEventName } from './properties.ts'
import { createQueue, type EventQueue } from './queue.ts'
import type { AnalyticsProperties, AnalyticsStorage } from './record.ts'
import { retryDelayMs, type SendError, sendBatch } from './send.ts'

export interface AnalyticsOptions {
  /** The client to send with; no session is needed, and none goes along. */
  forge: { analytics: Pick<AnalyticsApi, 'track'> }
  /** Where events wait while there is no network. Default: in memory, until the process ends. */
  storage?: AnalyticsStorage
  /** Go along with every event, such as `{ platform, appVersion, locale }`. */
  properties?: AnalyticsProperties
  /** As many waiting events are sent at once. Default: 20. */
  flushAt?: number
  /** Fewer wait this long. Default: 30,000 ms. */
  flushEveryMs?: number
  /** More do not wait: the oldest go. Default: 1,000. */
  maxQueue?: number
  /** Told how many events were lost: no room, too old, or refused by the server. */
  onDropped?: (events: number) => void
  /** Told of failures in the background: storage, the server, an event with a wrong name. */
  onError?: (error: unknown) => void
  /** This machine's clock, ms since 1970. */
  now?: () => number
}

export interface FlushResult {
  /** Events that the server has now. */
  sent: number
  /** Events that still wait. */
  waiting: number
  /** Why they do; null when all went well, or nothing may be sent. */
  error: SendError | null
}

/** Writes what was tracked a moment later, together with what comes meanwhile. */
const SAVE_AFTER_MS = 500
const BATCH = 50
const CLOSE_MS = 2_000

/**
 * Tells the server what is used, if the user agrees: nothing is kept or sent before `setConsent(true)`. Anonymous: a random id that is made
 * with the consent and forgotten with it, never the session. `track()` neither throws nor waits.
 */
export class Analytics {
  readonly #options: AnalyticsOptions
  readonly #queue: EventQueue
  readonly #now: () => number
  #consent = false
  /** One more with every decision: what belongs to an earlier one is void. */
  #decision = 0
  #clientId: string | null = null
  #dropped = 0
  #failures = 0
  #closed = false
  #abort = new AbortController()
  #flushing: Promise<FlushResult> | undefined
  #storage: Promise<unknown> = Promise.resolve()
  #flushTimer: ReturnType<typeof setTimeout> | undefined
  #saveTimer: ReturnType<typeof setTimeout> | undefined
  /** Not before this, after a failure. */
  #notBeforeMs = 0

  constructor(options: AnalyticsOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
    this.#queue = createQueue({
      storage: options.storage ?? memoryTextStorage(),
      maxEvents: options.maxQueue ?? 1_000,
      onDropped: (events) => this.#drop(events),
    })
  }

  /** Whether anything is kept and sent. */
  get consent(): boolean {
    return this.#consent
  }

  /** Events that wait here. */
  get waiting(): number {
    return this.#queue.size
  }

  /** Events lost since the start. */
  get dropped(): number {
    return this.#dropped
  }

  /**
   * The user's decision: tell it at each start, and when it changes. `false` forgets the queue and the id, here and in storage, and ends a
   * transfer that is under way.
   * @throws LOCAL_FAILURE when storage could not be emptied; nothing is sent all the same
   */
  async setConsent(granted: boolean): Promise<void> {
    if (granted === this.#consent) return
    this.#consent = granted
    const decision = ++this.#decision
    if (granted) return this.#open(decision)
    this.#forget()
    await this.#serially(() => this.#queue.clear()).catch((error) => {
      throw orLocalFailure(error)
    })
  }

  /** Notes that something happened: `area.thing`, with flat properties. Texts are redacted here and shortened to 200 characters. */
  track(name: string, properties: AnalyticsProperties = {}): void {
    if (!this.#consent || this.#closed) return
    try {
      if (!isEventName(name)) throw new TypeError(`This is no name of an event: ${String(name).slice(0, 64)}`)
      this.#queue.add({
        id: globalThis.crypto.randomUUID(),
        name,
        atMs: this.#now(),
        properties: cleanProperties({ ...properties, ...this.#options.properties }),
      })
      this.#saveSoon()
      this.#flushIn(this.#queue.size >= (this.#options.flushAt ?? 20) ? 0 : this.#flushEveryMs)
    } catch (error) {
      this.#tell(error)
    }
  }

  /** Sends what waits, now. One at a time: a second call joins the first. Never rejects. */
  flush(options: { timeoutMs?: number } = {}): Promise<FlushResult> {
    this.#flushing ??= this.#flush(options.timeoutMs ?? null).finally(() => {
      this.#flushing = undefined
    })
    return this.#flushing
  }

  /** Sends what waits, as far as that takes no longer than this (default 2,000 ms), keeps the rest for the next start, and stops. */
  async close({ timeoutMs = CLOSE_MS }: { timeoutMs?: number } = {}): Promise<void> {
    this.#closed = true
    clearTimeout(this.#flushTimer)
    clearTimeout(this.#saveTimer)
    const deadline = startDeadline(timeoutMs)
    await deadline.race(this.flush({ timeoutMs })).catch(() => {})
    deadline.done()
    await this.#save()
  }

  get #flushEveryMs(): number {
    return this.#options.flushEveryMs ?? 30_000
  }

  async #open(decision: number): Promise<void> {
    this.#abort = new AbortController()
    await this.#serially(async () => {
      if (this.#decision !== decision) return
      this.#clientId = await this.#queue.open().catch((error) => {
        this.#tell(error)
        return globalThis.crypto.randomUUID()
      })
      if (this.#decision !== decision) return
      if (this.#queue.size > 0) this.#flushIn(this.#flushEveryMs)
    })
  }

  #forget(): void {
    this.#abort.abort()
    this.#clientId = null
    this.#queue.forget()
    this.#failures = 0
    this.#notBeforeMs = 0
    clearTimeout(this.#flushTimer)
    clearTimeout(this.#saveTimer)
    this.#flushTimer = undefined
    this.#saveTimer = undefined
  }

  async #flush(timeoutMs: number | null): Promise<FlushResult> {
    const decision = this.#decision
    const { signal } = this.#abort
    let sent = 0
    // Who this client is may still be read.
    await this.#storage
    while (this.#consent && this.#decision === decision && this.#clientId !== null && this.#queue.size > 0) {
      const batch = this.#queue.first(BATCH)
      const outcome = await sendBatch(this.#options.forge, batch, {
        clientId: this.#clientId,
        now: this.#now(),
        signal,
        timeoutMs,
      })
      if (this.#decision !== decision) break
      this.#queue.remove(outcome.done)
      sent += outcome.sent
      if (outcome.dropped > 0) this.#drop(outcome.dropped)
      await this.#save()
      if (outcome.error) {
        this.#failed(outcome.error)
        return { sent, waiting: this.#queue.size, error: outcome.error }
      }
      this.#failures = 0
      this.#notBeforeMs = 0
    }
    return { sent, waiting: this.#queue.size, error: null }
  }

  #failed(error: SendError): void {
    const delayMs = retryDelayMs(error, this.#failures++)
    this.#notBeforeMs = this.#now() + delayMs
    this.#tell(error)
    this.#flushIn(delayMs)
  }

  /** A flush that is planned for earlier stays; after a failure none comes before its time. */
  #flushIn(delayMs: number): void {
    if (this.#closed) return
    if (this.#flushTimer !== undefined) {
      if (delayMs > 0) return
      clearTimeout(this.#flushTimer)
    }
    const waitMs = Math.max(delayMs, this.#notBeforeMs - this.#now(), 0)
    this.#flushTimer = setTimeout(() => {
      this.#flushTimer = undefined
      // A failure may have asked for patience since.
      if (this.#now() < this.#notBeforeMs) this.#flushIn(1)
      else void this.flush()
    }, waitMs)
    unref(this.#flushTimer)
  }

  #saveSoon(): void {
    if (this.#saveTimer !== undefined) return
    this.#saveTimer = setTimeout(() => {
      this.#saveTimer = undefined
      void this.#save()
    }, SAVE_AFTER_MS)
    unref(this.#saveTimer)
  }

  /** Writes what waits. Follows another process of the application that has withdrawn the consent, or got it anew. */
  #save(): Promise<void> {
    const decision = this.#decision
    return this.#serially(async () => {
      if (this.#decision !== decision || this.#clientId === null) return
      const seen = await this.#queue.save(this.#clientId)
      if (seen === 'ours' || this.#decision !== decision) return
      this.#forget()
      this.#decision++
      if (seen === 'withdrawn') {
        this.#consent = false
        return
      }
      this.#abort = new AbortController()
      this.#clientId = await this.#queue.open()
    }).catch((error) => this.#tell(error))
  }

  #drop(events: number): void {
    this.#dropped += events
    try {
      this.#options.onDropped?.(events)
    } catch (error) {
      this.#tell(error)
    }
  }

  #tell(error: unknown): void {
    try {
      this.#options.onError?.(error)
    } catch {
      // Nobody is left to tell.
    }
  }

  /** One thing at a time: what is read must be what is written back. */
  #serially<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#storage.then(task)
    this.#storage = result.catch(() => {})
    return result
  }
}
