/** A public Ed25519 key as JWKS serves it (RFC 8037). */
export interface LeaseKey {
  kty: 'OKP'
  crv: 'Ed25519'
  x: string
  kid: string
  purpose: 'lease'
}

export type Claims = Record<string, unknown>

/** Why a signed text was not believed. */
export type SignatureProblem =
  | 'malformed'
  | 'algorithm'
  | 'type'
  | 'unknown_key'
  | 'signature'
  | 'unsupported'

export type Verified =
  | { ok: true; kid: string; claims: Claims }
  | { ok: false; reason: SignatureProblem; kid?: string }

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The keys of a JWKS that may sign leases; anything else in it is passed over. */
export function leaseKeysOf(jwks: unknown): LeaseKey[] {
  const keys = isObject(jwks) && Array.isArray(jwks.keys) ? jwks.keys : []
  return keys.flatMap((key: unknown): LeaseKey[] => {
    if (!isObject(key) || key.kty !== 'OKP' || key.crv !== 'Ed25519' || key.purpose !== 'lease') return []
    if (typeof key.x !== 'string' || typeof key.kid !== 'string') return []
    return [{ kty: 'OKP', crv: 'Ed25519', x: key.x, kid: key.kid, purpose: 'lease' }]
  })
}

function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  if (!/^[\w-]*$/.test(text)) throw new TypeError('not base64url')
  return Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (char) => char.charCodeAt(0))
}

function parseJson(part: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(fromBase64Url(part)))
    return isObject(value) ? value : null
  } catch {
    return null
  }
}

/**
 * Checks a compact JWS (RFC 7515) against known keys, and against nothing the text itself offers: `alg` must be EdDSA, `kid`
 * must name one of the keys, `jwk`, `jku` and `x5u` are not looked at, and `crit` is refused since we know no extension.
 */
export async function verifyJws(jws: string, typ: string, keys: readonly LeaseKey[]): Promise<Verified> {
  const [head, body, mac, ...rest] = jws.split('.')
  if (head === undefined || body === undefined || mac === undefined || rest.length > 0) {
    return { ok: false, reason: 'malformed' }
  }
  const header = parseJson(head)
  const claims = parseJson(body)
  if (!header || !claims || typeof header.kid !== 'string') return { ok: false, reason: 'malformed' }
  const { kid } = header
  if (header.alg !== 'EdDSA' || 'crit' in header) return { ok: false, reason: 'algorithm', kid }
  if (header.typ !== typ) return { ok: false, reason: 'type', kid }
  const key = keys.find((candidate) => candidate.kid === kid)
  if (!key) return { ok: false, reason: 'unknown_key', kid }
  let publicKey: Awaited<ReturnType<typeof crypto.subtle.importKey>>
  try {
    const { kty, crv, x } = key
    publicKey = await crypto.subtle.importKey('jwk', { kty, crv, x }, { name: 'Ed25519' }, false, ['verify'])
  } catch {
    // An engine without Ed25519 (Chrome before 137) says so here, as does a key that is none.
    return { ok: false, reason: 'unsupported', kid }
  }
  try {
    const signed = new TextEncoder().encode(`${head}.${body}`)
    const good = await crypto.subtle.verify({ name: 'Ed25519' }, publicKey, fromBase64Url(mac), signed)
    return good ? { ok: true, kid, claims } : { ok: false, reason: 'signature', kid }
  } catch {
    return { ok: false, reason: 'malformed', kid }
  }
}

/** Lower-case hex SHA-256 of a text: how a fingerprint is named in a lease. */
export async function sha256Hex(text: string): Promise<string> {
  return hex(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)))
}

export function hex(bytes: ArrayBuffer): string {
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
