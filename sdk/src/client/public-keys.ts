import { DevForgeError, isDevForgeError } from '../errors.ts'
import { startDeadline } from './deadline.ts'
import { networkError } from './failure.ts'

/** A public key as the server's JWKS lists it (RFC 8037). */
export interface PublicKey {
  kty: 'OKP'
  crv: 'Ed25519'
  x: string
  kid: string
  purpose: 'lease' | 'access'
}

export interface PublicKeys {
  keys: PublicKey[]
}

export interface PublicKeysRequest {
  url: string
  fetch: typeof globalThis.fetch | undefined
  timeoutMs: number
  signal?: AbortSignal
}

export async function fetchPublicKeys(request: PublicKeysRequest): Promise<PublicKeys> {
  const deadline = startDeadline(request.timeoutMs, request.signal)
  try {
    return await deadline.race(load(request, deadline.signal))
  } catch (error) {
    throw isDevForgeError(error) ? error : networkError(error)
  } finally {
    deadline.done()
  }
}

async function load(
  { url, fetch = globalThis.fetch }: PublicKeysRequest,
  signal: AbortSignal,
): Promise<PublicKeys> {
  const response = await fetch(`${url}/.well-known/jwks.json`, {
    signal,
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
    (purpose === 'lease' || purpose === 'access')
  )
}
