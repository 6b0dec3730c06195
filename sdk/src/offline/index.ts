export { browserFingerprint, browserLicenseStorage } from './browser.ts'
export type { LeaseKey } from './jws.ts'
export { checkLicenseKey, type LicenseKeyCheck } from './license-key.ts'
export { LicenseManager } from './manager.ts'
export type {
  DeviceInfo,
  LicenseListener,
  LicenseManagerOptions,
  SyncOptions,
  SyncResult,
} from './options.ts'
export { type LicenseStorage, memoryLicenseStorage } from './record.ts'
export type { LicenseClient } from './server.ts'
export type { LicenseReason, LicenseState, LicenseStatus } from './status.ts'
