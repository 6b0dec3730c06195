import { MINUTE } from '../../clock.ts'
import type { AccountActor, Actor, AdminActor, Ctx, SessionActor } from '../../context.ts'
import { AppError } from '../../errors.ts'
import type { RequestContext } from '../../trpc.ts'
import { hashSessionToken } from './engine-adapter.ts'
import { lookUpSession } from './live-sessions.ts'
import {
  findApiToken,
  findLiveSession,
  findSessionByToken,
  type LiveSession,
  touchApiToken,
} from './queries.ts'
import { verifyAccessToken } from './tokens.ts'

export const API_TOKEN_PREFIX = 'dfp_'

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
  return sessionActor(ctx, await requireUser(ctx))
}

/**
 * The person behind a session that something else vouches for: a verified token, an address that we signed for it, or a stream that they
 * opened before. Their role may be another one by now.
 * @throws AUTH_SESSION_ENDED, AUTH_BANNED
 */
export async function sessionActor(
  { db, deps }: Ctx,
  { userId, sessionId }: { userId: string; sessionId: string },
): Promise<SessionActor> {
  const now = deps.clock.now()
  return actorOfLive({ userId, sessionId }, await findLiveSession(db, { userId, sessionId, now }))
}

/**
 * The same for whoever listens to a stream: hundreds are asked after at once, each time that something happens, and share a question.
 * @throws AUTH_SESSION_ENDED, AUTH_BANNED
 */
export async function streamActor(
  { deps }: Ctx,
  { userId, sessionId }: { userId: string; sessionId: string },
): Promise<SessionActor> {
  return actorOfLive({ userId, sessionId }, await lookUpSession(deps, { userId, sessionId }))
}

function actorOfLive(
  who: { userId: string; sessionId: string },
  session: LiveSession | undefined,
): SessionActor {
  if (!session) throw new AppError('AUTH_SESSION_ENDED')
  if (session.banned) throw new AppError('AUTH_BANNED')
  return actorOf({ ...session, ...who })
}

/** The actor that a live session makes. */
function actorOf(session: {
  userId: string
  sessionId: string
  role: 'customer' | 'agent' | 'admin'
  impersonatedBy: string | null
}): SessionActor {
  const { userId, sessionId, role, impersonatedBy } = session
  if (impersonatedBy === null) return { type: role === 'customer' ? 'user' : role, userId, sessionId }
  // Nobody acts as an admin; should the person have become one meanwhile, this session is of no more use.
  if (role === 'admin') throw new AppError('AUTH_SESSION_ENDED')
  return { type: role === 'customer' ? 'user' : role, userId, sessionId, impersonatedBy }
}

/** The person behind a session token, as our own pages get it in a cookie. @throws AUTH_SESSION_ENDED, AUTH_BANNED */
export async function requireSessionToken(ctx: RequestContext, token: string): Promise<SessionActor> {
  const now = ctx.deps.clock.now()
  const session = await findSessionByToken(ctx.db, { tokenHash: hashSessionToken(token), now })
  if (!session) throw new AppError('AUTH_SESSION_ENDED')
  if (session.banned) throw new AppError('AUTH_BANNED')
  return actorOf({
    userId: session.user.id,
    sessionId: session.id,
    role: session.user.role,
    impersonatedBy: session.impersonatedBy,
  })
}

/** Keeps the time of last use, to the minute: a busy token does not write with every call. */
async function noteUse(ctx: RequestContext, token: { id: string; lastUsedAt: Date | null }): Promise<void> {
  const now = ctx.deps.clock.now()
  if (token.lastUsedAt !== null && now.getTime() - token.lastUsedAt.getTime() < MINUTE) return
  await touchApiToken(ctx.db, token.id, now)
}

/** A person, or an API token that has the scope. */
export async function requireAccount(ctx: RequestContext, scope: string): Promise<AccountActor> {
  const token = bearer(ctx)
  if (!token.startsWith(API_TOKEN_PREFIX)) return requireSession(ctx)
  const found = await findApiToken(ctx.db, { token, now: ctx.deps.clock.now() })
  if (!found) throw new AppError('AUTH_REQUIRED')
  if (found.banned) throw new AppError('AUTH_BANNED')
  if (!found.scopes.includes(scope)) throw new AppError('AUTH_SCOPE_MISSING', { scope })
  await noteUse(ctx, found)
  return { type: 'token', userId: found.userId, tokenId: found.id, scopes: found.scopes }
}

/**
 * Looks again whether the caller of something that goes on (a stream) may still be here: an access token ends on the way, the session
 * or API token behind it counts.
 * @throws AUTH_SESSION_ENDED, AUTH_REQUIRED (the API token was revoked), AUTH_BANNED
 */
export async function requireStill({ db, deps, actor }: Ctx<AccountActor>): Promise<void> {
  const now = deps.clock.now()
  const found =
    actor.type === 'token'
      ? await findApiToken(db, { id: actor.tokenId, now })
      : await lookUpSession(deps, actor)
  if (!found) throw new AppError(actor.type === 'token' ? 'AUTH_REQUIRED' : 'AUTH_SESSION_ENDED')
  if (found.banned) throw new AppError('AUTH_BANNED')
}

/**
 * Refuses an admin who acts as somebody: for what only the person may do (pay, change the ways to sign in, leave).
 * @throws FORBIDDEN
 */
export function refuseImpersonation(actor: Actor): void {
  if ('impersonatedBy' in actor && actor.impersonatedBy !== undefined) {
    throw new AppError('FORBIDDEN', { need: 'the person' })
  }
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
