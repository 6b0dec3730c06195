import type { Context } from 'hono'
import type { AppError } from '../../errors.ts'
import type { HttpEnv } from '../context.ts'
import { retryAfterSeconds, statusOf } from '../errors.ts'

/** Statuses that clients of this protocol know besides 400, which stands for whatever else is wrong with a request. */
const KNOWN = new Set([401, 403, 404, 405, 413, 415, 429, 500, 503])

const isInvalidInput = (error: AppError): error is AppError<'INVALID_INPUT'> => error.code === 'INVALID_INPUT'

/** What people read: our message, and where an input is not valid, what is wrong with it. */
function messageOf(error: AppError): string {
  if (error.code === 'AUTH_REQUIRED') return 'Invalid access token.'
  if (!isInvalidInput(error) || !error.details) return error.message
  const { issues } = error.details
  return issues.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join(' ')
}

/** Errors as Open VSX tells them: `{"error": "…"}`. */
export function answerDoorError(
  c: Context<HttpEnv>,
  error: AppError,
  headers: Record<string, string> = {},
): Response {
  c.set('errorCode', error.code)
  const own = statusOf(error.code)
  const status = KNOWN.has(own) ? own : 400
  const wait = retryAfterSeconds(error)
  return new Response(JSON.stringify({ error: messageOf(error) }), {
    status,
    headers: {
      'content-type': 'application/json',
      ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
      ...(wait === undefined ? {} : { 'retry-after': String(wait) }),
      ...headers,
    },
  })
}
