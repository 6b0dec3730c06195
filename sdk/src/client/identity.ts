import { isDevForgeError } from '../errors.ts'
import type { SessionKeeper, TokenAnswer } from './session-keeper.ts'

/** A fixed API token, or a session that is kept fresh. */
export type Identity = { apiToken: string } | { session: SessionKeeper }

/** The token to go along with a request; null when nobody is signed in. */
export const tokenOf = async (identity: Identity): Promise<TokenAnswer> =>
  'apiToken' in identity ? { token: identity.apiToken } : identity.session.freshToken()

/**
 * What to do about a request that failed with a token: the new token to try once more with. Rethrows whatever a token cannot help.
 * @throws the failure itself, or what ended the session
 */
export async function tokenAfter(error: unknown, identity: Identity, tried: TokenAnswer): Promise<string> {
  const refused = isDevForgeError(error, 'AUTH_REQUIRED') || isDevForgeError(error, 'AUTH_SESSION_ENDED')
  if (!refused || 'apiToken' in identity) throw error
  // The session ended a moment ago, in the refresh: say so, rather than that one should have signed in.
  if (tried.token === null) throw tried.ended ?? error
  const next = await identity.session.replaceToken(tried.token)
  if (next.token === null) throw next.ended ?? error
  return next.token
}

/** Runs a request with the caller's token, and once more with a new one when the server refused the first. */
export async function withToken<T>(
  identity: Identity,
  send: (token: string | null) => Promise<T>,
): Promise<T> {
  const first = await tokenOf(identity)
  try {
    return await send(first.token)
  } catch (error) {
    return send(await tokenAfter(error, identity, first))
  }
}
