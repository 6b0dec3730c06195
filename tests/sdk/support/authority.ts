import { createHash, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto'
import { DevForgeError } from '@devforge/sdk'
import type { LicenseClient } from '@devforge/sdk/offline'

export const KEY = 'DF-01234-56789-ABCDE-FGHJK-MN9TX'
const ISSUER = 'https://forge.test'
export const DAY = 86_400_000
export const MINUTE = 60_000

interface SigningKey {
  kid: string
  privateKey: KeyObject
  jwk: { kty: 'OKP'; crv: 'Ed25519'; x: string; kid: string; purpose: 'lease' | 'access' }
}

const b64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

export function signingKey(kid: string, purpose: 'lease' | 'access' = 'lease'): SigningKey {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const { x = '' } = publicKey.export({ format: 'jwk' })
  return { kid, privateKey, jwk: { kty: 'OKP', crv: 'Ed25519', x, kid, purpose } }
}

/** A compact JWS, right or wrong as the header says. */
export function jws(key: SigningKey, typ: string, claims: object, header: object = {}): string {
  const head = b64({ alg: 'EdDSA', typ, kid: key.kid, ...header })
  const body = b64(claims)
  return `${head}.${body}.${sign(null, Buffer.from(`${head}.${body}`), key.privateKey).toString('base64url')}`
}

interface Entry {
  seq: number
  sub: string
  kind: 'revoked' | 'reinstated' | 'device_removed'
  device?: string
}

export const deviceOf = (fingerprint: string) => createHash('sha256').update(fingerprint).digest('hex')

/**
 * The signing half of a server with one license, in memory: it issues what the real one issues, and also what only a broken
 * or hostile one would. The real server is tried in real-server.test.ts.
 */
export function createAuthority(clock: { nowMs: number }) {
  let key = signingKey('lease-1')
  const published = [key]
  const state = {
    online: true,
    entries: [] as Entry[],
    withdrawnKids: [] as string[],
    refusal: null as DevForgeError | null,
    /** Changes the claims of what is signed next. */
    claims: {} as Record<string, unknown>,
    header: {} as Record<string, unknown>,
    listClaims: {} as Record<string, unknown>,
    pageSize: 1_000,
    asked: [] as string[],
  }
  const seconds = () => Math.floor(clock.nowMs / 1_000)
  const sequence = () => state.entries.at(-1)?.seq ?? 0

  const lease = (fingerprint: string, over: Record<string, unknown> = {}) =>
    jws(
      key,
      'devforge-lease+jwt',
      {
        iss: ISSUER,
        aud: 'devforge-editor',
        sub: 'lic_1',
        jti: randomUUID(),
        iat: seconds(),
        nbf: seconds(),
        exp: seconds() + 30 * 86_400,
        device: deviceOf(fingerprint),
        plan: 'pro',
        status: 'active',
        entitlements: ['local-models', 'remote-models', 'extension:acme.theme'],
        updates_until: seconds() + 730 * 86_400,
        grace_days: 7,
        srv: seconds(),
        rev: sequence(),
        ...state.claims,
        ...over,
      },
      state.header,
    )

  const list = (since: number) => {
    const after = state.entries.filter((entry) => entry.seq > since)
    const page = after.slice(0, state.pageSize)
    const more = after.length > page.length
    const upTo = page.at(-1)?.seq ?? Math.min(since, sequence())
    const claims = {
      iss: ISSUER,
      aud: 'devforge-editor',
      iat: seconds(),
      since,
      sequence: upTo,
      entries: page.map((entry) => ({ ...entry, at: seconds() })),
      withdrawn_kids: state.withdrawnKids,
      more,
      ...state.listClaims,
    }
    return { list: jws(key, 'devforge-revocations+jwt', claims), sequence: upTo, more }
  }

  /** Every question goes through here. */
  function ask<T>(name: string, reply: () => T): Promise<T> {
    state.asked.push(name)
    return state.online
      ? Promise.resolve().then(reply)
      : Promise.reject(new DevForgeError('NETWORK', 'offline'))
  }
  const refusing = <T>(reply: () => T) => {
    if (state.refusal) throw state.refusal
    return reply()
  }
  const unused = () => Promise.reject(new Error('not used here'))

  const forge = {
    url: ISSUER,
    publicKeys: () => ask('jwks', () => ({ keys: published.map((one) => one.jwk) })),
    licenses: {
      activate: ({ fingerprint }) =>
        ask('activate', () => refusing(() => ({ lease: lease(fingerprint) }) as never)),
      lease: ({ fingerprint }) =>
        ask('lease', () => refusing(() => ({ lease: lease(fingerprint), expiresAt: new Date() }))),
      revocations: ({ since = 0 }) => ask('revocations', () => list(since)),
      deactivate: () => ask('deactivate', () => refusing(() => ({ deactivated: true }))),
      startTrial: unused,
    },
  } satisfies LicenseClient

  return {
    state,
    forge,
    lease,
    list,
    published,
    get key() {
      return key
    },
    /** Signs with a new key from now on. */
    rotate(kid: string, options: { withdrawOld?: boolean } = {}) {
      if (options.withdrawOld) {
        state.withdrawnKids.push(...published.map((one) => one.kid))
        published.length = 0
      }
      key = signingKey(kid)
      published.push(key)
    },
    refuse(
      code: 'LICENSE_NOT_ACTIVE' | 'LICENSE_NOT_FOUND' | 'DEVICE_NOT_FOUND' | 'UNAVAILABLE',
      status?: string,
    ) {
      state.refusal =
        code === 'LICENSE_NOT_ACTIVE'
          ? new DevForgeError(code, code, { details: { status: status ?? 'revoked', remedy: null } })
          : new DevForgeError(code, code)
    },
  }
}
