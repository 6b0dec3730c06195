import { TRPCClientError } from '@trpc/client'
import type { DetailsOf, DevForgeErrorCode, ServerErrorCode } from '../contract.ts'
import { DevForgeError } from '../errors.ts'

type AnyError = DevForgeError<DevForgeErrorCode>
type Fields = Record<string, unknown>

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null

/** Codes for answers that are not ours: a proxy's error page, a load balancer without a server behind it. */
function codeOfStatus(status: number): ServerErrorCode {
  if (status === 429) return 'RATE_LIMITED'
  if (status === 413) return 'PAYLOAD_TOO_LARGE'
  if (status === 502 || status === 503 || status === 504) return 'UNAVAILABLE'
  return 'INTERNAL'
}

/** Retry-After in seconds or as a date (RFC 9110, 10.2.3). */
function retryAfterMs(response: unknown, details: unknown): number | null {
  if (isFields(details) && typeof details.retryAfterSeconds === 'number')
    return details.retryAfterSeconds * 1000
  const header = response instanceof Response ? response.headers.get('retry-after') : null
  if (header === null) return null
  const seconds = Number(header)
  const wait = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - Date.now()
  return Number.isFinite(wait) ? Math.max(0, wait) : null
}

function fromServer(data: Fields, message: string, response: unknown, cause: unknown): AnyError {
  const details = data.details ?? null
  // The contract, not this check, says that details fit the code: both come from the same server.
  return new DevForgeError(data.code as ServerErrorCode, message, {
    details: details as DetailsOf<ServerErrorCode>,
    requestId: typeof data.requestId === 'string' ? data.requestId : null,
    httpStatus: typeof data.httpStatus === 'number' ? data.httpStatus : null,
    retryAfterMs: retryAfterMs(response, details),
    cause,
  })
}

/** What the tRPC client threw, as an error of ours. */
export function toDevForgeError(error: unknown): AnyError {
  if (error instanceof DevForgeError) return error
  if (!(error instanceof TRPCClientError)) return networkError(error)
  const response: unknown = error.meta?.response
  const data: unknown = error.data
  if (isFields(data) && typeof data.code === 'string') return fromServer(data, error.message, response, error)
  if (!(response instanceof Response)) return networkError(error.cause ?? error)
  // Refused before it came to a procedure: the body may be ours without tRPC's envelope.
  const body: unknown = error.meta?.responseJSON
  const plain = isFields(body) && isFields(body.error) ? body.error : body
  if (isFields(plain) && typeof plain.code === 'string' && typeof plain.message === 'string') {
    return fromServer({ httpStatus: response.status, ...plain }, plain.message, response, error)
  }
  const ok = response.ok
  return new DevForgeError(
    ok ? 'INTERNAL' : codeOfStatus(response.status),
    `The answer is not one of a Dev Forge server (HTTP ${response.status}). Check the url, and any proxy on the way.`,
    {
      details: null,
      requestId: response.headers.get('x-request-id'),
      httpStatus: response.status,
      retryAfterMs: retryAfterMs(response, null),
      cause: error,
    },
  )
}

export function networkError(cause: unknown): DevForgeError<'NETWORK'> {
  return new DevForgeError('NETWORK', 'The server cannot be reached. Check the connection.', {
    details: null,
    cause,
  })
}

export function timeoutError(timeoutMs: number): DevForgeError<'TIMEOUT'> {
  return new DevForgeError('TIMEOUT', `No answer within ${timeoutMs} ms.`, { details: { timeoutMs } })
}

export function abortedError(cause: unknown): DevForgeError<'ABORTED'> {
  return new DevForgeError('ABORTED', 'The call was ended by its signal.', { details: null, cause })
}
