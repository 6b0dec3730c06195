import type { PublicKeys, PublicKeysOptions } from '../client/public-keys.ts'
import { DevForgeError } from '../errors.ts'
import { hex } from '../offline/jws.ts'

/** What the server says of a package. */
export interface PackageSeal {
  /** Hex. */
  sha256: string
  sizeBytes: number
  /** Ed25519 over the bytes (RFC 8032), base64. */
  signature: string
  signatureKid: string
}

export type FetchKeys = (options: PublicKeysOptions) => Promise<PublicKeys>

export const packageInvalid = (reason: string, cause?: unknown): DevForgeError<'PACKAGE_INVALID'> =>
  new DevForgeError('PACKAGE_INVALID', `The package is not what the server signed (${reason}).`, {
    details: { reason },
    cause,
  })

/**
 * Whether bytes are the package that the server signed. Needs all of them: Ed25519 signs the whole message, and nothing of a package
 * that is not good may reach an installer.
 * @throws PACKAGE_INVALID
 */
export async function checkPackage(
  bytes: Uint8Array<ArrayBuffer>,
  { sha256, sizeBytes, signature, signatureKid }: PackageSeal,
  fetchKeys: FetchKeys,
): Promise<void> {
  if (bytes.byteLength !== sizeBytes) throw packageInvalid('size')
  if (hex(await crypto.subtle.digest('SHA-256', bytes)) !== sha256) throw packageInvalid('sha256')
  const { keys } = await fetchKeys({ kid: signatureKid })
  const jwk = keys.find(({ kid, purpose }) => kid === signatureKid && purpose === 'package')
  if (!jwk) throw packageInvalid('unknown_key')
  const { kty, crv, x } = jwk
  let good: boolean
  try {
    const key = await crypto.subtle.importKey('jwk', { kty, crv, x }, { name: 'Ed25519' }, false, ['verify'])
    const mac = Uint8Array.from(atob(signature), (char) => char.charCodeAt(0))
    good = await crypto.subtle.verify({ name: 'Ed25519' }, key, mac, bytes)
  } catch (cause) {
    // An engine without Ed25519 (Chrome before 137), or a text that is no signature.
    throw packageInvalid('unsupported', cause)
  }
  if (!good) throw packageInvalid('signature')
}
