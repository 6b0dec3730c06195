import { TRPCError } from '@trpc/server'
import { getHTTPStatusCodeFromError } from '@trpc/server/http'
import type { Context } from 'hono'
import { type AppError, type ErrorCode, errorCatalog } from '../errors.ts'
import type { HttpEnv } from './context.ts'

/** HTTP's word for each of our errors, the same for tRPC and REST. */
export const httpStatus: Record<string, number> = Object.fromEntries(
  Object.entries(errorCatalog).map(([code, { kind }]) => [
    code,
    getHTTPStatusCodeFromError(new TRPCError({ code: kind })),
  ]),
)

export const statusOf = (code: ErrorCode): number => httpStatus[code] ?? 500

/** How long the caller should wait, where the error says so. Whatever is busy or restarting deserves a moment. */
export function retryAfterSeconds(error: AppError): number | undefined {
  const details: unknown = error.details
  if (typeof details === 'object' && details !== null && 'retryAfterSeconds' in details) {
    return typeof details.retryAfterSeconds === 'number' ? details.retryAfterSeconds : undefined
  }
  return error.code === 'UNAVAILABLE' ? 2 : undefined
}

/** The answer for an error, outside of tRPC. */
export const errorBody = (error: AppError, requestId: string) => ({
  error: { code: error.code, message: error.message, details: error.details ?? null, requestId },
})

/** Answers an error as JSON. */
export function answerError(
  c: Context<HttpEnv>,
  error: AppError,
  headers: Record<string, string> = {},
): Response {
  c.set('errorCode', error.code)
  const wait = retryAfterSeconds(error)
  return new Response(JSON.stringify(errorBody(error, c.get('requestId'))), {
    status: statusOf(error.code),
    headers: {
      'content-type': 'application/json',
      ...(wait === undefined ? {} : { 'retry-after': String(wait) }),
      ...headers,
    },
  })
}
