import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import { AppError } from '../errors.ts'
import { limitBodyTime } from './body-time.ts'

/** No request of ours comes near; files go elsewhere. */
export const MAX_BODY_BYTES = 1024 * 1024
/** Deeper nesting is made to exhaust a stack. */
const MAX_DEPTH = 64
/** A text shorter than this cannot nest deep enough to harm. */
const SHALLOW_LENGTH = 2_000

const invalid = (message: string): AppError =>
  new AppError('INVALID_INPUT', { issues: [{ path: '', message }] })

const tooLarge = (): AppError => new AppError('PAYLOAD_TOO_LARGE', { limitBytes: MAX_BODY_BYTES })

/**
 * Parses JSON that a stranger wrote.
 * @throws AppError INVALID_INPUT for broken JSON, NUL characters, broken Unicode and absurd nesting
 */
export function parseJson(text: string): unknown {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw invalid('This is not valid JSON.')
  }
  // NUL and lone surrogates can only come as escapes: raw ones are no JSON, or no UTF-8.
  if (text.length > SHALLOW_LENGTH || text.includes('\\u')) inspect(value)
  return value
}

const isClean = (text: string): boolean => !text.includes('\0') && text.isWellFormed()

/** Walks without recursion, so that depth cannot hurt before it is found. */
function inspect(root: unknown): void {
  let level: unknown[] = [root]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) throw invalid('The input is nested too deeply.')
    const next: unknown[] = []
    for (const value of level) {
      if (typeof value === 'string') {
        if (!isClean(value)) throw invalid('A text holds NUL or broken Unicode.')
      } else if (Array.isArray(value)) {
        for (const member of value) next.push(member)
      } else if (typeof value === 'object' && value !== null) {
        for (const [key, member] of Object.entries(value)) {
          if (!isClean(key)) throw invalid('A name holds NUL or broken Unicode.')
          next.push(member)
        }
      }
    }
    level = next
  }
}

/**
 * One parameter of a query string, decoded strictly: `%ff` is an error here, not a replacement character.
 * @throws AppError INVALID_INPUT when the escapes are broken
 */
export function queryParameter(query: string, name: string): string | undefined {
  const prefix = `${name}=`
  for (let start = 0; start <= query.length; ) {
    let end = query.indexOf('&', start)
    if (end === -1) end = query.length
    if (query.startsWith(prefix, start))
      return decode(query.slice(start + prefix.length, end).replaceAll('+', ' '))
    start = end + 1
  }
  return undefined
}

/** Percent-decoding. @throws AppError INVALID_INPUT when the escapes are broken */
export function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw invalid('The URL is not valid UTF-8.')
  }
}

/**
 * Reads a request's JSON body, at most MAX_BODY_BYTES of it: a longer one is refused by its declared length, or while it arrives.
 * @param incoming Node's own request, where there is one: reading it costs half of what the same bytes cost through `request`
 * @returns undefined when the body is empty
 * @throws AppError UNSUPPORTED_MEDIA_TYPE PAYLOAD_TOO_LARGE INVALID_INPUT
 */
export async function readJsonBody(request: Request, incoming?: IncomingMessage): Promise<unknown> {
  const { headers } = request
  const type = headers.get('content-type')
  // A browser sends other types across origins without asking first; JSON it does not.
  if (type === null || !/^application\/json(?:\s*;|\s*$)/i.test(type)) {
    throw new AppError('UNSUPPORTED_MEDIA_TYPE')
  }
  const encoding = headers.get('content-encoding')
  if (encoding !== null && encoding !== 'identity') throw new AppError('UNSUPPORTED_MEDIA_TYPE')
  if (Number(headers.get('content-length') ?? 0) > MAX_BODY_BYTES) throw tooLarge()
  const bytes = await (incoming ? readIncoming(incoming) : readStream(request.body))
  if (bytes.length === 0) return undefined
  if (!isUtf8(bytes)) throw invalid('The body is not valid UTF-8.')
  return parseJson(bytes.toString('utf8'))
}

const cutShort = (): AppError => invalid('The body could not be read to its end.')

function readIncoming(incoming: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const onData = (chunk: Buffer): void => {
      size += chunk.length
      chunks.push(chunk)
      if (size <= MAX_BODY_BYTES) return
      incoming.off('data', onData)
      reject(tooLarge())
    }
    limitBodyTime(incoming)
    incoming.on('data', onData)
    incoming.once('end', () => resolve(joined(chunks)))
    incoming.once('error', () => reject(cutShort()))
    incoming.once('close', () => {
      if (!incoming.complete) reject(cutShort())
    })
  })
}

async function readStream(body: ReadableStream<Uint8Array> | null): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of body ?? []) {
      size += chunk.length
      if (size > MAX_BODY_BYTES) throw tooLarge()
      chunks.push(chunk)
    }
  } catch (error) {
    throw error instanceof AppError ? error : cutShort()
  }
  return joined(chunks)
}

/** Nearly always there is but one. */
function joined(chunks: Uint8Array[]): Buffer {
  const [only] = chunks
  return chunks.length === 1 && Buffer.isBuffer(only) ? only : Buffer.concat(chunks)
}
