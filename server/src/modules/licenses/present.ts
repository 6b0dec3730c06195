import type { DeviceRow } from './queries/devices.ts'
import type { LicenseRow } from './queries/licenses.ts'
import { statusAt } from './state.ts'

/** A license as its owner sees it. Never the key: only its last group. */
export function presentLicense(license: LicenseRow, devicesInUse: number, now: Date) {
  return {
    id: license.id,
    plan: license.planSlug,
    product: license.product,
    status: statusAt(license, now),
    keyHint: license.keyHint,
    seats: license.seats,
    maxDevices: license.maxDevices,
    devicesInUse,
    entitlements: license.entitlements,
    expiresAt: license.expiresAt,
    updatesUntil: license.updatesUntil,
    suspendedReason: license.suspendedReason,
    revokedAt: license.revokedAt,
    revokedReason: license.revokedReason,
    subscriptionId: license.subscriptionId,
    createdAt: license.createdAt,
  }
}

/** A device as the owner of its license sees it. */
export function presentDevice(device: DeviceRow) {
  return {
    id: device.id,
    name: device.name,
    platform: device.platform,
    appVersion: device.appVersion,
    activatedAt: device.activatedAt,
    lastSeenAt: device.lastSeenAt,
  }
}
