import type { DevForgeErrorCode } from '../contract.ts'
import { type DevForgeError, isDevForgeError, orLocalFailure } from '../errors.ts'
import type { SessionStore, StoredSession } from '../session.ts'

/** Refreshed this long before its end, so that it does not end on the way. */
const REFRESH_AHEAD_MS = 30_000

/** What the server answers to sign-up, sign-in and refresh. */
export interface SessionGrant {
  sessionToken: string
  accessToken: string
  accessTokenExpiresAt: Date
  user: { id: string; email: string; name: string }
}

export type SessionListener = (session: StoredSession | null) => void

/** The signed-in person as the application sees it. */
export interface Session {
  /** Who is signed in, without asking the server. */
  current(): Promise<StoredSession | null>
  /** Tells of sign-in, refresh, sign-out and sessions that the server ended. Returns the way to stop. */
  onChange(listener: SessionListener): () => void
}

/** What API classes may do to the session. */
export interface SessionControl extends Session {
  /** Keeps what sign-in or sign-up gave. */
  adopt(grant: SessionGrant): Promise<void>
  /** Forgets the session on this machine. */
  clear(): Promise<void>
}

export interface SessionKeeper extends SessionControl {
  /** An access token that is good for a while yet, refreshed if need be; null when nobody is signed in. */
  freshToken(): Promise<TokenAnswer>
  /** A new access token after the server refused `refused`. */
  replaceToken(refused: string): Promise<TokenAnswer>
}

/** `ended`: there was a session, and the server has just said that it is over. */
export type TokenAnswer = { token: string | null; ended?: DevForgeError<DevForgeErrorCode> }

/**
 * The lifetime that the token itself states, laid out from now on this machine's clock: a machine whose clock is wrong must
 * not refresh before every call.
 */
function expiryByOwnClock(grant: SessionGrant, nowMs: number): number {
  try {
    const payload = grant.accessToken.split('.')[1] ?? ''
    const claims: unknown = JSON.parse(atob(payload.replace(/-/g, '+').replace(/_/g, '/')))
    const { iat, exp } = claims as { iat?: unknown; exp?: unknown }
    if (typeof iat === 'number' && typeof exp === 'number') return nowMs + (exp - iat) * 1000
  } catch {
    // Not a JWT: a later server may issue opaque tokens. Its own statement of the time will do.
  }
  return grant.accessTokenExpiresAt.getTime()
}

export interface SessionKeeperOptions {
  store: SessionStore
  /** Asks the server for a new access token. Rejects with a DevForgeError. */
  refresh(sessionToken: string): Promise<SessionGrant>
  now(): number
}

/** The store, failing with errors of the SDK. */
function guarded(store: SessionStore): SessionStore {
  const guard = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      throw orLocalFailure(error)
    }
  }
  return {
    get: () => guard(() => store.get()),
    set: (session) => guard(() => store.set(session)),
    clear: () => guard(() => store.clear()),
  }
}

export function createSessionKeeper({ refresh, now, ...given }: SessionKeeperOptions): SessionKeeper {
  const store = guarded(given.store)
  const listeners = new Set<SessionListener>()
  let refreshing: { sessionToken: string; answer: Promise<TokenAnswer> } | undefined

  function tell(session: StoredSession | null): void {
    for (const listener of [...listeners]) listener(session)
  }

  async function keep(grant: SessionGrant): Promise<void> {
    const { id, email, name } = grant.user
    const session: StoredSession = {
      sessionToken: grant.sessionToken,
      accessToken: grant.accessToken,
      accessTokenExpiresAtMs: expiryByOwnClock(grant, now()),
      user: { id, email, name },
    }
    await store.set(session)
    tell(session)
  }

  async function clear(): Promise<void> {
    await store.clear()
    tell(null)
  }

  async function refreshNow(sessionToken: string): Promise<TokenAnswer> {
    try {
      const grant = await refresh(sessionToken)
      // Signed out, or somebody else in, meanwhile: the answer is no longer wanted.
      if ((await store.get())?.sessionToken !== sessionToken) return { token: null }
      await keep(grant)
      return { token: grant.accessToken }
    } catch (error) {
      // Only the server's word ends a session. No network, a busy server: it stays.
      if (!isDevForgeError(error, 'AUTH_SESSION_ENDED')) throw error
      if ((await store.get())?.sessionToken === sessionToken) await clear()
      return { token: null, ended: error }
    }
  }

  function refreshOnce(sessionToken: string): Promise<TokenAnswer> {
    if (refreshing?.sessionToken === sessionToken) return refreshing.answer
    const answer = refreshNow(sessionToken).finally(() => {
      if (refreshing?.answer === answer) refreshing = undefined
    })
    refreshing = { sessionToken, answer }
    return answer
  }

  return {
    current: () => store.get(),
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    adopt: keep,
    clear,
    async freshToken() {
      const session = await store.get()
      if (!session) return { token: null }
      const leftMs = session.accessTokenExpiresAtMs - now()
      if (leftMs > REFRESH_AHEAD_MS) return { token: session.accessToken }
      try {
        return await refreshOnce(session.sessionToken)
      } catch (error) {
        // Ahead of time, the old token still does.
        if (leftMs > 0) return { token: session.accessToken }
        throw error
      }
    },
    async replaceToken(refused) {
      const session = await store.get()
      if (!session) return { token: null }
      // Another call, or another process on the same store, was faster.
      if (session.accessToken !== refused) return { token: session.accessToken }
      return refreshOnce(session.sessionToken)
    },
  }
}
