import { addMs } from '../../../clock.ts'
import type { Ctx, SessionActor } from '../../../context.ts'
import { AppError, notFound } from '../../../errors.ts'
import type { RequestContext } from '../../../trpc.ts'
import { type PageInput, toPage } from '../../../wire.ts'
import { presentUser } from '../../users/present.ts'
import { loadUser } from '../../users/service/profile.ts'
import { requireUser } from '../actor.ts'
import { SESSION_REFRESH_MS, SESSION_TTL_MS } from '../constants.ts'
import { withEngine } from '../engine.ts'
import { engineDate, hashSessionToken } from '../engine-adapter.ts'
import * as queries from '../queries.ts'
import type { SignedIn } from '../schemas.ts'
import { signAccessToken } from '../tokens.ts'

const MAX_USER_AGENT_LENGTH = 300

/**
 * Signs an account in: a new session and its first access token. Whether that is right was settled before.
 * @throws AUTH_BANNED for a banned account
 */
export async function startSession(
  ctx: Ctx,
  userId: string,
  options: { impersonatedBy?: string; ttlMs?: number } = {},
): Promise<SignedIn> {
  const { deps } = ctx
  const now = deps.clock.now()
  if (!(await queries.mayHaveSession(ctx.db, { userId, now }))) throw new AppError('AUTH_BANNED')
  const session = await withEngine(ctx, (stores) =>
    stores.createSession(
      userId,
      false,
      {
        ipAddress: ctx.ip,
        userAgent: ctx.userAgent?.slice(0, MAX_USER_AGENT_LENGTH) ?? null,
        expiresAt: engineDate(deps.clock, addMs(now, options.ttlMs ?? SESSION_TTL_MS)),
        ...(options.impersonatedBy === undefined ? {} : { impersonatedBy: options.impersonatedBy }),
      },
      true,
    ),
  )
  return {
    user: await loadUser(ctx, userId),
    ...(await signAccessToken(deps, { userId, sessionId: session.id })),
    sessionToken: session.token,
  }
}

/**
 * A new access token for a session. The session's token stays the same: it is checked in the database on every use and can
 * be ended there at any moment, which is what rotation tries to make up for where it cannot; and a rotated token that is
 * lost on its way (the laptop closes, the train enters a tunnel) would sign an honest editor out.
 * @throws AUTH_SESSION_ENDED, AUTH_BANNED
 */
export async function refresh(ctx: Ctx, { sessionToken }: { sessionToken: string }): Promise<SignedIn> {
  const now = ctx.deps.clock.now()
  const session = await queries.findSessionByToken(ctx.db, { tokenHash: hashSessionToken(sessionToken), now })
  if (!session) throw new AppError('AUTH_SESSION_ENDED')
  if (session.banned) throw new AppError('AUTH_BANNED')
  // An impersonation ends when it was said to end, however busy it is.
  const isStale = now.getTime() - session.updatedAt.getTime() >= SESSION_REFRESH_MS
  if (isStale && session.impersonatedBy === null) {
    await queries.extendSession(ctx.db, {
      sessionId: session.id,
      expiresAt: addMs(now, SESSION_TTL_MS),
      now,
    })
  }
  return {
    user: presentUser(session.user),
    ...(await signAccessToken(ctx.deps, { userId: session.user.id, sessionId: session.id })),
    sessionToken,
  }
}

/** Ends a session: that of the given token, else that of the access token. Ending one that has ended is no error. */
export async function signOut(
  ctx: RequestContext,
  { sessionToken }: { sessionToken?: string | undefined },
): Promise<{ ok: true }> {
  if (sessionToken !== undefined) {
    await queries.deleteSessionByToken(ctx.db, hashSessionToken(sessionToken))
  } else {
    await queries.deleteSession(ctx.db, await requireUser(ctx))
  }
  return { ok: true }
}

/** The caller's sessions, newest first. */
export async function sessions(ctx: Ctx<SessionActor>, page: PageInput) {
  const { userId, sessionId } = ctx.actor
  const rows = await queries.listSessions(ctx.db, { userId, now: ctx.deps.clock.now(), ...page })
  return toPage(rows, page.limit, ({ updatedAt, ...row }) => ({
    ...row,
    current: row.id === sessionId,
    lastUsedAt: updatedAt,
  }))
}

/** Ends one of the caller's sessions. @throws NOT_FOUND for one that is not the caller's */
export async function revokeSession(ctx: Ctx<SessionActor>, { id }: { id: string }): Promise<{ ok: true }> {
  const found = await queries.deleteSession(ctx.db, { userId: ctx.actor.userId, sessionId: id })
  if (!found) throw notFound('session', id)
  return { ok: true }
}

/** Ends all sessions of an account. */
export const endSessions = (ctx: Ctx, userId: string): Promise<void> => queries.deleteSessions(ctx.db, userId)
