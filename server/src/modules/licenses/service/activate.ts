import type { Ctx } from '../../../context.ts'
import { sha256 } from '../../../crypto/secrets.ts'
import { AppError } from '../../../errors.ts'
import type { RequestContext } from '../../../trpc.ts'
import { inTx } from '../../../tx.ts'
import { requireSession } from '../../auth/actor.ts'
import { lookupHash } from '../keys.ts'
import { presentDevice, presentLicense } from '../present.ts'
import {
  countDevices,
  type DeviceRow,
  findDevice,
  findOwnDevice,
  insertDevice,
  leastRecentlySeen,
  updateDevice,
} from '../queries/devices.ts'
import { revocationSequence } from '../queries/history.ts'
import { type LicenseRow, lockLicense, lockLicenseByKeyHash } from '../queries/licenses.ts'
import { findTrialOfMachine } from '../queries/trials.ts'
import { recordEvent } from './change.ts'
import { removeDevice } from './devices.ts'
import { assertUsable, signLease } from './lease.ts'

/** Devices that the error at the limit names: those not seen for longest. */
const OFFERED_TO_FREE = 20

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
  const known = await findDevice(ctx.db, { licenseId: license.id, fingerprintHash })
  const sequence = await revocationSequence(ctx.db)
  const devicesInUse = await countDevices(ctx.db, license.id)
  if (known) {
    const device = await updateDevice(ctx.db, known.id, {
      lastSeenAt: now,
      name: input.deviceName ?? known.name,
      platform: input.platform ?? known.platform,
      appVersion: input.appVersion ?? known.appVersion,
    })
    return { license, device: device ?? known, devicesInUse, sequence }
  }
  await refuseSecondTrial(ctx, license, fingerprintHash)
  if (devicesInUse >= license.maxDevices) {
    const devices = await leastRecentlySeen(ctx.db, license.id, OFFERED_TO_FREE)
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
  return { license, device, devicesInUse: devicesInUse + 1, sequence }
}

/** A machine has one trial, whichever account asks and wherever that account's trial began. */
async function refuseSecondTrial(ctx: Ctx, license: LicenseRow, fingerprintHash: Buffer): Promise<void> {
  if (license.status !== 'trial') return
  const trial = await findTrialOfMachine(ctx.db, fingerprintHash)
  if (trial && trial.licenseId !== license.id) throw new AppError('TRIAL_ALREADY_USED')
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
    const device = await findDevice(ctx.db, {
      licenseId: license.id,
      fingerprintHash: sha256(input.fingerprint),
    })
    if (!device) return { deactivated: false }
    await removeDevice(ctx, device)
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
    await removeDevice(ctx, device)
    return { deactivated: true }
  })
}
