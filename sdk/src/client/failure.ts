import type { DetailsOf, DevForgeErrorCode, ServerErrorCode } from '../contract.ts'
import { DevForgeError, isDevForgeError } from '../errors.ts'

type AnyError = DevForgeError<DevForgeErrorCode>
export type Fields = Record<string, unknown>

export const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null

/** What is looked at in an HTTP answer besides its body. */
export interface Head {
  status: number
  ok: boolean
  headers: { get(name: string): string | null }
}

const isHead = (value: unknown): value is Head =>
  isFields(value) && typeof value.status === 'number' && isFields(value.headers)

/** Codes for answers that are not ours: a proxy's error page, a load balancer without a server behind it. */
function codeOfStatus(status: number): ServerErrorCode {
  if (status === 429) return 'RATE_LIMITED'
  if (status === 413) return 'PAYLOAD_TOO_LARGE'
  if (status === 502 || status === 503 || status === 504) return 'UNAVAILABLE'
  return 'INTERNAL'
}

/** How long to wait: as the details say, or Retry-After, in seconds or as a date (RFC 9110, 10.2.3). */
function retryAfterMs(head: Head | undefined, details: unknown): number | null {
  if (isFields(details) && typeof details.retryAfterSeconds === 'number')
    return details.retryAfterSeconds * 1000
  const header = head?.headers.get('retry-after') ?? null
  if (header === null) return null
  const seconds = Number(header)
  const wait = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - Date.now()
  return Number.isFinite(wait) ? Math.max(0, wait) : null
}

/** An error that the server itself spelled: `{ code, details, requestId, httpStatus }`. */
function spelled(data: Fields, message: string, head: Head | undefined, cause?: unknown): AnyError {
  const details = data.details ?? null
  // The contract, not this check, says that details fit the code: both come from the same server.
  return new DevForgeError(data.code as ServerErrorCode, message, {
    details: details as DetailsOf<ServerErrorCode>,
    requestId:
      typeof data.requestId === 'string' ? data.requestId : (head?.headers.get('x-request-id') ?? null),
    httpStatus: typeof data.httpStatus === 'number' ? data.httpStatus : (head?.status ?? null),
    retryAfterMs: retryAfterMs(head, details),
    cause,
  })
}

/** What the tRPC client threw, as an error of ours. */
export function toDevForgeError(error: unknown): AnyError {
  if (isDevForgeError(error)) return error
  if (!isFields(error) || error.name !== 'TRPCClientError') return networkError(error)
  // Thrown by our own fetch, and only wrapped since.
  if (isDevForgeError(error.cause)) return error.cause
  const given: unknown = isFields(error.meta) ? error.meta.response : undefined
  const head = isHead(given) ? given : undefined
  const data: unknown = error.data
  if (isFields(data) && typeof data.code === 'string')
    return spelled(data, String(error.message), head, error)
  return foreignAnswer(head, error)
}

/** The error in a body that came from before tRPC (a limiter, a body limit), if it is one of ours. */
export function plainRefusal(body: unknown, head: Head): AnyError | null {
  const fields = isFields(body) && isFields(body.error) ? body.error : null
  if (!fields || typeof fields.code !== 'string' || typeof fields.message !== 'string') return null
  return spelled(fields, fields.message, head)
}

/** The error in tRPC's envelope of one, `{ json: { message, data } }`, if it is that. */
export function envelopedRefusal(envelope: unknown, head?: Head): AnyError | null {
  const shape = isFields(envelope) && isFields(envelope.json) ? envelope.json : null
  if (!shape || !isFields(shape.data) || typeof shape.data.code !== 'string') return null
  return spelled(shape.data, String(shape.message), head)
}

/** Somebody else answered: a proxy, another site, an error page. */
export function foreignAnswer(head: Head | undefined, cause?: unknown): AnyError {
  const status = head?.status ?? 0
  return new DevForgeError(
    head?.ok === false ? codeOfStatus(status) : 'INTERNAL',
    `This is no answer of a Dev Forge server (HTTP ${status}). Check the url, and any proxy on the way.`,
    {
      requestId: head?.headers.get('x-request-id') ?? null,
      httpStatus: status === 0 ? null : status,
      retryAfterMs: retryAfterMs(head, null),
      cause,
    },
  )
}

export function networkError(cause: unknown): DevForgeError<'NETWORK'> {
  return new DevForgeError('NETWORK', 'The server cannot be reached. Check the connection.', { cause })
}

export function timeoutError(timeoutMs: number): DevForgeError<'TIMEOUT'> {
  return new DevForgeError('TIMEOUT', `No answer within ${timeoutMs} ms.`, { details: { timeoutMs } })
}

export function abortedError(cause: unknown): DevForgeError<'ABORTED'> {
  return new DevForgeError('ABORTED', 'The call was ended by its signal.', { cause })
}
