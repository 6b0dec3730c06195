import type { TRPC_ERROR_CODE_KEY } from '@trpc/server/rpc'
import { defineErrors, error } from './errors/define.ts'
import { analyticsErrors } from './modules/analytics/errors.ts'
import { authErrors } from './modules/auth/errors.ts'
import { knowledgeErrors } from './modules/knowledge/errors.ts'
import { licenseErrors } from './modules/licenses/errors.ts'
import { marketplaceErrors } from './modules/marketplace/errors.ts'
import { paymentErrors } from './modules/payments/errors.ts'
import { supportErrors } from './modules/support/errors.ts'
import { usersErrors } from './modules/users/errors.ts'

/** Errors that any procedure may answer. */
const commonErrors = defineErrors({
  INVALID_INPUT: error<{ issues: { path: string; message: string }[] }>(
    'BAD_REQUEST',
    'The input is not valid. See details.issues.',
  ),
  NOT_FOUND: error<{ what: string; id?: string }>('NOT_FOUND', 'There is no such thing, or it is not yours.'),
  FORBIDDEN: error<{ need?: string }>('FORBIDDEN', 'Your account may not do this.'),
  CONFLICT: error('CONFLICT', 'This has been changed meanwhile. Load it again and retry.'),
  IDEMPOTENCY_CONFLICT: error(
    'CONFLICT',
    'This idempotency key was used for another request. Use a new key.',
  ),
  RATE_LIMITED: error<{ retryAfterSeconds: number }>(
    'TOO_MANY_REQUESTS',
    'Too many requests. Wait and retry.',
  ),
  STREAM_LIMIT: error<{ limit: number }>(
    'TOO_MANY_REQUESTS',
    'Too many streams are open for this account. Close one first.',
  ),
  PAYLOAD_TOO_LARGE: error<{ limitBytes: number }>('PAYLOAD_TOO_LARGE', 'The request is too large.'),
  BATCH_TOO_LARGE: error<{ limit: number }>('BAD_REQUEST', 'Too many calls in one batch.'),
  METHOD_NOT_ALLOWED: error('METHOD_NOT_SUPPORTED', 'This procedure does not take that HTTP method.'),
  UNSUPPORTED_MEDIA_TYPE: error('UNSUPPORTED_MEDIA_TYPE', 'Send application/json.'),
  UNAVAILABLE: error('SERVICE_UNAVAILABLE', 'The service is busy or restarting. Retry in a moment.'),
  INTERNAL: error(
    'INTERNAL_SERVER_ERROR',
    'Something went wrong on our side. The request id helps us to find it.',
  ),
})

/** Every error this server answers: code → kind, default message and the type of its details. */
export const errorCatalog = {
  ...commonErrors,
  ...authErrors,
  ...usersErrors,
  ...paymentErrors,
  ...licenseErrors,
  ...marketplaceErrors,
  ...supportErrors,
  ...analyticsErrors,
  ...knowledgeErrors,
}

type Catalog = typeof errorCatalog
export type ErrorCode = keyof Catalog
/** The `details` that come with a code. */
export type ErrorDetails<C extends ErrorCode> = Catalog[C] extends { readonly details?: infer D }
  ? D
  : undefined

/**
 * An error that the caller may see. Thrown by services, mapped once to tRPC and HTTP.
 * @example throw new AppError('LICENSE_DEVICE_LIMIT', { limit: 3, devices })
 */
export class AppError<C extends ErrorCode = ErrorCode> extends Error {
  readonly code: C
  readonly details: ErrorDetails<C> | undefined
  constructor(code: C, details?: ErrorDetails<C>, options: { message?: string; cause?: unknown } = {}) {
    super(options.message ?? errorCatalog[code].message, { cause: options.cause })
    this.name = 'AppError'
    this.code = code
    this.details = details
  }
  get kind(): TRPC_ERROR_CODE_KEY {
    return errorCatalog[this.code].kind
  }
}

/** The answer for an id that does not exist and for one that belongs to somebody else: there is no difference. */
export const notFound = (what: string, id?: string): AppError<'NOT_FOUND'> =>
  new AppError('NOT_FOUND', { what, id })
