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

interface Verified extends AccessClaims {
  kid: string
  /** Seconds since 1970. */
  exp: number
}

/**
 * Tokens that were found good. An editor sends the same one for ten minutes, and checking its signature anew costs half a millisecond of
 * each call. What may change meanwhile, the time and the keys, is looked at each time.
 */
const verified = new WeakMap<Deps, Map<string, Verified>>()
const MAX_VERIFIED = 10_000

/**
 * Checks signature, algorithm, `typ`, issuer, audience and times; `kid` may name only our own access keys.
 * @returns null for anything that is not a good token of ours, without saying why
 */
export async function verifyAccessToken(deps: Deps, token: string): Promise<AccessClaims | null> {
  const memory = verified.get(deps) ?? new Map<string, Verified>()
  verified.set(deps, memory)
  try {
    const known = memory.get(token)
    const claims = known && (await isStillGood(deps, known)) ? known : await verify(deps, token)
    if (claims !== known) {
      const oldest = memory.keys().next().value
      if (memory.size >= MAX_VERIFIED && oldest !== undefined) memory.delete(oldest)
      memory.set(token, claims)
    }
    return { userId: claims.userId, sessionId: claims.sessionId }
  } catch {
    memory.delete(token)
    return null
  }
}

async function isStillGood({ clock, signer }: Deps, { kid, exp }: Verified): Promise<boolean> {
  return (
    Math.floor(clock.now().getTime() / 1000) < exp && (await signer.publicKey('access', kid)) !== undefined
  )
}

/** @throws for anything that is not a good token of ours */
async function verify(deps: Deps, token: string): Promise<Verified> {
  const { payload, protectedHeader } = await jwtVerify(
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
  const { sub, sid, exp } = payload
  const { kid } = protectedHeader
  if (typeof sub !== 'string' || typeof sid !== 'string' || exp === undefined || kid === undefined)
    throw new Error('claims are missing')
  return { userId: sub, sessionId: sid, kid, exp }
}
