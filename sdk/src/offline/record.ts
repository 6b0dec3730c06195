import { memoryTextStorage, type TextStorage } from '../client/text-storage.ts'
import { hex, isObject, type LeaseKey, leaseKeysOf } from './jws.ts'

/** Where the license is kept between starts: one text, written as a whole. */
export interface LicenseStorage extends TextStorage {}

/** Why the server, or its signed list, no longer lets this machine use the license. */
export type Denial = 'revoked' | 'suspended' | 'expired' | 'key_unknown' | 'device_removed'

/** A denial, and from when a lease must be to undo it: any older one says nothing against it. */
export interface DenialRecord {
  reason: Denial
  /** What was known of the revocation list, this entry included. */
  sequence: number
  /** The server's time when it said so, as far as a signature tells; 0 for an entry of the list, whose number is enough. */
  sinceMs: number
}

/** An entitlement of the lease that was taken since. */
export interface RemovedRecord {
  entitlement: string
  /** The entry of the revocation list that said so. */
  sequence: number
}

/** Everything that is known of the license on this machine. */
export interface LicenseRecord {
  /** The license key: renewing a lease needs it. */
  key: string
  /** The lease as it was signed: verified again at every start. */
  lease: string
  keys: LeaseKey[]
  withdrawnKids: string[]
  /** The revocation list is known up to this number. It never falls. */
  sequence: number
  /** When the newest list seen was signed. It never falls. */
  listIssuedAtMs: number
  denial: DenialRecord | null
  removed: RemovedRecord[]
  /** The latest time that was ever seen here, by the machine's clock or the server's word. */
  seenMs: number
}

/** A license key that came with a lease which could not be verified yet. */
export interface PendingRecord {
  pendingKey: string
}

/** `broken`: not even JSON. `tampered`: changed by another hand, or brought from another machine. */
export type StoredRecord =
  | { kind: 'none' }
  | { kind: 'broken' }
  | { kind: 'tampered' }
  | { kind: 'record'; record: LicenseRecord }
  | { kind: 'pending'; key: string }

const VERSION = 1
const DENIALS: ReadonlySet<unknown> = new Set<Denial>([
  'revoked',
  'suspended',
  'expired',
  'key_unknown',
  'device_removed',
])

/**
 * Seals the record to this machine. It stops edits by hand, swapped files and a cut-off high-water mark; it does not stop
 * somebody who reads this code with a debugger in hand, which no check on a machine of theirs can.
 */
async function seal(body: string, fingerprint: string): Promise<string> {
  const secret = new TextEncoder().encode(`devforge/license-record/v${VERSION}/${fingerprint}`)
  const key = await crypto.subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  return hex(await crypto.subtle.sign('HMAC', key, new TextEncoder().encode(body)))
}

export async function writeRecord(
  storage: LicenseStorage,
  record: LicenseRecord | PendingRecord,
  fingerprint: string,
): Promise<void> {
  const body = JSON.stringify(record)
  await storage.write(JSON.stringify({ version: VERSION, body, seal: await seal(body, fingerprint) }))
}

export async function readRecord(storage: LicenseStorage, fingerprint: string): Promise<StoredRecord> {
  const text = await storage.read()
  if (text === null) return { kind: 'none' }
  const outer = parse(text)
  if (!isObject(outer) || typeof outer.body !== 'string') return { kind: 'broken' }
  if (outer.seal !== (await seal(outer.body, fingerprint))) return { kind: 'tampered' }
  const body = parse(outer.body)
  if (isObject(body) && typeof body.pendingKey === 'string') return { kind: 'pending', key: body.pendingKey }
  const record = recordOf(body)
  // Sealed by us, yet not understood: a newer version of the SDK wrote it.
  return record ? { kind: 'record', record } : { kind: 'broken' }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function recordOf(value: unknown): LicenseRecord | null {
  if (!isObject(value)) return null
  const { key, lease, keys, withdrawnKids, sequence, listIssuedAtMs, denial, seenMs } = value
  if (typeof key !== 'string' || typeof lease !== 'string') return null
  if (typeof sequence !== 'number' || typeof listIssuedAtMs !== 'number' || typeof seenMs !== 'number')
    return null
  if (!Array.isArray(withdrawnKids)) return null
  return {
    key,
    lease,
    keys: leaseKeysOf({ keys }),
    withdrawnKids: withdrawnKids.filter((kid) => typeof kid === 'string'),
    sequence,
    listIssuedAtMs,
    denial: denialOf(denial),
    removed: removedOf(value.removed),
    seenMs,
  }
}

function removedOf(value: unknown): RemovedRecord[] {
  if (!Array.isArray(value)) return []
  return value.flatMap((item: unknown) =>
    isObject(item) && typeof item.entitlement === 'string' && typeof item.sequence === 'number'
      ? [{ entitlement: item.entitlement, sequence: item.sequence }]
      : [],
  )
}

function denialOf(value: unknown): DenialRecord | null {
  if (!isObject(value) || !DENIALS.has(value.reason)) return null
  return {
    reason: value.reason as Denial,
    sequence: typeof value.sequence === 'number' ? value.sequence : 0,
    sinceMs: typeof value.sinceMs === 'number' ? value.sinceMs : 0,
  }
}

/** Keeps the license until the process ends. */
export const memoryLicenseStorage = (initial: string | null = null): LicenseStorage =>
  memoryTextStorage(initial)
