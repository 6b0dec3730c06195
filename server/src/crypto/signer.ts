import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { type Db, signingKeys } from '@devforge/db'
import { and, eq, gt, isNull, ne, or } from 'drizzle-orm'
import { type JWTPayload, SignJWT } from 'jose'
import { addMs, type Clock, DAY, SECOND } from '../clock.ts'
import { violatedConstraint } from '../tx.ts'
import { signStream } from './ed25519-stream.ts'
import type { Secrets } from './secrets.ts'

export type KeyPurpose = 'access' | 'lease' | 'package'

/** A public key as JWKS serves it (RFC 8037). `use` is always `sig`. */
export interface PublicJwk {
  kty: 'OKP'
  crv: 'Ed25519'
  x: string
  kid: string
  alg: 'EdDSA'
  use: 'sig'
  /** What the key signs. Not a registered member; clients that know it refuse a key in the wrong place. */
  purpose: KeyPurpose
}

interface LoadedKey {
  kid: string
  purpose: KeyPurpose
  active: boolean
  publicKey: KeyObject
  privateKey: KeyObject | null
  jwk: PublicJwk
}

/** Signs with the active key of a purpose, and knows every key that is still good. */
export interface Signer {
  /** A compact JWS (EdDSA) with `kid` and `typ`; the claims are taken as they are. */
  sign(purpose: KeyPurpose, typ: string, claims: JWTPayload): Promise<string>
  /**
   * Ed25519 (RFC 8032) over bytes that are read twice instead of being held in memory.
   * @param open gives the bytes from their start
   * @param sha256 of the bytes, which must be the same both times
   */
  signBytes(
    purpose: KeyPurpose,
    open: () => Promise<AsyncIterable<Uint8Array>>,
    sha256: Uint8Array,
  ): Promise<{ kid: string; signature: Buffer }>
  /** The public key of a `kid`, if it is active or retiring. Never one that was withdrawn. */
  publicKey(purpose: KeyPurpose, kid: string): Promise<KeyObject | undefined>
  /** What /.well-known/jwks.json serves. */
  jwks(): Promise<{ keys: PublicJwk[] }>
  /** Ids of withdrawn keys, for the revocation list: what they signed is void. */
  withdrawnKids(): Promise<string[]>
  /** Makes a new active key. The old one retires after the overlap, or is withdrawn at once. */
  rotate(
    db: Db,
    purpose: KeyPurpose,
    options: { withdrawOld?: boolean; overlapDays?: number },
  ): Promise<{ kid: string; previousKid: string | null }>
  /** Forgets what is cached: after a rotation in this process. */
  reload(): void
}

/** Copies of the server learn of a rotation within this time. */
const CACHE_MS = 15 * SECOND
/** Longer than the longest lease, so that every lease stays verifiable through a planned rotation. */
const DEFAULT_OVERLAP_DAYS = 45

