import { getTRPCErrorFromUnknown, getTRPCErrorShape, TRPCError } from '@trpc/server'
import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import { getHTTPStatusCodeFromError } from '@trpc/server/http'
import type { Context, Hono } from 'hono'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { appRouter } from '../router.ts'
import { transformer } from '../transformer.ts'
import { type RequestContext, toAppError } from '../trpc.ts'
import { createRequestContext, type HttpEnv } from './context.ts'
import type { Edge, Visit } from './edge.ts'
import { retryAfterSeconds } from './errors.ts'
import { answerEvents } from './event-stream.ts'
import { decode, parseJson, queryParameter, readJsonBody } from './json-input.ts'
import { procedures, refuseStrayInput } from './procedures.ts'

/** More calls in one HTTP request are refused: a batch must not be a way around the limits. */
const MAX_BATCH_SIZE = 20

const config = appRouter._def._config

/** What one HTTP request asks for. */
interface Request {
  paths: string[]
  isBatch: boolean
  query: string
}

interface Outcome {
  path: string
  status: number
  /** tRPC's envelope, ready for JSON. */
  envelope: object
  error?: AppError
}

interface Failure extends Outcome {
  envelope: { error: object }
  error: AppError
}

/**
 * tRPC over HTTP. Plain calls, single and batched, are answered here: the same wire format as tRPC's own handler for a third less
 * processor time (it builds URLs, header lists and abort signals per call), with strict reading of the input; subscriptions in
 * `event-stream.ts`. Streamed batches go through tRPC's handler. Registered before the middlewares of the other routes, whose work it does itself.
 */
export function mountTrpc(app: Hono<HttpEnv>, deps: Deps, edge: Edge): void {
  app.all('/trpc/*', async (c) => {
    const visit = edge.enter(c)
    let context: RequestContext | undefined
    const outcomes: Outcome[] = []
    let request: Request | undefined
    try {
      if (c.req.method === 'OPTIONS') return finish(c, visit, preflight(visit), 'preflight')
      request = readRequest(c.req.raw.url)
      edge.admit(visit, request.paths.length)
      edge.guardOrigin(c, visit)
      context = createRequestContext(deps, c, visit)
      if (wantsJsonLines(c)) return finish(c, visit, await answerJsonLines(c, context), 'stream')
      const method = c.req.method
      const inputs = await readInputs(c, request)
      if (isSubscription(method, request)) {
        const [path = ''] = request.paths
        return finish(c, visit, await subscribe(context, path, withLastEventId(c, request, inputs[0])), path)
      }
      if (request.isBatch) {
        const ctx = context
        outcomes.push(
          ...(await Promise.all(request.paths.map((path, i) => call(ctx, method, path, inputs[i], i)))),
        )
      } else outcomes.push(await call(context, method, request.paths[0] ?? '', inputs[0], 0))
    } catch (cause) {
      const path = request?.paths.length === 1 ? (request.paths[0] ?? '') : ''
      outcomes.length = 0
      outcomes.push(failure(path, cause, context ?? { requestId: visit.requestId }))
      if (request) request.isBatch = false
    }
    return respond(c, visit, outcomes, request?.isBatch ?? false)
  })

  function respond(c: Context<HttpEnv>, visit: Visit, outcomes: Outcome[], isBatch: boolean): Response {
    const headers: Record<string, string> = {
      ...edge.securityHeaders,
      'content-type': 'application/json',
      'x-request-id': visit.requestId,
    }
    let status = outcomes[0]?.status ?? 200
    let errorCode: string | undefined
    let wait = 0
    for (const outcome of outcomes) {
      if (outcome.status !== status) status = 207
      if (!outcome.error) continue
      errorCode ??= outcome.error.code
      wait = Math.max(wait, retryAfterSeconds(outcome.error) ?? 0)
      if (outcome.status === 405) headers.allow = allowedMethods(outcome.path)
    }
    if (wait > 0) headers['retry-after'] = String(wait)
    if (visit.origin !== null) Object.assign(headers, { vary: 'Origin' }, edge.cors.headers(visit.origin))
    const body = JSON.stringify(isBatch ? outcomes.map(({ envelope }) => envelope) : outcomes[0]?.envelope)
    // A batch of one is how the SDK sends a lone query: it counts, and is logged, as the call that it is.
    const isMany = outcomes.length > 1
    for (const outcome of isMany ? outcomes : [])
      edge.observer.call(visit, routeOf(outcome.path), outcome.status)
    edge.observer.request(visit, {
      method: c.req.method,
      path: c.req.path,
      route: isMany ? 'batch' : routeOf(outcomes[0]?.path ?? ''),
      status,
      errorCode,
    })
    return new Response(body, { status, headers })
  }

  function preflight(visit: Visit): Response {
    const headers = visit.origin === null ? undefined : edge.cors.preflight(visit.origin)
    return new Response(null, { status: headers ? 204 : 403, headers: { ...headers, vary: 'Origin' } })
  }

  /** For answers that others made: adds what every answer has, and the log line. */
  function finish(c: Context<HttpEnv>, visit: Visit, response: Response, route: string): Response {
    const extra = {
      ...edge.securityHeaders,
      ...(visit.origin === null ? {} : edge.cors.headers(visit.origin)),
    }
    for (const [name, value] of Object.entries(extra)) response.headers.set(name, value)
    response.headers.set('x-request-id', visit.requestId)
    edge.observer.request(visit, { method: c.req.method, path: c.req.path, route, status: response.status })
    return response
  }
}

