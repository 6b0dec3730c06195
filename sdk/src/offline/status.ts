import { CLOCK_TOLERANCE_MS } from './clock-guard.ts'
import type { Lease, LeaseProblem } from './lease.ts'
import type { Denial } from './record.ts'

const FREE_PLAN = 'free'
/** What the editor can do without any license. */
const FREE_ENTITLEMENTS: readonly string[] = ['local-models']

export type LicenseState = 'valid' | 'grace' | 'expired' | 'revoked' | 'tampered' | 'none'

/**
 * Why the state is what it is.
 * - `past_due` (valid): the subscription is unpaid; it ends soon.
 * - `lease_expired` (grace, expired): the server was not reached for too long.
 * - `key_withdrawn` (expired): the lease was signed with a key that is void; connect to get a new one.
 * - `clock` (tampered): the machine's clock reads earlier than before. It passes when the clock is right, or the server reached.
 * - `storage`, `device`, `signature` (tampered): what is stored here was changed, or is another machine's.
 * - `unreadable` (none): what is stored here is no license.
 * - `pending` (none): a license was activated here, but its lease could not be verified yet; the next sync fetches another.
 */
export type LicenseReason =
  | 'past_due'
  | 'lease_expired'
  | 'key_withdrawn'
  | 'clock'
  | 'storage'
  | 'device'
  | 'signature'
  | 'unreadable'
  | 'pending'
  | Denial

/** What the license on this machine is worth right now. */
export interface LicenseStatus {
  readonly state: LicenseState
  readonly reason: LicenseReason | null
  /** The plan to run as: `free` unless the state is `valid` or `grace`. */
  readonly plan: string
  /** What may be used right now. Never less than the free plan's. */
  readonly entitlements: readonly string[]
  /** The license that is stored here, good or not. */
  readonly licenseId: string | null
  /** Its state at the server when the lease was signed. */
  readonly licenseStatus: 'active' | 'trial' | 'past_due' | null
  /** End of the lease; renewed in the background long before. */
  readonly expiresAt: Date | null
  /** Until when an expired lease still works. */
  readonly graceUntil: Date | null
  /** Versions released up to here are covered; null: all. */
  readonly updatesUntil: Date | null
  /** Whether a feature may be used. */
  has(entitlement: string): boolean
  /** Whether a version that came out on this day is covered. On the free plan every version is. */
  coversVersion(releaseDate: Date): boolean
}

/** The key of a license is here, and no lease yet. */
export interface Pending {
  kind: 'pending'
  key: string
}

/** There is no license here, or none to be believed. */
export type NothingKnown =
  | { kind: 'none'; reason: 'unreadable' | null }
  | { kind: 'tampered'; reason: 'storage' | 'device' | 'signature' }
  | Pending

/** What is known about the stored license before any clock is read. */
export type Known =
  | NothingKnown
  | {
      kind: 'lease'
      lease: Lease
      denial: Denial | null
      /** What the lease gives and was taken since. */
      removed: readonly string[]
      keyWithdrawn: boolean
    }

/** What to call a lease that was not believed. */
export function knownFromProblem(problem: LeaseProblem): NothingKnown {
  // Claims in a form of the future, or an engine without Ed25519, are nobody's fault.
  if (problem === 'claims' || problem === 'unsupported') return { kind: 'none', reason: 'unreadable' }
  return { kind: 'tampered', reason: 'signature' }
}

/** The rules, without any state: what the stored license is worth at a moment; `nowMs` null: the clock was set back. */
export function judge(known: Known, nowMs: number | null): LicenseStatus {
  switch (known.kind) {
    case 'none':
      return status('none', known.reason)
    case 'tampered':
      return status('tampered', known.reason)
    case 'pending':
      return status('none', 'pending')
    case 'lease':
      return judgeLease(without(known.lease, known.removed), known.denial, known.keyWithdrawn, nowMs)
  }
}

const without = (lease: Lease, removed: readonly string[]): Lease =>
  removed.length === 0
    ? lease
    : { ...lease, entitlements: lease.entitlements.filter((entitlement) => !removed.includes(entitlement)) }

function judgeLease(
  lease: Lease,
  denial: Denial | null,
  keyWithdrawn: boolean,
  nowMs: number | null,
): LicenseStatus {
  // A denial holds whatever the clock says.
  if (denial !== null) return status(denial === 'expired' ? 'expired' : 'revoked', denial, lease)
  if (keyWithdrawn) return status('expired', 'key_withdrawn', lease)
  if (nowMs === null || nowMs < lease.notBeforeMs - CLOCK_TOLERANCE_MS)
    return status('tampered', 'clock', lease)
  if (nowMs < lease.expiresAtMs) {
    return status('valid', lease.status === 'past_due' ? 'past_due' : null, lease)
  }
  return status(nowMs < lease.graceUntilMs ? 'grace' : 'expired', 'lease_expired', lease)
}

const dateOrNull = (ms: number | null | undefined): Date | null => (ms == null ? null : new Date(ms))

function status(state: LicenseState, reason: LicenseReason | null, lease?: Lease): LicenseStatus {
  const usable = state === 'valid' || state === 'grace' ? lease : undefined
  const entitlements = Object.freeze([...new Set([...FREE_ENTITLEMENTS, ...(usable?.entitlements ?? [])])])
  const updatesUntilMs = lease?.updatesUntilMs ?? null
  return Object.freeze({
    state,
    reason,
    plan: usable?.plan ?? FREE_PLAN,
    entitlements,
    licenseId: lease?.licenseId ?? null,
    licenseStatus: lease?.status ?? null,
    expiresAt: dateOrNull(lease?.expiresAtMs),
    graceUntil: dateOrNull(lease?.graceUntilMs),
    updatesUntil: dateOrNull(updatesUntilMs),
    has: (entitlement: string) => entitlements.includes(entitlement),
    coversVersion: (releaseDate: Date) =>
      usable === undefined || updatesUntilMs === null || releaseDate.getTime() <= updatesUntilMs,
  })
}

/** Whether an application has to be told of the difference. */
export function sameStatus(a: LicenseStatus, b: LicenseStatus): boolean {
  return (
    a.state === b.state &&
    a.reason === b.reason &&
    a.plan === b.plan &&
    a.licenseId === b.licenseId &&
    a.licenseStatus === b.licenseStatus &&
    a.expiresAt?.getTime() === b.expiresAt?.getTime() &&
    a.updatesUntil?.getTime() === b.updatesUntil?.getTime() &&
    a.entitlements.join('\n') === b.entitlements.join('\n')
  )
}
