import type { DevForgeErrorCode } from '../contract.ts'
import { type DevForgeError, isDevForgeError } from '../errors.ts'
import { startDeadline } from './deadline.ts'
import { readEvents, type ServerEvent } from './event-stream.ts'
import { envelopedRefusal, foreignAnswer, isFields, networkError, plainRefusal } from './failure.ts'

export interface StreamServer {
  /** Without a slash at its end. */
  url: string
  fetch?: typeof globalThis.fetch | undefined
  locale?: string | undefined
  /** How long a connection may take to be made. Then the server says how long its silence is bearable. */
  timeoutMs: number
}

/**
 * One connection to a stream, until it ends. Its events are `message` (an entry), `ping` (the server lives) and `return` (that was
 * all). Rejects with a DevForgeError when the server refuses, when it cannot be reached, and when it
 * has gone silent.
 */
export async function* openStream(
  server: StreamServer,
  path: string,
  token: string | null,
  signal: AbortSignal | undefined,
): AsyncGenerator<ServerEvent, void, undefined> {
  const deadline = startDeadline(server.timeoutMs, signal)
  let reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> | undefined
  try {
    const response = await deadline.race(
      (server.fetch ?? globalThis.fetch)(`${server.url}${path}`, {
        headers: {
          accept: 'text/event-stream',
          ...(token === null ? {} : { authorization: `Bearer ${token}` }),
          ...(server.locale === undefined ? {} : { 'accept-language': server.locale }),
        },
        signal: deadline.signal,
        cache: 'no-store',
        credentials: 'omit',
        redirect: 'error',
      }),
    )
    const { body, headers } = response
    if (!body || !headers.get('content-type')?.startsWith('text/event-stream'))
      throw await refusalOf(response)
    const bytes = body.getReader()
    reader = bytes
    let bearableMs = server.timeoutMs
    const read = async () => {
      deadline.limit(bearableMs)
      const chunk = await deadline.race(bytes.read())
      // However long the caller takes over it is not the server's silence.
      deadline.limit(null)
      return chunk
    }
    for await (const event of readEvents(read)) {
      if (event.type === 'serialized-error') {
        throw envelopedRefusal(JSON.parse(event.data)) ?? foreignAnswer(response)
      }
      if (event.type !== 'connected') yield event
      else bearableMs = JSON.parse(event.data).reconnectAfterInactivityMs ?? bearableMs
    }
  } catch (error) {
    throw isDevForgeError(error) ? error : networkError(error)
  } finally {
    deadline.done()
    reader?.cancel().catch(() => {})
  }
}

async function refusalOf(response: Response): Promise<DevForgeError<DevForgeErrorCode>> {
  const body: unknown = await response.json().catch(() => null)
  const enveloped = isFields(body) ? envelopedRefusal(body.error, response) : null
  return enveloped ?? plainRefusal(body, response) ?? foreignAnswer(response)
}