/** @throws AppError BATCH_TOO_LARGE INVALID_INPUT */
function readRequest(url: string): Request {
  const mark = url.indexOf('?')
  const start = url.indexOf('/trpc/', url.indexOf('//') + 2) + '/trpc/'.length
  const raw = mark === -1 ? url.slice(start) : url.slice(start, mark)
  const path = raw.includes('%') ? decode(raw) : raw
  const query = mark === -1 ? '' : url.slice(mark + 1)
  const isBatch = query !== '' && queryParameter(query, 'batch') === '1'
  const paths = isBatch ? path.split(',') : [path]
  if (paths.length > MAX_BATCH_SIZE) throw new AppError('BATCH_TOO_LARGE', { limit: MAX_BATCH_SIZE })
  return { paths, isBatch, query }
}

/** Inputs by the place of their call. @throws AppError */
async function readInputs(c: Context<HttpEnv>, { paths, isBatch, query }: Request): Promise<unknown[]> {
  let body: unknown
  if (c.req.method === 'GET') {
    const text = queryParameter(query, 'input')
    body = text ? parseJson(text) : undefined
  } else if (c.req.method === 'POST') body = await readJsonBody(c.req.raw, c.env?.incoming)
  else throw new AppError('METHOD_NOT_ALLOWED')
  if (body === undefined) return []
  if (!isBatch) return [deserialize(body)]
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw unreadable('A batch is an object: { "0": … }.')
  return paths.map((_, place) =>
    Object.hasOwn(body, place) ? deserialize((body as Record<number, unknown>)[place]) : undefined,
  )
}

const unreadable = (message: string) => new AppError('INVALID_INPUT', { issues: [{ path: '', message }] })

function deserialize(input: unknown): unknown {
  if (typeof input !== 'object' || input === null || Array.isArray(input))
    throw unreadable('The input is { "json": … }.')
  try {
    return transformer.deserialize(input as Parameters<typeof transformer.deserialize>[0])
  } catch {
    // Annotations that superjson cannot follow, or that it refuses: paths into prototypes.
    throw unreadable('The annotations of the input are not valid.')
  }
}

