import type { Context } from 'hono'
import { getSignedCookie, setSignedCookie } from 'hono/cookie'
import type { SessionActor } from '../context.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { requireSessionToken } from '../modules/auth/actor.ts'
import { SESSION_TTL_MS } from '../modules/auth/constants.ts'
import { engineOf } from '../modules/auth/engine.ts'
import type { RequestContext } from '../trpc.ts'
import type { HttpEnv } from './context.ts'

// The engine's own cookie (same name, same signature), so that its social sign-in and our forms make one session.

const secretOf = (deps: Deps): string => deps.secrets.derive('auth')

async function cookieOf(deps: Deps) {
  const { authCookies } = await engineOf(deps).$context
  return authCookies.sessionToken
}

/** The session token that the browser sent; undefined for none, or one that was meddled with. */
export async function readSessionCookie(c: Context<HttpEnv>, deps: Deps): Promise<string | undefined> {
  const { name } = await cookieOf(deps)
  return (await getSignedCookie(c, secretOf(deps), name)) || undefined
}

/** Signs the browser in: out of reach of scripts, and not sent along by other sites' forms. */
export async function setSessionCookie(c: Context<HttpEnv>, deps: Deps, token: string): Promise<void> {
  const { name, attributes } = await cookieOf(deps)
  await setSignedCookie(c, name, token, secretOf(deps), {
    httpOnly: true,
    sameSite: 'Lax',
    path: '/',
    secure: attributes.secure ?? false,
    maxAge: SESSION_TTL_MS / 1000,
  })
}

/** Who is signed in in this browser; undefined when nobody is (any more). */
export async function browserActor(
  c: Context<HttpEnv>,
  ctx: RequestContext,
): Promise<SessionActor | undefined> {
  const token = await readSessionCookie(c, ctx.deps)
  if (token === undefined) return undefined
  try {
    return await requireSessionToken(ctx, token)
  } catch (error) {
    if (error instanceof AppError && error.code !== 'INTERNAL') return undefined
    throw error
  }
}

/**
 * Refuses what another site's page may have sent. Browsers name the origin of every POST; the edge refuses foreign ones, and
 * where a cookie speaks for the person, a missing one is refused, too.
 * @throws AppError FORBIDDEN
 */
export function requireOrigin(c: Context<HttpEnv>): void {
  if (!c.req.header('origin')) throw new AppError('FORBIDDEN', { need: 'the Origin header' })
}
