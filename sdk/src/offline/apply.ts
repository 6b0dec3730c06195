import { CLOCK_TOLERANCE_MS, type ClockGuard, trustServerTime } from './clock-guard.ts'
import type { LeaseKey } from './jws.ts'
import type { Lease, RevocationEntry, RevocationList } from './lease.ts'
import type { Denial, DenialRecord, LicenseRecord, RemovedRecord } from './record.ts'
import { leaseInvalid } from './server.ts'

/** The stored license with its lease read. */
export interface Holding {
  record: LicenseRecord
  lease: Lease
  guard: ClockGuard
}

/** What the list means for this license on this device, by its entries after the lease. */
export function applyRevocations(
  holding: Holding,
  { list, keys }: { list: RevocationList; keys: LeaseKey[] },
  wallMs: number,
): Holding {
  const { record, lease } = holding
  if (list.issuedAtMs < record.listIssuedAtMs - CLOCK_TOLERANCE_MS) throw leaseInvalid('rollback')
  const ours = list.entries
    .filter((entry) => entry.licenseId === lease.licenseId && entry.sequence > lease.revocationSequence)
    .filter((entry) => entry.kind !== 'device_removed' || entry.device === lease.device)
    .sort((a, b) => a.sequence - b.sequence)
  const fresh = list.issuedAtMs > record.listIssuedAtMs
  return {
    lease,
    guard: fresh ? trustServerTime(list.issuedAtMs, wallMs) : holding.guard,
    record: {
      ...record,
      keys,
      sequence: Math.max(record.sequence, list.sequence),
      listIssuedAtMs: Math.max(record.listIssuedAtMs, list.issuedAtMs),
      // A withdrawn key stays withdrawn, whatever a later list says.
      withdrawnKids: [...new Set([...record.withdrawnKids, ...list.withdrawnKids])],
      denial: ours.reduce(denialAfter, record.denial),
      removed: ours.reduce(removedAfter, record.removed),
    },
  }
}

/** Denials of the license as such. Another key or a removed device are not given back with it. */
const LIFTED_BY_REINSTATING: ReadonlySet<Denial> = new Set<Denial>(['revoked', 'suspended', 'expired'])

function denialAfter(denial: DenialRecord | null, entry: RevocationEntry): DenialRecord | null {
  const lasting = denial !== null && !LIFTED_BY_REINSTATING.has(denial.reason)
  if (entry.kind === 'entitlement_removed' || entry.kind === 'entitlement_added') return denial
  if (entry.kind === 'reinstated') return lasting ? denial : null
  const reason = entry.kind === 'revoked' && lasting ? denial.reason : entry.kind
  // A lease must know of all that was denied.
  return { reason, sequence: entry.sequence, sinceMs: denial?.sinceMs ?? 0 }
}

/** What the lease says and is not so any more: a paid extension whose license was taken. A lease signed after it says so itself. */
function removedAfter(removed: RemovedRecord[], entry: RevocationEntry): RemovedRecord[] {
  const { kind, entitlement, sequence } = entry
  if (entitlement === null || (kind !== 'entitlement_removed' && kind !== 'entitlement_added')) return removed
  const others = removed.filter((known) => known.entitlement !== entitlement)
  return kind === 'entitlement_added' ? others : [...others, { entitlement, sequence }]
}

/** The record after the server itself refused a lease. Of the answer only its place in what was signed is known. */
export function applyRefusal(holding: Holding, reason: Denial): Holding {
  const { record, lease } = holding
  const sequence = Math.max(record.sequence, lease.revocationSequence)
  const sinceMs = Math.max(record.listIssuedAtMs, lease.issuedAtMs)
  return { ...holding, record: { ...record, denial: { reason, sequence, sinceMs } } }
}

/** The record with a new lease. Refuses one that is older than the lease in hand. */
export function applyLease(
  holding: Holding,
  fresh: { jws: string; lease: Lease; keys: LeaseKey[] },
  device: string,
  wallMs: number,
): Holding {
  const { lease } = fresh
  if (lease.device !== device) throw leaseInvalid('device')
  if (lease.licenseId !== holding.lease.licenseId) throw leaseInvalid('license')
  if (lease.issuedAtMs < holding.lease.issuedAtMs - CLOCK_TOLERANCE_MS) throw leaseInvalid('rollback')
  const { denial } = holding.record
  // What was denied may have happened after this lease was signed.
  const stands =
    denial !== null && (denial.sequence > lease.revocationSequence || denial.sinceMs > lease.issuedAtMs)
  // Only an answer never seen before tells the time: one played back would turn it back.
  const news = lease.id !== holding.lease.id && lease.issuedAtMs >= holding.lease.issuedAtMs
  return {
    lease,
    guard: news ? trustServerTime(lease.issuedAtMs, wallMs) : holding.guard,
    record: {
      ...holding.record,
      lease: fresh.jws,
      keys: fresh.keys,
      denial: stands ? denial : null,
      removed: holding.record.removed.filter(({ sequence }) => sequence > lease.revocationSequence),
    },
  }
}

/** What is kept after activating a license on this device. */
export function newHolding(
  key: string,
  fresh: { jws: string; lease: Lease; keys: LeaseKey[] },
  device: string,
  wallMs: number,
): Holding {
  const { lease } = fresh
  if (lease.device !== device) throw leaseInvalid('device')
  const guard = trustServerTime(lease.issuedAtMs, wallMs)
  return {
    lease,
    guard,
    record: {
      key,
      lease: fresh.jws,
      keys: fresh.keys,
      withdrawnKids: [],
      sequence: lease.revocationSequence,
      listIssuedAtMs: 0,
      denial: null,
      removed: [],
      seenMs: guard.seenMs,
    },
  }
}

/**
 * Whether what another process has stored is to be taken for what is held here. An older lease of the same license, or one
 * with less knowledge of the revocation list, is an old copy put back.
 */
export function supersedes(stored: Holding, mine: Holding): boolean {
  if (stored.lease.licenseId !== mine.lease.licenseId) return true
  if (stored.record.lease !== mine.record.lease) return stored.lease.issuedAtMs >= mine.lease.issuedAtMs
  const { sequence, listIssuedAtMs } = stored.record
  return sequence >= mine.record.sequence && listIssuedAtMs >= mine.record.listIssuedAtMs
}

/** What another process has stored, with what this one knows of the clock: its mark does not fall. */
export function takeOver(stored: Holding, mine: Holding): Holding {
  const seenMs = Math.max(stored.guard.seenMs, mine.guard.seenMs)
  return { ...stored, guard: { seenMs, skewMs: mine.guard.skewMs } }
}