export function createSigner(db: Db, secrets: Secrets, clock: Clock): Signer {
  let cache: { loadedAt: number; keys: Promise<LoadedKey[]> } | undefined

  async function load(): Promise<LoadedKey[]> {
    const now = clock.now()
    const rows = await db
      .select()
      .from(signingKeys)
      .where(
        or(
          eq(signingKeys.status, 'active'),
          and(
            eq(signingKeys.status, 'retiring'),
            or(isNull(signingKeys.retiresAt), gt(signingKeys.retiresAt, now)),
          ),
        ),
      )
    return rows.map((row) => ({
      kid: row.kid,
      purpose: row.purpose,
      active: row.status === 'active',
      publicKey: createPublicKey({ key: row.publicJwk, format: 'jwk' }),
      privateKey: row.status === 'active' ? createPrivateKey(secrets.open(row.sealedPrivate, row.kid)) : null,
      jwk: { ...row.publicJwk, kid: row.kid, alg: 'EdDSA', use: 'sig', purpose: row.purpose },
    }))
  }

  function loaded(): Promise<LoadedKey[]> {
    const now = performance.now()
    if (cache && now - cache.loadedAt < CACHE_MS) return cache.keys
    const keys = load()
    cache = { loadedAt: now, keys }
    // A failed load must not be remembered.
    keys.catch(() => {
      if (cache?.keys === keys) cache = undefined
    })
    return keys
  }

  function newKey(purpose: KeyPurpose) {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519')
    const { x } = publicKey.export({ format: 'jwk' })
    if (!x) throw new Error('no public key in the JWK')
    // The thumbprint would do as well; a short readable id with the purpose and day helps people in a drill.
    const kid = `${purpose}-${clock.now().toISOString().slice(0, 10)}-${x.slice(0, 8)}`
    const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
    return {
      kid,
      purpose,
      status: 'active' as const,
      publicJwk: { kty: 'OKP' as const, crv: 'Ed25519' as const, x },
      sealedPrivate: secrets.seal(pem, kid),
    }
  }

  async function activeKey(purpose: KeyPurpose): Promise<LoadedKey & { privateKey: KeyObject }> {
    for (let attempt = 0; attempt < 3; attempt++) {
      const key = (await loaded()).find((candidate) => candidate.purpose === purpose && candidate.active)
      if (key?.privateKey) return { ...key, privateKey: key.privateKey }
      try {
        await db.insert(signingKeys).values(newKey(purpose))
      } catch (error) {
        // Another copy made the first key at the same moment: use that one.
        if (violatedConstraint(error) !== 'signing_keys_active_key') throw error
      }
      cache = undefined
    }
    throw new Error(`no active ${purpose} key`)
  }

  return {
    async sign(purpose, typ, claims) {
      const key = await activeKey(purpose)
      return new SignJWT(claims).setProtectedHeader({ alg: 'EdDSA', typ, kid: key.kid }).sign(key.privateKey)
    },
    async signBytes(purpose, open, sha256) {
      const key = await activeKey(purpose)
      return { kid: key.kid, signature: await signStream(key.privateKey, open, sha256) }
    },
    async publicKey(purpose, kid) {
      return (await loaded()).find((key) => key.kid === kid && key.purpose === purpose)?.publicKey
    },
    async jwks() {
      await activeKey('lease')
      await activeKey('access')
      return { keys: (await loaded()).map((key) => key.jwk) }
    },
    async withdrawnKids() {
      const rows = await db
        .select({ kid: signingKeys.kid })
        .from(signingKeys)
        .where(eq(signingKeys.status, 'withdrawn'))
      return rows.map((row) => row.kid)
    },
    async rotate(tx, purpose, { withdrawOld = false, overlapDays = DEFAULT_OVERLAP_DAYS }) {
      const now = clock.now()
      const [old] = await tx
        .update(signingKeys)
        .set(
          withdrawOld
            ? { status: 'withdrawn', withdrawnAt: now }
            : {
                status: 'retiring',
                // Signatures of packages have no end: whoever has one may want to verify it years from now.
                retiresAt: purpose === 'package' ? null : addMs(now, overlapDays * DAY),
              },
        )
        .where(and(eq(signingKeys.purpose, purpose), eq(signingKeys.status, 'active')))
        .returning({ kid: signingKeys.kid })
      const key = newKey(purpose)
      await tx.insert(signingKeys).values(key)
      if (withdrawOld) {
        // Whoever had the active key may have had the retiring ones too.
        await tx
          .update(signingKeys)
          .set({ status: 'withdrawn', withdrawnAt: now })
          .where(
            and(
              eq(signingKeys.purpose, purpose),
              ne(signingKeys.kid, key.kid),
              eq(signingKeys.status, 'retiring'),
            ),
          )
      }
      return { kid: key.kid, previousKid: old?.kid ?? null }
    },
    reload() {
      cache = undefined
    },
  }
}