async function call(
  ctx: RequestContext,
  method: string,
  path: string,
  input: unknown,
  batchIndex: number,
): Promise<Outcome> {
  try {
    const procedure = procedures.get(path)
    if (!procedure) throw new AppError('NOT_FOUND', { what: 'procedure' })
    // A query may be posted (tRPC's method override): the SDK always does, so that no key ever stands in a URL.
    if (method === 'GET' && procedure.type !== 'query') throw new AppError('METHOD_NOT_ALLOWED')
    // A stream is asked for by GET and by itself; this one was posted, or stands in a batch.
    if (procedure.type === 'subscription') throw new AppError('METHOD_NOT_ALLOWED')
    refuseStrayInput(procedure, input)
    const data = await procedure.call(ctx, input, batchIndex)
    return { path, status: 200, envelope: { result: { data: transformer.serialize(data) } } }
  } catch (cause) {
    return failure(path, cause, ctx)
  }
}

/** tRPC's envelope around an error, made by the one formatter (`trpc.ts`). */
function failure(path: string, cause: unknown, ctx: RequestContext | { requestId: string }): Failure {
  const appError = cause instanceof AppError ? cause : toAppError(cause)
  const error =
    cause instanceof AppError
      ? new TRPCError({ code: cause.kind, message: cause.message, cause })
      : getTRPCErrorFromUnknown(cause)
  const shape = getTRPCErrorShape({
    config,
    error,
    type: procedures.get(path)?.type ?? 'unknown',
    path,
    input: undefined,
    // The formatter reads the request's id only.
    ctx: ctx as RequestContext,
  })
  return {
    path,
    status: getHTTPStatusCodeFromError(error),
    envelope: { error: transformer.serialize(shape) },
    error: appError,
  }
}

const routeOf = (path: string): string => (procedures.has(path) ? path : 'other')

function allowedMethods(path: string): string {
  const type = procedures.get(path)?.type
  return type === 'mutation' ? 'POST' : type === 'subscription' ? 'GET' : 'GET, POST'
}

/** Batches whose answers are streamed as they come. */
const wantsJsonLines = (c: Context<HttpEnv>): boolean =>
  c.req.method === 'GET' && c.req.raw.headers.get('trpc-accept') === 'application/jsonl'

const answerJsonLines = (c: Context<HttpEnv>, context: RequestContext): Promise<Response> =>
  fetchRequestHandler({
    endpoint: '/trpc',
    req: c.req.raw,
    router: appRouter,
    createContext: () => context,
    maxBatchSize: MAX_BATCH_SIZE,
  })

const isSubscription = (method: string, { paths, isBatch }: Request): boolean =>
  method === 'GET' && !isBatch && procedures.get(paths[0] ?? '')?.type === 'subscription'

/** Where an `EventSource` left off stands in a header, or in the query, by tRPC's custom. */
function withLastEventId(c: Context<HttpEnv>, { query }: Request, input: unknown): unknown {
  const lastEventId = c.req.raw.headers.get('last-event-id') || queryParameter(query, 'lastEventId')
  if (!lastEventId || typeof input !== 'object' || input === null || Array.isArray(input)) return input
  return { ...input, lastEventId }
}

/** Opens a stream; what is wrong from the start is answered as to any call. @throws AppError, TRPCError */
async function subscribe(ctx: RequestContext, path: string, input: unknown): Promise<Response> {
  const abort = new AbortController()
  const entries = await procedures.get(path)?.call(ctx, input, 0, abort.signal)
  if (typeof entries !== 'object' || entries === null || !(Symbol.asyncIterator in entries)) {
    throw new AppError('INTERNAL', undefined, { message: `${path} gave no stream` })
  }
  return answerEvents({
    entries: entries as AsyncIterable<unknown>,
    abort,
    describe(cause) {
      const { envelope, error } = failure(path, cause, ctx)
      // In the middle of a stream no middleware logs any more.
      if (error.code === 'INTERNAL') ctx.log.error({ err: error.cause ?? cause, path }, 'internal error')
      return envelope.error
    },
  })
}
