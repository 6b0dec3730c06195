import type { Context, Hono } from 'hono'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { toAppError } from '../trpc.ts'
import type { HttpEnv } from './context.ts'
import type { Edge, Visit } from './edge.ts'
import { answerError } from './errors.ts'

/**
 * What editors in browsers, of whatever origin, may send and read. Nothing here knows cookies, so that an origin says nothing about
 * who is asking; a bearer token is sent by whoever has it.
 */
const OPEN_HEADERS = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'etag, x-request-id, retry-after',
  'cross-origin-resource-policy': 'cross-origin',
}

/**
 * The first four are what VS Code sends to galleries; the `x-client-*` ones and the machine what it sends for files of web
 * extensions; the rest is what HTTP clients and paying users add.
 */
const REQUEST_HEADERS =
  'content-type, vscode-sessionid, x-market-client-id, x-market-user-id, x-client-commit, x-client-name, x-client-version, x-machine-id, authorization, if-none-match, range'

const PREFLIGHT_HEADERS = {
  ...OPEN_HEADERS,
  'access-control-allow-methods': 'GET, HEAD, POST',
  'access-control-allow-headers': REQUEST_HEADERS,
  'access-control-max-age': '86400',
}

export type DoorHandler = (c: Context<HttpEnv>, visit: Visit) => Response | Promise<Response>

/** Routes that any page may call, without the middlewares of the others, whose work is done here. */
export interface OpenDoor {
  /** @param method `GET` answers HEAD, too */
  route(method: 'GET' | 'POST', path: string, handler: DoorHandler): void
  /** All methods of all paths under one that are ours; the others go to whatever is mounted later. */
  tree(path: string, isOurs: (path: string) => boolean, handler: DoorHandler): void
}

export interface OpenDoorOptions {
  /** How errors are told; default as everywhere. */
  answer?: typeof answerError
}

/** To be mounted before the middlewares: galleries are a hot path, and their callers come from origins that nobody lists. */
export function createOpenDoor(
  app: Hono<HttpEnv>,
  deps: Deps,
  edge: Edge,
  { answer = answerError }: OpenDoorOptions = {},
): OpenDoor {
  const methodsByPath = new Map<string, Map<string, DoorHandler>>()

  async function handle(c: Context<HttpEnv>, path: string, work: DoorHandler): Promise<Response> {
    const visit = edge.enter(c)
    c.set('requestId', visit.requestId)
    c.set('clientIp', visit.ip)
    const { method } = c.req.raw
    let response: Response
    let route = path
    if (method === 'OPTIONS') {
      route = 'preflight'
      response = new Response(null, { status: 204, headers: PREFLIGHT_HEADERS })
    } else {
      try {
        edge.admit(visit, 1)
        response = await work(c, visit)
        route = c.get('route') ?? path
      } catch (cause) {
        response = answer(c, refusalOf(cause, visit, path))
        route = c.get('route') ?? path
      }
    }
    const { headers } = response
    for (const name in edge.securityHeaders) {
      const value = edge.securityHeaders[name]
      if (value !== undefined && !headers.has(name)) headers.set(name, value)
    }
    for (const [name, value] of Object.entries(OPEN_HEADERS)) headers.set(name, value)
    headers.set('x-request-id', visit.requestId)
    edge.observer.request(visit, {
      method,
      path: c.req.path,
      route,
      status: response.status,
      errorCode: c.get('errorCode'),
    })
    return method === 'HEAD' ? new Response(null, response) : response
  }

  const byMethod =
    (handlers: ReadonlyMap<string, DoorHandler>): DoorHandler =>
    (c, visit) => {
      const { method } = c.req.raw
      const handler = handlers.get(method === 'HEAD' ? 'GET' : method)
      if (handler) return handler(c, visit)
      return answer(c, new AppError('METHOD_NOT_ALLOWED'), { allow: [...handlers.keys()].join(', ') })
    }

  function refusalOf(cause: unknown, visit: Visit, path: string): AppError {
    const error = toAppError(cause)
    if (error.code === 'INTERNAL')
      deps.log.error({ err: error.cause ?? cause, path, requestId: visit.requestId }, 'internal error')
    return error
  }

  return {
    route(method, path, handler) {
      const known = methodsByPath.get(path)
      if (known) {
        known.set(method, handler)
        return
      }
      const handlers = new Map([[method as string, handler]])
      methodsByPath.set(path, handlers)
      app.all(path, (c) => handle(c, path, byMethod(handlers)))
    },
    tree(path, isOurs, handler) {
      app.all(`${path}/*`, (c, next) => (isOurs(c.req.path) ? handle(c, path, handler) : next()))
    },
  }
}
