import { type DevForgeError, orLocalFailure } from '../errors.ts'
import { startDeadline } from './deadline.ts'
import { exchangeJson } from './exchange.ts'
import { foreignAnswer } from './failure.ts'
import { type Identity, tokenOf, withToken } from './identity.ts'
import { withRetries } from './retry.ts'

/** A file to send. A Blob may lie on a disk (`fs.openAsBlob` of Node) and is read as it is sent. */
export type UploadSource = Blob | Uint8Array | ReadableStream<Uint8Array>

export interface UploadProgress {
  /** Taken by the connection so far. Starts again from 0 when the upload is tried again. */
  sentBytes: number
  /** `null` for a stream, whose length nobody knows. */
  totalBytes: number | null
}

export interface UploadOptions {
  /** Told of every piece that the connection took. In browsers, which do not tell, of the start and the end. */
  onProgress?(progress: UploadProgress): void
  /** Ends the upload: it rejects with `ABORTED`. */
  signal?: AbortSignal
  /** Time for the whole upload, retries included. Default: 900,000 ms. */
  timeoutMs?: number
}

export interface UploaderOptions {
  /** Without a slash at its end. */
  url: string
  fetch?: typeof globalThis.fetch | undefined
  locale?: string | undefined
  retries: number
  identity: Identity
}

/** Posts a file to a path. What can be read again is tried again, so the request must be one that may be repeated. */
export type Uploader = (
  path: string,
  source: UploadSource,
  headers: Record<string, string>,
  options: UploadOptions,
) => Promise<unknown>

const UPLOAD_MS = 900_000
const CHUNK_BYTES = 65_536

export function createUploader({ url, fetch, locale, retries, identity }: UploaderOptions): Uploader {
  return async (path, source, headers, { onProgress, signal, timeoutMs = UPLOAD_MS }) => {
    const isStream = 'getReader' in source
    const totalBytes = isStream ? null : 'size' in source ? source.size : source.byteLength
    const tell = (sentBytes: number): void => onProgress?.({ sentBytes, totalBytes })
    const deadline = startDeadline(timeoutMs, signal)

    async function send(token: string | null): Promise<unknown> {
      const body = canStream() ? counted(source, tell) : null
      try {
        tell(0)
        const answer = await exchangeJson(fetch ?? globalThis.fetch, url + path, {
          method: 'POST',
          body: body?.stream ?? (isStream ? await new Response(source).blob() : source),
          duplex: 'half',
          headers: {
            ...headers,
            'content-type': 'application/octet-stream',
            ...(token === null ? {} : { authorization: `Bearer ${token}` }),
            ...(locale === undefined ? {} : { 'accept-language': locale }),
          },
          signal: deadline.signal,
        })
        if (!answer.head.ok) throw foreignAnswer(answer.head)
        if (!body && totalBytes !== null) tell(totalBytes)
        return answer.body
      } catch (error) {
        // What was to be sent could not be read: that is no fault of the network.
        throw body?.failure ?? orLocalFailure(error)
      }
    }

    try {
      // A stream that was begun cannot be sent again, not even for another token.
      if (isStream) return await deadline.race(tokenOf(identity).then(({ token }) => send(token)))
      return await withRetries(retries, deadline, () => deadline.race(withToken(identity, send)))
    } finally {
      deadline.done()
    }
  }
}

/**
 * Whether `fetch` sends streams. In pages it does not (or only over HTTP/2, and without saying so): there a file is sent as a
 * whole, by the browser's own means.
 */
const canStream = (): boolean =>
  !('XMLHttpRequest' in globalThis) && !('ServiceWorkerGlobalScope' in globalThis)

/** The source as a stream that tells how much of it was taken, and keeps what went wrong with it. */
function counted(source: UploadSource, tell: (sentBytes: number) => void) {
  const reader = streamOf(source).getReader()
  let sentBytes = 0
  const result = {
    failure: undefined as DevForgeError | undefined,
    stream: new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          try {
            const { done, value } = await reader.read()
            if (done) return controller.close()
            controller.enqueue(value)
            sentBytes += value.byteLength
            tell(sentBytes)
          } catch (error) {
            result.failure = orLocalFailure(error)
            throw error
          }
        },
        cancel: (reason) => reader.cancel(reason),
      },
      // Nothing is read before somebody wants it.
      { highWaterMark: 0 },
    ),
  }
  return result
}

function streamOf(source: UploadSource): ReadableStream<Uint8Array> {
  if ('getReader' in source) return source
  if ('stream' in source) return source.stream()
  let at = 0
  return new ReadableStream(
    {
      pull(controller) {
        if (at >= source.byteLength) return controller.close()
        controller.enqueue(source.subarray(at, at + CHUNK_BYTES))
        at += CHUNK_BYTES
      },
    },
    { highWaterMark: 0 },
  )
}
