import type { Context, Hono } from 'hono'
import type { z } from 'zod'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { networkOf } from '../limits.ts'
import { CLIENT_IP_HEADER, engineOf } from '../modules/auth/engine.ts'
import { signInInput, signUpInput } from '../modules/auth/schemas.ts'
import { refresh } from '../modules/auth/service/sessions.ts'
import { signIn } from '../modules/auth/service/sign-in.ts'
import { signUp } from '../modules/auth/service/sign-up.ts'
import { createRequestContext, type HttpEnv } from './context.ts'
import { parseJson } from './json-input.ts'
import { readSessionCookie, requireOrigin, setSessionCookie } from './session-cookie.ts'

/**
 * What of the engine's own routes is open. The others (sign-up, sign-in, reset and the like) would go around our limits and
 * tell who has an account: `auth.*` procedures and the two routes below do their work.
 */
const ENGINE_ROUTES: [method: 'get' | 'post', path: string][] = [
  ['post', '/sign-in/social'],
  ['get', '/callback/:provider'],
  ['post', '/callback/:provider'],
  ['post', '/sign-out'],
  ['get', '/error'],
  ['get', '/ok'],
]

/** The context of a request, for services. */
export const contextOf = (deps: Deps, c: Context<HttpEnv>) =>
  createRequestContext(deps, c, { requestId: c.get('requestId'), ip: c.get('clientIp') })

/** A JSON body that fits a schema; nothing else, so that no form of another site gets through. */
async function readJson<S extends z.ZodType>(c: Context<HttpEnv>, schema: S): Promise<z.output<S>> {
  if (!/^application\/json(?:;|$)/i.test(c.req.header('content-type') ?? '')) {
    throw new AppError('UNSUPPORTED_MEDIA_TYPE')
  }
  const parsed = schema.safeParse(parseJson(await c.req.text()))
  if (parsed.success) return parsed.data
  const issues = parsed.error.issues.map((issue) => ({
    path: issue.path.join('.'),
    message: issue.message,
  }))
  throw new AppError('INVALID_INPUT', { issues: issues.slice(0, 20) })
}

/** Passes a request on to the engine, with the address of the client as the edge found it. */
function toEngine(deps: Deps, c: Context<HttpEnv>): Promise<Response> {
  const headers = new Headers(c.req.raw.headers)
  headers.set(CLIENT_IP_HEADER, c.get('clientIp'))
  return engineOf(deps).handler(new Request(c.req.raw, { headers }))
}

/** Sign-in of browsers, with cookies: `/api/auth/*`. Everybody else uses the `auth` procedures. */
export function mountAuth(app: Hono<HttpEnv>, deps: Deps): void {
  app.post('/api/auth/sign-up/email', async (c) => {
    requireOrigin(c)
    const { sessionToken, ...answer } = await signUp(contextOf(deps, c), await readJson(c, signUpInput))
    await setSessionCookie(c, deps, sessionToken)
    return c.json(answer)
  })

  app.post('/api/auth/sign-in/email', async (c) => {
    requireOrigin(c)
    const { sessionToken, ...answer } = await signIn(contextOf(deps, c), await readJson(c, signInInput))
    await setSessionCookie(c, deps, sessionToken)
    return c.json(answer)
  })

  // An access token for the page's calls; the session's own token stays in the cookie, out of reach of scripts.
  app.get('/api/auth/get-session', async (c) => {
    const token = await readSessionCookie(c, deps)
    if (token === undefined) return c.json(null)
    try {
      const { sessionToken, ...answer } = await refresh(contextOf(deps, c), { sessionToken: token })
      // The session has moved on; so must the time until which the browser keeps it.
      await setSessionCookie(c, deps, sessionToken)
      return c.json(answer)
    } catch (error) {
      if (error instanceof AppError && error.code === 'AUTH_SESSION_ENDED') return c.json(null)
      throw error
    }
  })

  app.use('/api/auth/sign-in/social', async (c, next) => {
    await deps.limits.consume([['sign-in:ip', networkOf(c.get('clientIp'))]])
    await next()
  })
  for (const [method, path] of ENGINE_ROUTES) {
    app[method](`/api/auth${path}`, (c) => {
      if (method === 'post' && !path.startsWith('/callback')) requireOrigin(c)
      return toEngine(deps, c)
    })
  }
}
