import { DevForgeError, isDevForgeError } from '../errors.ts'
import { startDeadline } from './deadline.ts'
import { networkError } from './failure.ts'

/** A public key as the server's JWKS lists it (RFC 8037). */
export interface PublicKey {
  kty: 'OKP'
  crv: 'Ed25519'
  x: string
  kid: string
  purpose: 'lease' | 'access' | 'package'
}

export interface PublicKeys {
  keys: PublicKey[]
}

/** Options of {@link fetchPublicKeys} that a caller may give. */
export type PublicKeysOptions = Pick<PublicKeysRequest, 'signal' | 'kid'> & { timeoutMs?: number }

export interface PublicKeysRequest {
  url: string
  fetch: typeof globalThis.fetch | undefined
  timeoutMs: number
  signal?: AbortSignal
  /** A key that is looked for: where a cache answers a list without it, the server itself is asked, once. */
  kid?: string
}

/** The server's keys. Rejects with a DevForgeError. */
export async function fetchPublicKeys(request: PublicKeysRequest): Promise<PublicKeys> {
  const deadline = startDeadline(request.timeoutMs, request.signal)
  try {
    return await deadline.race(loadWith(request, deadline.signal))
  } catch (error) {
    throw isDevForgeError(error) ? error : networkError(error)
  } finally {
    deadline.done()
  }
}

async function loadWith(request: PublicKeysRequest, signal: AbortSignal): Promise<PublicKeys> {
  const { kid } = request
  const listed = await load(request, signal)
  if (kid === undefined || listed.keys.some((key) => key.kid === kid)) return listed
  // Shared caches keep the list from before a rotation for a while; under this address they have none.
  return load(request, signal, `?kid=${encodeURIComponent(kid)}`)
}

async function load(
  { url, fetch = globalThis.fetch }: PublicKeysRequest,
  signal: AbortSignal,
  query = '',
): Promise<PublicKeys> {
  const response = await fetch(`${url}/.well-known/jwks.json${query}`, {
    signal,
    cache: 'no-store',
    credentials: 'omit',
    redirect: 'error',
  })
  const body: unknown = response.ok ? await response.json() : null
  if (typeof body === 'object' && body !== null && 'keys' in body && Array.isArray(body.keys)) {
    return { keys: body.keys.filter(isPublicKey) }
  }
  throw new DevForgeError(
    'UNAVAILABLE',
    `The server's public keys cannot be had (HTTP ${response.status}).`,
    {
      httpStatus: response.status,
    },
  )
}

function isPublicKey(value: unknown): value is PublicKey {
  if (typeof value !== 'object' || value === null) return false
  const { kty, crv, x, kid, purpose } = value as Partial<Record<keyof PublicKey, unknown>>
  return (
    kty === 'OKP' &&
    crv === 'Ed25519' &&
    typeof x === 'string' &&
    typeof kid === 'string' &&
    (purpose === 'lease' || purpose === 'access' || purpose === 'package')
  )
}
