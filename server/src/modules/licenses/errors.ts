import { defineErrors, error } from '../../errors/define.ts'

/** A device as error details show it: enough to offer to free one. */
export interface DeviceSummary {
  id: string
  name: string | null
  platform: string | null
  lastSeenAt: Date
}

export const licenseErrors = defineErrors({
  LICENSE_NOT_FOUND: error('NOT_FOUND', 'There is no license with this key.'),
  LICENSE_NOT_ACTIVE: error<{ status: string; remedy: string | null }>(
    'CONFLICT',
    'This license is not active.',
  ),
  LICENSE_DEVICE_LIMIT: error<{ limit: number; devices: DeviceSummary[] }>(
    'CONFLICT',
    'All devices of this license are in use. Free one to go on.',
  ),
  LICENSE_REVOKED_IS_FINAL: error('CONFLICT', 'A revoked license cannot be brought back. Issue a new one.'),
  LICENSE_NOT_RENEWABLE: error('CONFLICT', 'The updates of this license cannot be renewed.'),
  LICENSE_NOT_TRANSFERABLE: error<{ reason: string }>('CONFLICT', 'This license cannot be transferred.'),
  TRIAL_ALREADY_USED: error(
    'CONFLICT',
    'The free trial was already used by this account or on this machine.',
  ),
  DEVICE_NOT_FOUND: error('NOT_FOUND', 'This device is not active on the license.'),
})
