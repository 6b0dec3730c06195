import type { Hono } from 'hono'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { requireSession } from '../modules/auth/actor.ts'
import { openAttachmentUrl } from '../modules/support/service/attachments/download.ts'
import { uploadAttachment } from '../modules/support/service/attachments/upload.ts'
import { toAppError } from '../trpc.ts'
import { createRequestContext, type HttpEnv } from './context.ts'
import { answerError } from './errors.ts'
import { ATTACHMENT_PATH } from './rest/attachment-operation.ts'
import { REST_BASE } from './rest/endpoints.ts'
import { sendFile } from './send-file.ts'
import { readUpload } from './upload.ts'

/** Longer names are no names; what is shown of them is shorter still. */
const MAX_NAME_LENGTH = 1_000

/**
 * `POST /api/v1/tickets/attachments?fileName=`: a file as the body, written while it arrives. Stands before the limit for bodies; its own
 * is MAX_ATTACHMENT_BYTES.
 */
export function mountAttachmentUpload(app: Hono<HttpEnv>, deps: Deps): void {
  app.post(REST_BASE + ATTACHMENT_PATH, async (c) => {
    c.set('route', 'tickets.uploadAttachment')
    const ctx = createRequestContext(deps, c, { requestId: c.get('requestId'), ip: c.get('clientIp') })
    try {
      const actor = await requireSession(ctx)
      const limit = { limitBytes: deps.env.MAX_ATTACHMENT_BYTES, code: 'PAYLOAD_TOO_LARGE' } as const
      const body = readUpload(c, limit)
      const fileName = c.req.query('fileName') ?? ''
      if (fileName.length > MAX_NAME_LENGTH) {
        const issues = [{ path: 'fileName', message: `Give ${MAX_NAME_LENGTH} characters at most.` }]
        throw new AppError('INVALID_INPUT', { issues })
      }
      return c.json(await uploadAttachment({ ...ctx, actor }, body, { fileName }), 201)
    } catch (error) {
      const appError = toAppError(error)
      if (appError.code === 'INTERNAL') ctx.log.error({ err: appError.cause ?? error }, 'upload failed')
      // What is still on its way is not read: the connection cannot be used again.
      return answerError(c, appError, { connection: 'close' })
    }
  })
}

/** How long an address of the bucket is good for: it is followed at once. */
const BUCKET_TTL_SECONDS = 60

/** Whatever it is, it is saved and not shown; should something show it, nothing in it runs. Only its holder may keep it. */
const FILE_HEADERS = {
  'cache-control': 'private, no-store',
  'content-security-policy': "sandbox; default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
}

/** `/files/attachments/…`: where `tickets.attachment` points to. Also answers HEAD. */
export function mountAttachmentFiles(app: Hono<HttpEnv>, deps: Deps): void {
  app.get('/files/attachments/:id/:fileName', async (c) => {
    const ctx = createRequestContext(deps, c, { requestId: c.get('requestId'), ip: c.get('clientIp') })
    const file = await openAttachmentUrl(ctx, {
      id: c.req.param('id'),
      userId: c.req.query('user') ?? '',
      sessionId: c.req.query('session') ?? '',
      expires: c.req.query('expires') ?? '',
      signature: c.req.query('signature') ?? '',
    })
    const location =
      c.req.raw.method === 'GET'
        ? await deps.files.signedUrl(file.key, { ttlSeconds: BUCKET_TTL_SECONDS, ...file })
        : null
    if (location !== null) {
      return new Response(null, { status: 302, headers: { location, 'cache-control': 'no-store' } })
    }
    const response = await sendFile(deps, c, file)
    for (const [name, value] of Object.entries(FILE_HEADERS)) response.headers.set(name, value)
    return response
  })
}
