import type { Context, Hono } from 'hono'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import type { SizeLimit } from '../files/meter.ts'
import { requireAccount } from '../modules/auth/actor.ts'
import { submitPackage } from '../modules/marketplace/service/submissions/intake.ts'
import { toAppError } from '../trpc.ts'
import { createRequestContext, type HttpEnv } from './context.ts'
import { answerError } from './errors.ts'
import { REST_BASE } from './rest/endpoints.ts'
import { UPLOAD_PATH } from './rest/upload-operation.ts'

const MAX_KEY_LENGTH = 200

/**
 * `POST /api/v1/marketplace/submissions`: a package as the body, written while it arrives. Stands before the limit for bodies, which
 * counts with JSON; its own limit is MAX_VSIX_BYTES.
 */
export function mountUpload(app: Hono<HttpEnv>, deps: Deps): void {
  app.post(REST_BASE + UPLOAD_PATH, async (c) => {
    c.set('route', 'marketplace.submit')
    const request = { requestId: c.get('requestId'), ip: c.get('clientIp') }
    const ctx = createRequestContext(deps, c, request)
    try {
      const body = readUpload(c, { limitBytes: deps.env.MAX_VSIX_BYTES, code: 'VSIX_TOO_LARGE' })
      const actor = await requireAccount(ctx, 'publish')
      const { created, ...submission } = await submitPackage({ ...ctx, actor }, body, readOptions(c))
      return c.json(submission, created ? 201 : 200)
    } catch (error) {
      const appError = toAppError(error)
      if (appError.code === 'INTERNAL') ctx.log.error({ err: appError.cause ?? error }, 'upload failed')
      // What is still on its way is not read: the connection cannot be used again.
      return answerError(c, appError, { connection: 'close' })
    }
  })
}

/**
 * The body as it arrives, read no faster than it is written.
 * @throws UNSUPPORTED_MEDIA_TYPE, and the limit's code by the declared length, before a byte is read
 */
export function readUpload(c: Context<HttpEnv>, { limitBytes, code }: SizeLimit): AsyncIterable<Uint8Array> {
  const { headers } = c.req.raw
  const type = headers.get('content-type') ?? ''
  // Pages of other origins cannot send it without asking first.
  if (!/^application\/(?:octet-stream|vsix|zip)(?:\s*;|\s*$)/i.test(type)) {
    throw new AppError('UNSUPPORTED_MEDIA_TYPE', undefined, { message: 'Send application/octet-stream.' })
  }
  const encoding = headers.get('content-encoding')
  if (encoding !== null && encoding !== 'identity') throw new AppError('UNSUPPORTED_MEDIA_TYPE')
  if (Number(headers.get('content-length') ?? 0) > limitBytes) throw new AppError(code, { limitBytes })
  return withoutInterruption(bytesOf(c))
}

/** Node's own stream where there is one: half the memory and time of the same bytes through a Request. */
function bytesOf(c: Context<HttpEnv>): AsyncIterable<Uint8Array> {
  const { incoming } = c.env ?? {}
  // Whoever stops reading still has to answer over the same connection.
  if (incoming) return { [Symbol.asyncIterator]: () => incoming.iterator({ destroyOnReturn: false }) }
  return c.req.raw.body ?? emptyBody()
}

async function* emptyBody(): AsyncGenerator<Uint8Array, void> {}

/** A client that hangs up is no fault of ours. */
async function* withoutInterruption(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  const iterator = body[Symbol.asyncIterator]()
  try {
    for (;;) {
      let next: IteratorResult<Uint8Array>
      try {
        next = await iterator.next()
      } catch (cause) {
        const issues = [{ path: '', message: 'The upload was cut short.' }]
        throw new AppError('INVALID_INPUT', { issues }, { cause })
      }
      if (next.done) return
      yield next.value
    }
  } finally {
    await iterator.return?.()
  }
}

function readOptions(c: Context<HttpEnv>) {
  const invalid = (path: string, message: string) =>
    new AppError('INVALID_INPUT', { issues: [{ path, message }] })
  const preRelease = c.req.query('preRelease') ?? 'false'
  if (preRelease !== 'true' && preRelease !== 'false') throw invalid('preRelease', 'Give true or false.')
  const idempotencyKey = c.req.header('idempotency-key') ?? c.req.query('idempotencyKey')
  if (idempotencyKey !== undefined && !/^[\x21-\x7e]{1,200}$/.test(idempotencyKey)) {
    throw invalid('idempotencyKey', `Give 1 to ${MAX_KEY_LENGTH} printable characters.`)
  }
  return { preRelease: preRelease === 'true', ...(idempotencyKey === undefined ? {} : { idempotencyKey }) }
}
