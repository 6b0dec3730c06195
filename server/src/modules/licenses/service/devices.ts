import type { Ctx } from '../../../context.ts'
import { AppError } from '../../../errors.ts'
import { type DeviceRow, deleteDevice, deleteDevices } from '../queries/devices.ts'
import { appendRevocations } from '../queries/history.ts'
import { recordEvent, type Why } from './change.ts'

const removal = (ctx: Ctx, device: DeviceRow) => ({
  licenseId: device.licenseId,
  kind: 'device_removed' as const,
  device: device.fingerprintHash.toString('hex'),
  at: ctx.deps.clock.now(),
})

/** Frees one device, on a license that the caller's transaction has locked. @throws DEVICE_NOT_FOUND */
export async function removeDevice(ctx: Ctx, device: DeviceRow, why: Partial<Why> = {}): Promise<void> {
  const removed = await deleteDevice(ctx.db, device.id)
  if (!removed) throw new AppError('DEVICE_NOT_FOUND')
  await appendRevocations(ctx.db, [removal(ctx, device)])
  // Not its name: people call machines after themselves, and this history can never be erased.
  await recordEvent(ctx, device.licenseId, 'device.deactivated', {
    reason: why.reason,
    cause: why.cause,
    before: { deviceId: device.id },
  })
}

/** Frees all devices of a locked license, or only a surplus of them: those not seen for longest. @returns how many */
export async function freeDevices(ctx: Ctx, licenseId: string, surplus?: number): Promise<number> {
  const devices = await deleteDevices(ctx.db, licenseId, surplus)
  await appendRevocations(
    ctx.db,
    devices.map((device) => removal(ctx, device)),
  )
  return devices.length
}
