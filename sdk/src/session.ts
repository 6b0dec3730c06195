/** What keeps a person signed in. JSON-safe, so that any storage can hold it. Treat it as a secret. */
export interface StoredSession {
  /** Names and proves the session; revocable at the server. */
  sessionToken: string
  /** Short-lived; goes along with calls. */
  accessToken: string
  /** When the access token ends by this machine's clock (ms since 1970). */
  accessTokenExpiresAtMs: number
  /** Who is signed in, for showing while offline. */
  user: { id: string; email: string; name: string }
}

/**
 * Where the session lives. The client reads it before each call, so that several processes may share one.
 * In Electron, keep it in the main process behind `safeStorage`.
 */
export interface SessionStore {
  get(): Promise<StoredSession | null>
  set(session: StoredSession): Promise<void>
  clear(): Promise<void>
}

/** Forgets everything when the process ends. The default. */
export function memorySessionStore(initial: StoredSession | null = null): SessionStore {
  let session = initial
  return {
    get: async () => session,
    set: async (next) => {
      session = next
    },
    clear: async () => {
      session = null
    },
  }
}

/** Whether a parsed JSON value is a session: whoever edits the file must not crash the client. */
export function isStoredSession(value: unknown): value is StoredSession {
  if (typeof value !== 'object' || value === null) return false
  const { sessionToken, accessToken, accessTokenExpiresAtMs, user } = value as Partial<StoredSession>
  return (
    typeof sessionToken === 'string' &&
    typeof accessToken === 'string' &&
    Number.isFinite(accessTokenExpiresAtMs) &&
    typeof user?.id === 'string' &&
    typeof user.email === 'string' &&
    typeof user.name === 'string'
  )
}
