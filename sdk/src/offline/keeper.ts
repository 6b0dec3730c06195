import type { Holding } from './apply.ts'
import { type LeaseKey, sha256Hex } from './jws.ts'
import { readLease } from './lease.ts'
import { type LicenseRecord, type LicenseStorage, readRecord, writeRecord } from './record.ts'
import { knownFromProblem, type NothingKnown } from './status.ts'

/** This machine: as told to the server, and as leases name it. */
export interface Identity {
  fingerprint: string
  device: string
}

/** What storage holds: a license whose lease was verified just now, or what there is instead. */
export type Loaded = { kind: 'held'; holding: Holding } | NothingKnown

export interface Keeper {
  who(): Promise<Identity>
  /** Reads and verifies. What cannot be understood is told, not thrown; only storage itself may fail. */
  load(): Promise<Loaded>
  /** As `load()`, if another process has written since this one last read or wrote; else null. */
  changes(): Promise<Loaded | null>
  save(holding: Holding): Promise<void>
  savePending(key: string): Promise<void>
  clear(): Promise<void>
}

export interface KeeperOptions {
  storage: LicenseStorage
  fingerprint: string | (() => Promise<string>)
  issuer: string
  trustedKeys: readonly LeaseKey[] | undefined
}

export function createKeeper({ storage, fingerprint, issuer, trustedKeys }: KeeperOptions): Keeper {
  let identity: Promise<Identity> | undefined
  /** The text that was last read or written here; undefined: none yet. */
  let seen: string | null | undefined
  const watched: LicenseStorage = {
    async read() {
      seen = await storage.read()
      return seen
    },
    async write(text) {
      await storage.write(text)
      seen = text
    },
    async clear() {
      await storage.clear()
      seen = null
    },
  }

  async function identify(): Promise<Identity> {
    const text = typeof fingerprint === 'string' ? fingerprint : await fingerprint()
    return { fingerprint: text, device: await sha256Hex(text) }
  }

  function who(): Promise<Identity> {
    if (identity) return identity
    const asked = identify()
    identity = asked
    // A failure must not be remembered.
    asked.catch(() => {
      if (identity === asked) identity = undefined
    })
    return asked
  }

  async function verify(record: LicenseRecord, device: string): Promise<Loaded> {
    const read = await readLease(record.lease, { issuer, keys: trustedKeys ?? record.keys })
    if (!read.ok) return knownFromProblem(read.reason)
    const lease = read.value
    if (lease.device !== device) return { kind: 'tampered', reason: 'device' }
    // What the server signed tells of times that have been: no mark lies below them.
    const seenMs = Math.max(record.seenMs, lease.issuedAtMs, record.listIssuedAtMs)
    return { kind: 'held', holding: { record, lease, guard: { seenMs, skewMs: null } } }
  }

  async function load(): Promise<Loaded> {
    const { fingerprint: text, device } = await who()
    const stored = await readRecord(watched, text)
    switch (stored.kind) {
      case 'record':
        return verify(stored.record, device)
      case 'pending':
        return stored
      case 'tampered':
        return { kind: 'tampered', reason: 'storage' }
      case 'broken':
        return { kind: 'none', reason: 'unreadable' }
      case 'none':
        return { kind: 'none', reason: null }
    }
  }

  return {
    who,
    load,
    clear: () => watched.clear(),
    async changes() {
      const before = seen
      const loaded = await load()
      return seen === before ? null : loaded
    },
    async savePending(key) {
      const { fingerprint: text } = await who()
      await writeRecord(watched, { pendingKey: key }, text)
    },
    async save({ record, guard }) {
      const { fingerprint: text } = await who()
      await writeRecord(watched, { ...record, seenMs: guard.seenMs }, text)
    },
  }
}
