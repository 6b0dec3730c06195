import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import type { Context } from 'hono'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { attachment, FileMissing } from '../files/keys.ts'
import type { HttpEnv } from './context.ts'

export interface SentFile {
  key: string
  contentType: string
  /** Makes it a download of this name. */
  fileName?: string
  /** Default: made of key and size, which name the bytes where files are never written twice. */
  etag?: string
  /** The address always means these bytes and everybody may have them: whoever has them need not ask again. */
  immutable: boolean
}

/**
 * For files that never change: whoever has one need not ask again. Caches that serve many ask after some minutes all the same, since
 * what is taken down must not be had from them for a year.
 */
export const KEEP = 'public, max-age=31536000, s-maxage=300, immutable'

/** Inclusive, as in HTTP. */
interface Range {
  start: number
  end: number
}

/**
 * A file of the storage as an answer: in part when that is asked for, not at all when the client has it. Bytes are passed on as
 * they are read.
 * @throws AppError NOT_FOUND
 */
export async function sendFile(deps: Deps, c: Context<HttpEnv>, file: SentFile): Promise<Response> {
  const { headers: asked, method } = c.req.raw
  const size = await deps.files.size(file.key)
  if (size === null) throw missing()
  const etag = `"${file.etag ?? createHash('sha256').update(`${file.key} ${size}`).digest('base64url').slice(0, 22)}"`
  const headers: Record<string, string> = {
    'content-type': file.contentType,
    'accept-ranges': 'bytes',
    'cache-control': file.immutable ? KEEP : 'public, no-cache',
    etag,
    ...(file.fileName === undefined ? {} : { 'content-disposition': attachment(file.fileName) }),
  }
  if (hasEtag(asked.get('if-none-match'), etag)) return new Response(null, { status: 304, headers })
  const range = rangeOf(asked, etag, size)
  if (range === 'unsatisfiable')
    return new Response(null, { status: 416, headers: { ...headers, 'content-range': `bytes */${size}` } })
  const length = range ? range.end - range.start + 1 : size
  headers['content-length'] = String(length)
  if (range) headers['content-range'] = `bytes ${range.start}-${range.end}/${size}`
  const status = range ? 206 : 200
  if (method === 'HEAD' || length === 0) return new Response(null, { status, headers })
  try {
    const stream = await deps.files.stream(file.key, range)
    return new Response(Readable.toWeb(stream) as ReadableStream<Uint8Array>, { status, headers })
  } catch (error) {
    throw error instanceof FileMissing ? missing() : error
  }
}

const missing = (): AppError => new AppError('NOT_FOUND', { what: 'file' })

/** Whether the header names this tag. Weak and strong ones compare alike here (RFC 9110, 13.1.2). */
function hasEtag(header: string | null, etag: string): boolean {
  if (header === null) return false
  return header
    .split(',')
    .map((tag) => tag.trim().replace(/^W\//, ''))
    .some((tag) => tag === etag || tag === '*')
}

/**
 * The one range that is asked for. Several at once, or a header nobody understands, get the whole file, as RFC 9110 allows; so does
 * a range of another state of it (`If-Range`).
 */
function rangeOf(asked: Headers, etag: string, size: number): Range | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(asked.get('range')?.trim() ?? '')
  if (!match || (asked.get('if-range') ?? etag) !== etag) return undefined
  const [, first = '', last = ''] = match
  if (first === '' && last === '') return undefined
  if (first === '') {
    const count = Math.min(Number(last), size)
    return count === 0 ? 'unsatisfiable' : { start: size - count, end: size - 1 }
  }
  const start = Number(first)
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1)
  if (last !== '' && Number(last) < start) return undefined
  return start >= size ? 'unsatisfiable' : { start, end }
}
