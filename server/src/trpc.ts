import { initTRPC, TRPCError } from '@trpc/server'
import { ZodError } from 'zod'
import type { Actor, Ctx } from './context.ts'
import { AppError, type ErrorCode } from './errors.ts'
import {
  refuseImpersonation,
  requireAccount,
  requireRole,
  requireSession,
  requireUser,
} from './modules/auth/actor.ts'
import { transformer } from './transformer.ts'
import { sqlState } from './tx.ts'

/** What a request brings before anyone asked who it is. */
export interface RequestContext extends Ctx<{ type: 'anonymous' }> {
  /** The `Authorization` header, verified only by the procedures that need it. */
  authorization: string | null
}

/** What is known of a procedure besides its schemas. */
export interface ProcedureMeta {
  /** Who may call; set by the procedure builders below. */
  access?: 'public' | 'user' | 'session' | 'account' | 'agent' | 'admin'
  /** How the procedure is offered as REST (`/api/v1` + path); read by `http/rest`. */
  openapi?: {
    method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'
    path: `/${string}`
    tags?: string[]
    summary?: string
    description?: string
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
/** Times that Postgres does not know: before its first year, or in one of five digits, as JavaScript spells them. */
const UNSTORABLE_TIME = new Set(['22007', '22008', '22009'])
/** No connection to be had, or the server is stopping: SQLSTATEs, then what postgres.js and the operating system call it. */
const DATABASE_AWAY = new Set([
  '53300',
  '57P01',
  '57P02',
  '57P03',
  '08000',
  '08006',
  'CONNECT_TIMEOUT',
  'CONNECTION_CLOSED',
  'CONNECTION_DESTROYED',
  'CONNECTION_ENDED',
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EPIPE',
])

/** Whether the database could not be reached, however deeply the error is wrapped. */
function isDatabaseAway(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && typeof cause.code === 'string' && DATABASE_AWAY.has(cause.code)) return true
  }
  return false
}

/** The error a caller sees: what a service threw, what was wrong with the input, or `INTERNAL` without a word about its cause. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error
  if (error instanceof TRPCError) {
    if (error.cause instanceof AppError) return error.cause
    // Only of the input: an output that breaks its schema is a bug of ours.
    if (error.code === 'BAD_REQUEST' && error.cause instanceof ZodError) {
      const issues = error.cause.issues
        .slice(0, 20)
        .map((issue) => ({ path: issue.path.join('.'), message: issue.message }))
      return new AppError('INVALID_INPUT', { issues })
    }
    const code = byTrpcCode[error.code]
    if (code === 'NOT_FOUND') return new AppError('NOT_FOUND', { what: 'procedure' })
    if (code) return new AppError(code)
    // tRPC could not read the request; services throw AppErrors only.
    if (error.code === 'PARSE_ERROR' || error.code === 'BAD_REQUEST')
      return new AppError('INVALID_INPUT', { issues: [{ path: '', message: error.message }] })
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
  if (state && UNSTORABLE_TIME.has(state)) {
    return new AppError('INVALID_INPUT', {
      issues: [{ path: '', message: 'A time is too far in the past or the future.' }],
    })
  }
  if (isDatabaseAway(error)) return new AppError('UNAVAILABLE', undefined, { cause: error })
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
export const publicProcedure = base.meta({ access: 'public' })
/** A signed-in person, known by an access token alone: no query. For reads of one's own things. */
export const userProcedure = base.meta({ access: 'user' }).use(as(requireUser))
/** A signed-in person whose session, ban and role were looked up just now. For whatever moves money, changes licenses or the account. */
export const sessionProcedure = base.meta({ access: 'session' }).use(as(requireSession))
/** A signed-in person, or an API token with the scope. */
export const accountProcedure = (scope: string) =>
  base.meta({ access: 'account' }).use(as((ctx) => requireAccount(ctx, scope)))
/** Support agents and admins. An admin who acts as an agent only looks: what is written at the desk, agents write. */
export const agentProcedure = base.meta({ access: 'agent' }).use(
  t.middleware(async ({ ctx, type, next }) => {
    const actor = await requireRole(ctx, 'agent')
    if (type === 'mutation') refuseImpersonation(actor)
    return next({ ctx: { actor } })
  }),
)
/** Admins. */
export const adminProcedure = base.meta({ access: 'admin' }).use(as((ctx) => requireRole(ctx, 'admin')))

export const router = t.router
export const createCallerFactory = t.createCallerFactory
