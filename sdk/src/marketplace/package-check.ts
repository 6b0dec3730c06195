import type { PublicKeys, PublicKeysOptions } from '../client/public-keys.ts'
import { DevForgeError } from '../errors.ts'
import { fromBase64Url, hex } from '../offline/jws.ts'

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

const refused = (reason: string, message: string, cause?: unknown): DevForgeError<'PACKAGE_INVALID'> =>
  new DevForgeError('PACKAGE_INVALID', message, { details: { reason }, cause })

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
  if (bytes.byteLength !== sizeBytes) {
    throw refused('size', `The package has ${bytes.byteLength} bytes instead of ${sizeBytes}.`)
  }
  if (hex(await crypto.subtle.digest('SHA-256', bytes)) !== sha256) {
    throw refused('sha256', 'The package is not the one that was published: its SHA-256 differs.')
  }
  const { keys } = await fetchKeys({ kid: signatureKid })
  const jwk = keys.find(({ kid, purpose }) => kid === signatureKid && purpose === 'package')
  if (!jwk) throw refused('unknown_key', `The server has no key "${signatureKid}" for packages.`)
  const { kty, crv, x } = jwk
  let good: boolean
  try {
    const key = await crypto.subtle.importKey('jwk', { kty, crv, x }, { name: 'Ed25519' }, false, ['verify'])
    const mac = fromBase64Url(signature.replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, ''))
    good = await crypto.subtle.verify({ name: 'Ed25519' }, key, mac, bytes)
  } catch (cause) {
    // An engine without Ed25519 (Chrome before 137), or a text that is no signature.
    throw refused('unsupported', 'The signature of the package cannot be checked here.', cause)
  }
  if (!good) throw refused('signature', 'The signature of the package is not of this server.')
}
