import { hostname, platform } from 'node:os'
import { LicenseManager } from '../offline/manager.ts'
import type { DeviceInfo, LicenseManagerOptions } from '../offline/options.ts'
import { machineFingerprint } from './fingerprint.ts'
import { fileLicenseStorage } from './stores.ts'

export { machineFingerprint } from './fingerprint.ts'
export {
  type FileStoreOptions,
  fileAnalyticsStorage,
  fileLicenseStorage,
  fileSessionStore,
  fileTicketOutboxStorage,
} from './stores.ts'

export type NodeLicenseManagerOptions = Omit<LicenseManagerOptions, 'storage' | 'fingerprint'> &
  Partial<Pick<LicenseManagerOptions, 'storage' | 'fingerprint'>> & {
    /** The application's folder among the user's settings. Default: `devforge`. */
    app?: string
  }

/** A license manager for Node and Electron's main process: kept in the user's settings, bound to this machine. */
export function createLicenseManager({ app, ...options }: NodeLicenseManagerOptions): LicenseManager {
  return new LicenseManager({
    storage: fileLicenseStorage({ app }),
    fingerprint: () => machineFingerprint(app),
    ...options,
  })
}

/** What to show of this machine in the list of devices. */
export const thisDevice = (): DeviceInfo => ({ deviceName: hostname().slice(0, 100), platform: platform() })
