import type { AccountActor, AdminActor, SessionActor } from '../../context.ts'
import { AppError } from '../../errors.ts'
import type { RequestContext } from '../../trpc.ts'
import { findApiToken, findLiveSession } from './queries.ts'
import { verifyAccessToken } from './tokens.ts'

const API_TOKEN_PREFIX = 'dfp_'

function bearer(ctx: RequestContext): string {
  const token = /^Bearer (\S+)$/i.exec(ctx.authorization ?? '')?.[1]
  if (!token) throw new AppError('AUTH_REQUIRED')
  return token
}

/** The person behind the access token. No query. */
export async function requireUser(ctx: RequestContext): Promise<Extract<SessionActor, { type: 'user' }>> {
  const claims = await verifyAccessToken(ctx.deps, bearer(ctx))
  if (!claims) throw new AppError('AUTH_REQUIRED')
  return { type: 'user', ...claims }
}

/** The person behind the access token, with the session, the ban and the role as they are in this moment. */
export async function requireSession(ctx: RequestContext): Promise<SessionActor> {
  const { userId, sessionId } = await requireUser(ctx)
  const session = await findLiveSession(ctx.db, { userId, sessionId, now: ctx.deps.clock.now() })
  if (!session) throw new AppError('AUTH_SESSION_ENDED')
  if (session.banned) throw new AppError('AUTH_BANNED')
  const type = session.role === 'customer' ? 'user' : session.role
  return { type, userId, sessionId }
}

/** A person, or an API token that has the scope. */
export async function requireAccount(ctx: RequestContext, scope: string): Promise<AccountActor> {
  const token = bearer(ctx)
  if (!token.startsWith(API_TOKEN_PREFIX)) return requireSession(ctx)
  const found = await findApiToken(ctx.db, { token, now: ctx.deps.clock.now() })
  if (!found) throw new AppError('AUTH_REQUIRED')
  if (found.banned) throw new AppError('AUTH_BANNED')
  if (!found.scopes.includes(scope)) throw new AppError('AUTH_SCOPE_MISSING', { scope })
  return { type: 'token', userId: found.userId, tokenId: found.id, scopes: found.scopes }
}

/** An agent (admins are agents too) or an admin. */
export async function requireRole(
  ctx: RequestContext,
  need: 'agent',
): Promise<Extract<SessionActor, { type: 'agent' | 'admin' }>>
export async function requireRole(ctx: RequestContext, need: 'admin'): Promise<AdminActor>
export async function requireRole(ctx: RequestContext, need: 'agent' | 'admin') {
  const actor = await requireSession(ctx)
  if (actor.type === 'admin' || (need === 'agent' && actor.type === 'agent')) return actor
  throw new AppError('FORBIDDEN', { need })
}
