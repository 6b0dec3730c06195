import type { Context, MiddlewareHandler } from 'hono'
import { routePath } from 'hono/route'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { networkOf } from '../limits.ts'
import { createTokenBucket } from '../token-bucket.ts'
import { limitBodyTime } from './body-time.ts'
import { clientIpOf } from './client-ip.ts'
import type { HttpEnv } from './context.ts'
import { type Cors, createCors } from './cors.ts'
import { answerError } from './errors.ts'
import { securityHeaders } from './headers.ts'
import { createObserver, type Observer } from './observe.ts'
import { requestIdOf } from './request-id.ts'

/** What is known of a request as it comes in. */
export interface Visit {
  requestId: string
  ip: string
  /** `performance.now()` at its arrival. */
  startedAt: number
  /** The page that sent it, when a browser says so. */
  origin: string | null
}

/** What all routes share: the plain ones through `middleware`, the hot one (tRPC) by calling the parts itself. */
export interface Edge {
  securityHeaders: Readonly<Record<string, string>>
  cors: Cors
  observer: Observer
  enter(c: Context<HttpEnv>): Visit
  /** @throws AppError RATE_LIMITED when the address made too many calls in this process */
  admit(visit: Visit, calls: number): void
  /** @throws AppError FORBIDDEN for a page of an origin that is not ours nor listed, when it wants to change something */
  guardOrigin(c: Context<HttpEnv>, visit: Visit): void
  middleware: MiddlewareHandler<HttpEnv>
}

/** Methods that only read. */
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])
/** Stripe, probes and scrapers: their number is not ours to limit. */
const UNLIMITED = /^\/(?:webhooks|health|metrics)(?:\/|$)/

export function createEdge(deps: Deps): Edge {
  const { env } = deps
  const secure = securityHeaders(env.PUBLIC_URL)
  const cors = createCors(env)
  const observer = createObserver(deps)
  const bucket = env.REQUESTS_PER_MINUTE > 0 ? createTokenBucket(env.REQUESTS_PER_MINUTE) : null

  const edge: Edge = {
    securityHeaders: secure,
    cors,
    observer,
    enter: (c) => ({
      requestId: requestIdOf(c.req.raw.headers.get('x-request-id')),
      ip: clientIpOf(c, env.TRUSTED_PROXY_HOPS),
      startedAt: performance.now(),
      origin: c.req.raw.headers.get('origin'),
    }),
    admit(visit, calls) {
      const retryAfterSeconds = bucket?.take(networkOf(visit.ip), calls) ?? 0
      if (retryAfterSeconds > 0) throw new AppError('RATE_LIMITED', { retryAfterSeconds })
    },
    guardOrigin(c, { origin }) {
      if (origin === null || SAFE_METHODS.has(c.req.method)) return
      if (!cors.mayCall(origin, c.req.raw.headers.get('host'))) {
        throw new AppError('FORBIDDEN', undefined, {
          message: 'Pages of this origin may not call this server.',
        })
      }
    },
    async middleware(c, next) {
      const visit = edge.enter(c)
      c.set('requestId', visit.requestId)
      c.set('clientIp', visit.ip)
      limitBodyTime(c.env?.incoming)
      let preflight: Record<string, string> | undefined
      if (c.req.method === 'OPTIONS' && visit.origin !== null) {
        preflight = cors.preflight(visit.origin)
        c.set('route', 'preflight')
        c.res = new Response(null, { status: preflight ? 204 : 403 })
      } else {
        try {
          if (!UNLIMITED.test(c.req.path)) edge.admit(visit, 1)
          edge.guardOrigin(c, visit)
          await next()
        } catch (error) {
          if (!(error instanceof AppError)) throw error
          c.res = answerError(c, error)
        }
      }
      const { headers } = c.res
      for (const name in secure) {
        const value = secure[name]
        if (value !== undefined && !headers.has(name)) headers.set(name, value)
      }
      headers.set('x-request-id', visit.requestId)
      if (visit.origin !== null) {
        headers.append('vary', 'Origin')
        const allowed = preflight ?? cors.headers(visit.origin)
        for (const name in allowed) headers.set(name, allowed[name] ?? '')
      }
      observer.request(visit, {
        method: c.req.method,
        path: c.req.path,
        route: c.get('route') ?? matchedRoute(c),
        status: c.res.status,
        errorCode: c.get('errorCode'),
      })
    },
  }
  return edge
}

/** The pattern that matched, from the bounded set of those registered. */
function matchedRoute(c: Context<HttpEnv>): string {
  const pattern = routePath(c, -1)
  return pattern === '*' || pattern === '/*' ? 'other' : pattern
}
