import type { LeaseKey } from './jws.ts'
import type { LicenseStorage } from './record.ts'
import type { LicenseClient } from './server.ts'
import type { LicenseStatus } from './status.ts'
import type { Synced } from './sync.ts'

export interface LicenseManagerOptions {
  /** The client to renew with; no session is needed. */
  forge: LicenseClient
  /** Names this machine, the same at each start: 8 to 512 characters. Only its hash is kept by the server. */
  fingerprint: string | (() => Promise<string>)
  storage: LicenseStorage
  /** Who must have signed: the server's public address. Default: the client's `url`. */
  issuer?: string
  /**
   * Lease keys that come with the application; then no others are believed, so that nobody can put a server of their own in
   * between. A planned rotation at the server then needs a release of the application within its overlap (45 days).
   */
  trustedKeys?: readonly LeaseKey[]
  /** This machine's clock, ms since 1970. */
  now?: () => number
  /** Told of failures in the background: storage that cannot be read or written, a server that cannot be reached. */
  onError?: (error: unknown) => void
}

/** What the server shows in the list of devices. */
export interface DeviceInfo {
  deviceName?: string
  platform?: string
  appVersion?: string
}

export interface SyncOptions {
  /** Fetch a new lease whatever the age of the one in hand. */
  force?: boolean
  /** Ends the sync if this call began it. */
  signal?: AbortSignal
}

export interface SyncResult {
  status: LicenseStatus
  /** Why the server could not be asked, or its answer not be believed; null when all went well. */
  error: Synced['error']
}

export type LicenseListener = (status: LicenseStatus, previous: LicenseStatus) => void
