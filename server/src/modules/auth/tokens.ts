import { jwtVerify } from 'jose'
import { addMs, MINUTE } from '../../clock.ts'
import type { Deps } from '../../deps.ts'

/** Short, since an access token is believed without asking the database. */
export const ACCESS_TOKEN_TTL_MS = 10 * MINUTE
const TYP = 'at+jwt'
const AUDIENCE = 'devforge-api'

export interface AccessClaims {
  userId: string
  sessionId: string
}

/** An access token (RFC 9068) for a session. Carries ids only: no mail, no name, no role. */
export async function signAccessToken(
  deps: Deps,
  { userId, sessionId }: AccessClaims,
): Promise<{ accessToken: string; accessTokenExpiresAt: Date }> {
  const now = deps.clock.now()
  const expiresAt = addMs(now, ACCESS_TOKEN_TTL_MS)
  const seconds = (date: Date) => Math.floor(date.getTime() / 1000)
  const accessToken = await deps.signer.sign('access', TYP, {
    iss: deps.env.PUBLIC_URL,
    aud: AUDIENCE,
    sub: userId,
    sid: sessionId,
    iat: seconds(now),
    exp: seconds(expiresAt),
  })
  return { accessToken, accessTokenExpiresAt: expiresAt }
}

/**
 * Checks signature, algorithm, `typ`, issuer, audience and times; `kid` may name only our own access keys.
 * @returns null for anything that is not a good token of ours, without saying why
 */
export async function verifyAccessToken(deps: Deps, token: string): Promise<AccessClaims | null> {
  try {
    const { payload } = await jwtVerify(
      token,
      async (header) => {
        const key = header.kid === undefined ? undefined : await deps.signer.publicKey('access', header.kid)
        if (!key) throw new Error('unknown key')
        return key
      },
      {
        algorithms: ['EdDSA'],
        typ: TYP,
        issuer: deps.env.PUBLIC_URL,
        audience: AUDIENCE,
        requiredClaims: ['iss', 'aud', 'sub', 'sid', 'exp'],
        currentDate: deps.clock.now(),
      },
    )
    const { sub, sid } = payload
    return typeof sub === 'string' && typeof sid === 'string' ? { userId: sub, sessionId: sid } : null
  } catch {
    return null
  }
}
