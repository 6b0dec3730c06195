import { initTRPC, TRPCError } from '@trpc/server'
import { ZodError } from 'zod'
import type { Actor, Ctx } from './context.ts'
import { AppError, type ErrorCode } from './errors.ts'
import { requireAccount, requireRole, requireSession, requireUser } from './modules/auth/actor.ts'
import { transformer } from './transformer.ts'
import { sqlState } from './tx.ts'

/** What a request brings before anyone asked who it is. */
export interface RequestContext extends Ctx<{ type: 'anonymous' }> {
  /** The `Authorization` header, verified only by the procedures that need it. */
  authorization: string | null
}

/** How a procedure is offered as REST (`/api/v1` + path); read by trpc-to-openapi. */
export interface ProcedureMeta {
  openapi?: {
    method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'
    path: `/${string}`
    tags?: string[]
    summary?: string
    description?: string
    protect?: boolean
  }
}

const t = initTRPC
  .context<RequestContext>()
  .meta<ProcedureMeta>()
  .create({
    transformer,
    isDev: false,
    errorFormatter({ shape, error, ctx }) {
      const appError = toAppError(error)
      return {
        ...shape,
        message: appError.message,
        data: {
          code: appError.code,
          httpStatus: shape.data.httpStatus,
          details: appError.details ?? null,
          requestId: ctx?.requestId ?? null,
        },
      }
    },
  })

const byTrpcCode: Partial<Record<TRPCError['code'], ErrorCode>> = {
  NOT_FOUND: 'NOT_FOUND',
  METHOD_NOT_SUPPORTED: 'METHOD_NOT_ALLOWED',
  UNSUPPORTED_MEDIA_TYPE: 'UNSUPPORTED_MEDIA_TYPE',
  PAYLOAD_TOO_LARGE: 'PAYLOAD_TOO_LARGE',
}

/** Text that Postgres cannot store: NUL, or bytes that are not UTF-8. */
const UNSTORABLE_TEXT = new Set(['22021', '22P05'])
/** No connection to be had, or the server is stopping. */
const DATABASE_AWAY = new Set(['53300', '57P01', '57P02', '57P03', '08000', '08006'])

/** The error a caller sees: what a service threw, what was wrong with the input, or `INTERNAL` without a word about its cause. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error
  if (error instanceof TRPCError) {
    if (error.cause instanceof AppError) return error.cause
    if (error.cause instanceof ZodError) {
      const issues = error.cause.issues
        .slice(0, 20)
        .map((issue) => ({ path: issue.path.join('.'), message: issue.message }))
      return new AppError('INVALID_INPUT', { issues })
    }
    const code = byTrpcCode[error.code]
    if (code === 'NOT_FOUND') return new AppError('NOT_FOUND', { what: 'procedure' })
    if (code) return new AppError(code)
    if (error.code === 'PARSE_ERROR' || (error.code === 'BAD_REQUEST' && !error.cause)) {
      return new AppError(
        error.message.startsWith('Batch') ? 'BATCH_TOO_LARGE' : 'INVALID_INPUT',
        undefined,
        { message: error.message },
      )
    }
    return error.cause === undefined
      ? new AppError('INTERNAL', undefined, { cause: error })
      : toAppError(error.cause)
  }
  const state = sqlState(error)
  if (state && UNSTORABLE_TEXT.has(state)) {
    return new AppError('INVALID_INPUT', {
      issues: [
        { path: '', message: 'A text holds characters that cannot be stored (NUL or broken Unicode).' },
      ],
    })
  }
  if (state && DATABASE_AWAY.has(state)) return new AppError('UNAVAILABLE', undefined, { cause: error })
  return new AppError('INTERNAL', undefined, { cause: error })
}

/** The one place where errors become answers. */
const mapErrors = t.middleware(async ({ ctx, path, next }) => {
  const result = await next()
  if (result.ok) return result
  const appError = toAppError(result.error)
  if (appError.code === 'INTERNAL')
    ctx.log.error({ err: appError.cause ?? result.error, path, requestId: ctx.requestId }, 'internal error')
  throw new TRPCError({ code: appError.kind, message: appError.message, cause: appError })
})

const as = <A extends Actor>(resolve: (ctx: RequestContext) => Promise<A>) =>
  t.middleware(async ({ ctx, next }) => next({ ctx: { actor: await resolve(ctx) } }))

const base = t.procedure.use(mapErrors)

/** Anybody. The caller's token, if any, is not even looked at. */
export const publicProcedure = base
/** A signed-in person, known by an access token alone: no query. For reads of one's own things. */
export const userProcedure = base.use(as(requireUser))
/** A signed-in person whose session, ban and role were looked up just now. For whatever moves money, changes licenses or the account. */
export const sessionProcedure = base.use(as(requireSession))
/** A signed-in person, or an API token with the scope. */
export const accountProcedure = (scope: string) => base.use(as((ctx) => requireAccount(ctx, scope)))
/** Support agents and admins. */
export const agentProcedure = base.use(as((ctx) => requireRole(ctx, 'agent')))
/** Admins. */
export const adminProcedure = base.use(as((ctx) => requireRole(ctx, 'admin')))

export const router = t.router
export const createCallerFactory = t.createCallerFactory
