import { type Claims, type LeaseKey, type SignatureProblem, verifyJws } from './jws.ts'

const AUDIENCE = 'devforge-editor'
const LEASE_TYP = 'devforge-lease+jwt'
const REVOCATIONS_TYP = 'devforge-revocations+jwt'

/** What a lease says, once believed. Times in ms since 1970. */
export interface Lease {
  kid: string
  licenseId: string
  id: string
  device: string
  plan: string
  status: 'active' | 'trial' | 'past_due'
  entitlements: string[]
  issuedAtMs: number
  notBeforeMs: number
  expiresAtMs: number
  graceUntilMs: number
  updatesUntilMs: number | null
  /** Everything in the revocation list up to this number was known when it was signed. */
  revocationSequence: number
}

/** One entry of the revocation list. */
export interface RevocationEntry {
  sequence: number
  licenseId: string
  kind: RevocationKind
  device: string | null
  /** Which one, for entries that are about an entitlement: something the owner has besides the license. */
  entitlement: string | null
  atMs: number
}

const KINDS = ['revoked', 'reinstated', 'device_removed', 'entitlement_removed', 'entitlement_added'] as const
type RevocationKind = (typeof KINDS)[number]

export interface RevocationList {
  issuedAtMs: number
  since: number
  sequence: number
  entries: RevocationEntry[]
  withdrawnKids: string[]
  more: boolean
}

export type LeaseProblem = SignatureProblem | 'issuer' | 'audience' | 'claims'
export type Read<T> = { ok: true; value: T } | { ok: false; reason: LeaseProblem; kid?: string }

/** Whom to believe. */
export interface Trust {
  issuer: string
  keys: readonly LeaseKey[]
}

const DAY_MS = 86_400_000
/** Longer than any lease we sign; a longer one is a mistake, and times beyond it are no times. */
const LATEST_SECONDS = 8_640_000_000_000

const text = (value: unknown): value is string => typeof value === 'string' && value !== ''
const seconds = (value: unknown): value is number =>
  typeof value === 'number' && value >= 0 && value <= LATEST_SECONDS
const count = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0
const texts = (value: unknown): value is string[] => Array.isArray(value) && value.every(text)

/** Issuers are compared without their trailing slash. */
const sameIssuer = (a: unknown, b: string): boolean =>
  typeof a === 'string' && a.replace(/\/+$/, '') === b.replace(/\/+$/, '')

async function readSigned<T>(
  jws: string,
  typ: string,
  trust: Trust,
  read: (claims: Claims, kid: string) => T | null,
): Promise<Read<T>> {
  const verified = await verifyJws(jws, typ, trust.keys)
  if (!verified.ok) return verified
  const { claims, kid } = verified
  if (!sameIssuer(claims.iss, trust.issuer)) return { ok: false, reason: 'issuer', kid }
  if (claims.aud !== AUDIENCE) return { ok: false, reason: 'audience', kid }
  const value = read(claims, kid)
  return value === null ? { ok: false, reason: 'claims', kid } : { ok: true, value }
}

function leaseOf(claims: Claims, kid: string): Lease | null {
  const { sub, jti, iat, nbf, exp, device, plan, status, entitlements, srv, rev } = claims
  const { updates_until: updatesUntil, grace_days: graceDays } = claims
  if (!text(sub) || !text(jti) || !text(device) || !text(plan) || !texts(entitlements)) return null
  if (status !== 'active' && status !== 'trial' && status !== 'past_due') return null
  if (!seconds(iat) || !seconds(nbf) || !seconds(exp) || !seconds(srv) || !count(rev) || !count(graceDays)) {
    return null
  }
  if (updatesUntil !== null && !seconds(updatesUntil)) return null
  return {
    kid,
    licenseId: sub,
    id: jti,
    device,
    plan,
    status,
    entitlements,
    // Both are the server's word on the present; the later one binds.
    issuedAtMs: Math.max(iat, srv) * 1_000,
    notBeforeMs: nbf * 1_000,
    expiresAtMs: exp * 1_000,
    graceUntilMs: exp * 1_000 + graceDays * DAY_MS,
    updatesUntilMs: updatesUntil === null ? null : updatesUntil * 1_000,
    revocationSequence: rev,
  }
}

function entryOf(value: unknown): RevocationEntry | null {
  if (typeof value !== 'object' || value === null) return null
  const { seq, sub, device, entitlement, at } = value as Claims
  const kind = KINDS.find((known) => known === (value as Claims).kind)
  if (!count(seq) || !text(sub) || !seconds(at) || kind === undefined) return null
  const textOrNull = (claim: unknown) => (text(claim) ? claim : null)
  return {
    sequence: seq,
    licenseId: sub,
    kind,
    device: textOrNull(device),
    entitlement: textOrNull(entitlement),
    atMs: at * 1_000,
  }
}

function revocationsOf(claims: Claims): RevocationList | null {
  const { iat, since, sequence, entries, withdrawn_kids: withdrawnKids, more } = claims
  if (!seconds(iat) || !count(since) || !count(sequence) || !Array.isArray(entries)) return null
  if (!texts(withdrawnKids) || typeof more !== 'boolean') return null
  const read = entries.map(entryOf)
  // An entry that we cannot read might be the one about us: then the list is not understood.
  if (read.includes(null)) return null
  return {
    issuedAtMs: iat * 1_000,
    since,
    sequence,
    entries: read.filter((entry) => entry !== null),
    withdrawnKids,
    more,
  }
}

/** A lease, if it is one: signature, key, algorithm, type, issuer, audience and shape. Times are for the caller to judge. */
export const readLease = (jws: string, trust: Trust): Promise<Read<Lease>> =>
  readSigned(jws, LEASE_TYP, trust, leaseOf)

/** A revocation list, if it is one. */
export const readRevocations = (jws: string, trust: Trust): Promise<Read<RevocationList>> =>
  readSigned(jws, REVOCATIONS_TYP, trust, revocationsOf)
