import type { Secrets } from '../../crypto/secrets.ts'
import { generateLicenseKey, parseLicenseKey } from './license-key.ts'

export interface NewKey {
  /** The full key: goes to its owner once, never into the database in clear. */
  key: string
  keyHash: Buffer
  keyHint: string
}

/** A new key with what the database may know of it. */
export function newKey(secrets: Secrets): NewKey {
  const key = generateLicenseKey()
  return { key, keyHash: keyHash(secrets, key), keyHint: key.slice(-5) }
}

/** What a canonical key is looked up by: an HMAC under a secret that no database dump holds. */
export const keyHash = (secrets: Secrets, key: string): Buffer => secrets.hmac('license-key', key)

/** The lookup hash of whatever a person typed; null when it cannot be a key. */
export function lookupHash(secrets: Secrets, typed: string): Buffer | null {
  const key = parseLicenseKey(typed)
  return key === null ? null : keyHash(secrets, key)
}
