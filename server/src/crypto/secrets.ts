import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto'

/** Uses of the one server secret. Each gets a key of its own, so that a leak of one use tells nothing of another. */
type Purpose =
  | 'license-key'
  | 'seal'
  | 'auth'
  | 'unsubscribe'
  | 'cursor'
  | 'usage-client'
  | 'analytics-client'
  | 'file-url'
  | 'mail-reply'
  | 'knowledge-reader'

/** Everything that needs DEVFORGE_SECRET. A database dump without it holds nothing usable. */
export interface Secrets {
  /** HMAC-SHA256 (32 bytes) under the key of a purpose. */
  hmac(purpose: Purpose, value: string): Buffer
  /** Encrypts (AES-256-GCM); `context` must be given again to open, so that sealed values cannot be swapped between rows. */
  seal(plain: string, context: string): Buffer
  /** @throws Error when the value was changed, or sealed under another secret or context */
  open(sealed: Buffer, context: string): string
  /** A derived key in hex, for libraries that want a secret of their own. */
  derive(purpose: Purpose): string
}

const IV_BYTES = 12
const TAG_BYTES = 16

export function createSecrets(secret: string): Secrets {
  // As key objects: with bytes, node:crypto makes one for each HMAC, which takes four times as long as the HMAC.
  const keys = new Map<Purpose, KeyObject>()
  const keyFor = (purpose: Purpose): KeyObject => {
    const known = keys.get(purpose)
    if (known) return known
    const key = createSecretKey(Buffer.from(hkdfSync('sha256', secret, 'devforge/v1', purpose, 32)))
    keys.set(purpose, key)
    return key
  }
  return {
    hmac: (purpose, value) => createHmac('sha256', keyFor(purpose)).update(value).digest(),
    derive: (purpose) => keyFor(purpose).export().toString('hex'),
    seal(plain, context) {
      const iv = randomBytes(IV_BYTES)
      const cipher = createCipheriv('aes-256-gcm', keyFor('seal'), iv).setAAD(Buffer.from(context))
      const body = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()])
      return Buffer.concat([iv, cipher.getAuthTag(), body])
    },
    open(sealed, context) {
      const decipher = createDecipheriv('aes-256-gcm', keyFor('seal'), sealed.subarray(0, IV_BYTES), {
        authTagLength: TAG_BYTES,
      })
      decipher.setAAD(Buffer.from(context)).setAuthTag(sealed.subarray(IV_BYTES, IV_BYTES + TAG_BYTES))
      return Buffer.concat([
        decipher.update(sealed.subarray(IV_BYTES + TAG_BYTES)),
        decipher.final(),
      ]).toString('utf8')
    },
  }
}

/** SHA-256 of a string, for high-entropy tokens that need no pepper. */
export const sha256 = (value: string): Buffer => createHash('sha256').update(value).digest()

/** Compares two secrets without telling where they differ. */
export function sameSecret(a: string, b: string): boolean {
  return timingSafeEqual(sha256(a), sha256(b))
}
