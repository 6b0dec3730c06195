import type { Ctx } from '../../../context.ts'
import { sha256 } from '../../../crypto/secrets.ts'
import { AppError } from '../../../errors.ts'
import type { RequestContext } from '../../../trpc.ts'
import { inTx } from '../../../tx.ts'
import { requireSession } from '../../auth/actor.ts'
import { lookupHash } from '../keys.ts'
import { presentDevice, presentLicense } from '../present.ts'
import {
  type DeviceRow,
  deleteDevice,
  findOwnDevice,
  insertDevice,
  listDevices,
  updateDevice,
} from '../queries/devices.ts'
import { appendRevocation, revocationSequence } from '../queries/history.ts'
import { type LicenseRow, lockLicense, lockLicenseByKeyHash } from '../queries/licenses.ts'
import { recordEvent } from './change.ts'
import { assertUsable, signLease } from './lease.ts'

export interface ActivateInput {
  key: string
  fingerprint: string
  deviceName?: string | undefined
  platform?: string | undefined
  appVersion?: string | undefined
}

/**
 * Makes a device one of the license's devices and leases it the license. The same fingerprint again is the same device.
 * The license row is locked while devices are counted, so that a limit of n is n however many ask at once.
 * @throws LICENSE_NOT_FOUND, LICENSE_NOT_ACTIVE, LICENSE_DEVICE_LIMIT with the devices, for the editor to offer to free one
 */
export async function activate(ctx: Ctx, input: ActivateInput) {
  const keyHash = lookupHash(ctx.deps.secrets, input.key)
  if (keyHash === null) throw new AppError('LICENSE_NOT_FOUND')
  const outcome = await inTx(ctx, async (ctx) => {
    const license = await lockLicenseByKeyHash(ctx.db, keyHash)
    if (!license) throw new AppError('LICENSE_NOT_FOUND')
    assertUsable(license, ctx.deps.clock.now())
    return activateLocked(ctx, license, input)
  })
  return present(ctx, outcome)
}

export interface Activation {
  license: LicenseRow
  device: DeviceRow
  devicesInUse: number
  sequence: number
}

/** The activation itself, on a license that the caller's transaction has locked. */
export async function activateLocked(
  ctx: Ctx,
  license: LicenseRow,
  input: Omit<ActivateInput, 'key'>,
): Promise<Activation> {
  const now = ctx.deps.clock.now()
  const fingerprintHash = sha256(input.fingerprint)
  const devices = await listDevices(ctx.db, license.id)
  const known = devices.find((device) => device.fingerprintHash.equals(fingerprintHash))
  const sequence = await revocationSequence(ctx.db)
  if (known) {
    const device = await updateDevice(ctx.db, known.id, {
      lastSeenAt: now,
      name: input.deviceName ?? known.name,
      platform: input.platform ?? known.platform,
      appVersion: input.appVersion ?? known.appVersion,
    })
    return { license, device: device ?? known, devicesInUse: devices.length, sequence }
  }
  if (devices.length >= license.maxDevices) {
    throw new AppError('LICENSE_DEVICE_LIMIT', {
      limit: license.maxDevices,
      devices: devices.map(({ id, name, platform, lastSeenAt }) => ({ id, name, platform, lastSeenAt })),
    })
  }
  const device = await insertDevice(ctx.db, {
    licenseId: license.id,
    fingerprintHash,
    name: input.deviceName,
    platform: input.platform,
    appVersion: input.appVersion,
    activatedAt: now,
    lastSeenAt: now,
  })
  await recordEvent(ctx, license.id, 'device.activated', {
    // Not its name: people call machines after themselves, and this history can never be erased.
    after: { deviceId: device.id, platform: device.platform },
  })
  return { license, device, devicesInUse: devices.length + 1, sequence }
}

/** The answer to an activation: with a lease, signed after the transaction. */
export async function present(ctx: Ctx, { license, device, devicesInUse, sequence }: Activation) {
  const { lease, expiresAt } = await signLease(ctx, license, device.fingerprintHash.toString('hex'), sequence)
  return {
    license: presentLicense(license, devicesInUse, ctx.deps.clock.now()),
    device: presentDevice(device),
    lease,
    leaseExpiresAt: expiresAt,
  }
}

async function removeDevice(ctx: Ctx, licenseId: string, device: DeviceRow): Promise<void> {
  const removed = await deleteDevice(ctx.db, device.id)
  if (!removed) throw new AppError('DEVICE_NOT_FOUND')
  const now = ctx.deps.clock.now()
  await appendRevocation(ctx.db, {
    licenseId,
    kind: 'device_removed',
    device: device.fingerprintHash.toString('hex'),
    at: now,
  })
  await recordEvent(ctx, licenseId, 'device.deactivated', {
    before: { deviceId: device.id, name: device.name },
  })
}

/** Frees the device that asks, known by key and fingerprint. A second time is no error: it is free. */
export async function deactivateByKey(
  ctx: Ctx,
  input: { key: string; fingerprint: string },
): Promise<{ deactivated: boolean }> {
  const keyHash = lookupHash(ctx.deps.secrets, input.key)
  if (keyHash === null) throw new AppError('LICENSE_NOT_FOUND')
  return inTx(ctx, async (ctx) => {
    const license = await lockLicenseByKeyHash(ctx.db, keyHash)
    if (!license) throw new AppError('LICENSE_NOT_FOUND')
    const fingerprintHash = sha256(input.fingerprint)
    const device = (await listDevices(ctx.db, license.id)).find((candidate) =>
      candidate.fingerprintHash.equals(fingerprintHash),
    )
    if (!device) return { deactivated: false }
    await removeDevice(ctx, license.id, device)
    return { deactivated: true }
  })
}

/** Frees a device of one's own licenses. */
export async function deactivateOwn(
  request: RequestContext,
  input: { deviceId: string },
): Promise<{ deactivated: boolean }> {
  const actor = await requireSession(request)
  const ctx: Ctx = { ...request, actor }
  return inTx(ctx, async (ctx) => {
    const device = await findOwnDevice(ctx.db, { deviceId: input.deviceId, userId: actor.userId })
    const license = device && (await lockLicense(ctx.db, { id: device.licenseId, userId: actor.userId }))
    if (!device || !license) throw new AppError('DEVICE_NOT_FOUND')
    await removeDevice(ctx, license.id, device)
    return { deactivated: true }
  })
}
