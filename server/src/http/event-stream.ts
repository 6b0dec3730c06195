import { isTrackedEnvelope } from '@trpc/server'
import { MINUTE, SECOND } from '../clock.ts'
import { transformer } from '../transformer.ts'

/** Proxies cut what says nothing for a minute, and a client must tell a quiet stream from a dead one. */
const PING_MS = 15 * SECOND
/** What a client is told to bear: two pings may be late. */
const BEARABLE_SILENCE_MS = 40 * SECOND
/** Then the client comes back, perhaps to another copy of the server: so a new copy gets its share of them. */
const LONGEST_MS = 30 * MINUTE

const HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache, no-transform',
  // Or nginx holds events back until it has a few kilobytes.
  'x-accel-buffering': 'no',
}

const isAbort = (error: unknown): boolean => error instanceof Error && error.name === 'AbortError'

export interface EventStream {
  entries: AsyncIterable<unknown>
  /** Ends the entries: struck when the client leaves, or the stream has lasted long enough. */
  abort: AbortController
  /** tRPC's envelope of an error. */
  describe(error: unknown): object
}

/**
 * A stream as tRPC's `httpSubscriptionLink` reads it (server-sent events): `connected` first, an event per entry with its id, a `ping`
 * now and then, `serialized-error` when it fails, `return` at its end. Without `return` it broke off, and clients come back for the
 * rest.
 */
export function answerEvents({ entries, abort, describe }: EventStream): Response {
  const iterator = entries[Symbol.asyncIterator]()
  const encoder = new TextEncoder()
  const longest = setTimeout(() => abort.abort(), LONGEST_MS)
  longest.unref()
  let next: Promise<IteratorResult<unknown>> | undefined
  let left = false

  async function nextEvents(): Promise<{ text: string; last: boolean }> {
    try {
      next ??= iterator.next()
      const result = await orPing(next)
      if (result === null) return { text: 'event: ping\ndata: \n\n', last: false }
      next = undefined
      if (result.done) return { text: 'event: return\ndata: \n\n', last: true }
      return { text: entryText(result.value), last: false }
    } catch (error) {
      if (isAbort(error)) return { text: '', last: true }
      return { text: `event: serialized-error\ndata: ${JSON.stringify(describe(error))}\n\n`, last: true }
    }
  }

  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const options = JSON.stringify({ reconnectAfterInactivityMs: BEARABLE_SILENCE_MS })
      controller.enqueue(encoder.encode(`event: connected\ndata: ${options}\n\n`))
    },
    async pull(controller) {
      const { text, last } = await nextEvents()
      if (left) return
      if (text !== '') controller.enqueue(encoder.encode(text))
      if (!last) return
      clearTimeout(longest)
      controller.close()
    },
    async cancel() {
      left = true
      clearTimeout(longest)
      abort.abort()
      await iterator.return?.()
    },
  })
  return new Response(body, { headers: HEADERS })
}

function entryText(value: unknown): string {
  const [id, data] = isTrackedEnvelope(value) ? [value[0], value[1]] : [undefined, value]
  return `data: ${JSON.stringify(transformer.serialize(data))}\n${id === undefined ? '' : `id: ${id}\n`}\n`
}

/** `null` when it is time to say that one is still there. */
async function orPing<T>(next: Promise<T>): Promise<T | null> {
  const ping = Promise.withResolvers<null>()
  const timer = setTimeout(() => ping.resolve(null), PING_MS)
  try {
    return await Promise.race([next, ping.promise])
  } finally {
    clearTimeout(timer)
  }
}
