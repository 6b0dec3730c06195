import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'

export interface ListenerOptions {
  channel: string
  /** A notification came. */
  onNotify(payload: string): void
  /** Listens from now on, for the first time or again: what was notified before may have been missed. */
  onListening(): void
  /** The connection broke or could not be made. It is made again. */
  onTrouble(error: unknown): void
}

export interface DbListener {
  close(): Promise<void>
}

const CONNECT_SECONDS = 5
/** A connection that says nothing may be a dead one: it is asked this often, and has this long to answer. */
const PROBE_MS = 10_000
const PROBE_TIMEOUT_MS = 5_000
const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 2_000

/**
 * Listens on a channel over one connection of its own, which is made anew whenever it breaks, until `close()`. (The driver's own
 * `listen` gives up when its second connection fails, and never notices one that went silent.)
 */
export function createListener(url: string, options: ListenerOptions): DbListener {
  const closing = new AbortController()
  const { signal } = closing

  async function run(): Promise<void> {
    for (let failures = 0; !signal.aborted; failures++) {
      try {
        await listenOnce(url, options, signal, () => {
          failures = 0
        })
      } catch (error) {
        if (!signal.aborted) options.onTrouble(error)
      }
      const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures)
      // Copies that lost their database together must not come back together.
      await sleep(pause * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => {})
    }
  }

  const running = run()
  return {
    async close() {
      closing.abort()
      await running
    },
  }
}

/** Ends when asked to; throws when the connection breaks. */
async function listenOnce(
  url: string,
  options: ListenerOptions,
  signal: AbortSignal,
  onSuccess: () => void,
): Promise<void> {
  const lost = Promise.withResolvers<never>()
  lost.promise.catch(() => {})
  const ended = Promise.withResolvers<void>()
  const end = (): void => ended.resolve()
  signal.addEventListener('abort', end, { once: true })
  const settings = {
    max: 1,
    // The driver renews connections after a while; this one it must leave alone.
    max_lifetime: null,
    idle_timeout: 0,
    connect_timeout: CONNECT_SECONDS,
    fetch_types: false,
    prepare: false,
    connection: { application_name: 'devforge-realtime' },
    onnotice: () => {},
    onclose: () => lost.reject(new Error('The connection that listens was closed.')),
    // How the driver's own `listen` hears; its types do not tell.
    onnotify: (_channel: string, payload: string) => options.onNotify(payload),
  }
  const sql = postgres(url, settings)
  try {
    await Promise.race([sql`listen ${sql(options.channel)}`, ended.promise])
    if (signal.aborted) return
    onSuccess()
    options.onListening()
    while (!signal.aborted) {
      const nap = new AbortController()
      try {
        await Promise.race([
          lost.promise,
          ended.promise,
          sleep(PROBE_MS, undefined, { signal: nap.signal, ref: false }),
        ])
        if (!signal.aborted) await Promise.race([lost.promise, ended.promise, answer(sql, nap.signal)])
      } finally {
        nap.abort()
      }
    }
  } finally {
    signal.removeEventListener('abort', end)
    await sql.end({ timeout: 0 })
  }
}

/** @throws when the database does not answer in time */
async function answer(sql: postgres.Sql, signal: AbortSignal): Promise<void> {
  const late = sleep(PROBE_TIMEOUT_MS, undefined, { signal, ref: false }).then(() => {
    throw new Error('The connection that listens has gone silent.')
  })
  late.catch(() => {})
  await Promise.race([sql`select 1`, late])
}
