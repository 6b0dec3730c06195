import { Readable } from 'node:stream'
import type { Context } from 'hono'
import { AppError } from '../../errors.ts'
import { FileMissing } from '../../files/keys.ts'
import type { HttpEnv } from '../context.ts'
import { KEEP } from '../send-file.ts'
import type { Archives } from './archives.ts'
import { contentTypeOf, FILE_POLICY } from './content-types.ts'

/** Smaller files are read as a whole: their size and checksum are checked before the first byte leaves. */
const MAX_WHOLE_BYTES = 1024 * 1024

/** Only what belongs to the extension; manifests of the archive itself are nobody's resource. */
const INSIDE = 'extension/'

export interface WantedEntry {
  /** Of the package in the storage. */
  key: string
  sha256: string
  /** In the archive. */
  path: string
  paid: boolean
}

/**
 * One file out of a package, read where it lies. It can be fetched by pages of any other origin, which is how editors in browsers
 * load extensions, but is no script, style or page of ours: a hole in our own pages must not find its payload here.
 * @throws AppError NOT_FOUND FORBIDDEN
 */
export async function sendEntry(
  c: Context<HttpEnv>,
  archives: Archives,
  { key, sha256, path, paid }: WantedEntry,
): Promise<Response> {
  refuseOurOwnPages(c)
  if (!path.startsWith(INSIDE)) throw missing()
  const etag = `"${sha256.slice(0, 32)}-${Buffer.from(path).toString('base64url').slice(-60)}"`
  const headers = {
    'content-type': contentTypeOf(path),
    'content-security-policy': FILE_POLICY,
    'cache-control': paid ? 'private, no-store' : KEEP,
    etag,
    // Who asks, and what for, is looked at above.
    vary: 'Sec-Fetch-Site, Sec-Fetch-Dest',
  }
  const { archive, release } = await archives.borrow(key).catch((error: unknown) => {
    throw error instanceof FileMissing ? missing() : error
  })
  let streaming = false
  try {
    const entry = archive.entry(path)
    if (!entry) throw missing()
    if (c.req.raw.headers.get('if-none-match') === etag) return new Response(null, { status: 304, headers })
    const sized = { ...headers, 'content-length': String(entry.sizeBytes) }
    if (c.req.raw.method === 'HEAD') return new Response(null, { headers: sized })
    if (entry.sizeBytes <= MAX_WHOLE_BYTES) {
      return new Response(new Uint8Array(await archive.readEntry(path, MAX_WHOLE_BYTES)), { headers: sized })
    }
    streaming = true
    const stream = Readable.from(archive.streamEntry(path))
    stream.once('close', release)
    return new Response(Readable.toWeb(stream) as ReadableStream<Uint8Array>, { headers: sized })
  } finally {
    if (!streaming) release()
  }
}

const missing = (): AppError => new AppError('NOT_FOUND', { what: 'file' })

/** What would run, or be shown, as something of ours. */
const OWN_PURPOSES = new Set([
  'script',
  'worker',
  'sharedworker',
  'serviceworker',
  'audioworklet',
  'paintworklet',
  'style',
  'xslt',
  'manifest',
  'document',
  'iframe',
  'frame',
  'embed',
  'object',
])

function refuseOurOwnPages(c: Context<HttpEnv>): void {
  const { headers } = c.req.raw
  const isOurs = headers.get('sec-fetch-site') === 'same-origin'
  if (headers.has('service-worker') || (isOurs && OWN_PURPOSES.has(headers.get('sec-fetch-dest') ?? ''))) {
    throw new AppError('FORBIDDEN', undefined, {
      message: 'Files of packages are not parts of our own pages.',
    })
  }
}
