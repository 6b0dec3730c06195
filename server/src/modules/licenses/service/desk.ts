import { writeAudit } from '../../../audit.ts'
import type { Ctx } from '../../../context.ts'
import { AppError, notFound } from '../../../errors.ts'
import { presentDevice, presentLicense } from '../present.ts'
import { devicesOf, findOwnDevice } from '../queries/devices.ts'
import { licensesOfOwner, lockLicense } from '../queries/licenses.ts'
import type { Why } from './change.ts'
import { removeDevice } from './devices.ts'
import { replaceKey } from './replace-key.ts'

/** Devices shown with a license; the owner pages through all of them. */
const SHOWN_DEVICES = 50

/** What support sees of licenses of one person: those among the ids that are really theirs. Never a key. */
export async function licensesForSupport(ctx: Ctx, { ids, userId }: { ids: string[]; userId: string }) {
  if (ids.length === 0) return []
  const rows = await licensesOfOwner(ctx.db, { ids, userId })
  const devices = await devicesOf(
    ctx.db,
    rows.map(({ license }) => license.id),
  )
  return rows.map(({ license, devicesInUse, planName }) => {
    const { id, plan, product, status, keyHint, maxDevices, expiresAt } = presentLicense(
      license,
      devicesInUse,
      ctx.deps.clock.now(),
    )
    return {
      id,
      plan,
      planName: planName ?? plan,
      product,
      status,
      keyHint,
      devicesInUse,
      maxDevices,
      expiresAt,
      devices: devices
        .filter((device) => device.licenseId === id)
        .slice(0, SHOWN_DEVICES)
        .map(presentDevice),
    }
  })
}

/** What an agent does for the owner of a license: in the ticket that is the `cause`, with a reason, and on record. */
export interface ForOwner extends Required<Why> {
  /** The owner. */
  userId: string
  /** The licenses that the ticket is about. */
  licenseIds: string[]
}

/**
 * Frees a device of somebody's license, in the caller's transaction.
 * @returns the license
 * @throws DEVICE_NOT_FOUND also for one of another owner, or of a license that the ticket is not about
 */
export async function freeDeviceForOwner(
  ctx: Ctx,
  { deviceId, userId, licenseIds, ...why }: ForOwner & { deviceId: string },
): Promise<string> {
  const found = await findOwnDevice(ctx.db, { deviceId, userId })
  if (!found || !licenseIds.includes(found.licenseId)) throw new AppError('DEVICE_NOT_FOUND')
  const { licenseId } = found
  // Asked again under the license's lock: it may have been freed, or given away, in this moment.
  const license = await lockLicense(ctx.db, { id: licenseId, userId })
  const device = license && (await findOwnDevice(ctx.db, { deviceId, userId }))
  if (device?.licenseId !== licenseId) throw new AppError('DEVICE_NOT_FOUND')
  await removeDevice(ctx, device, why)
  await writeAudit(ctx, {
    action: 'license.device_freed',
    subject: licenseId,
    reason: why.reason,
    after: { deviceId, ticketId: why.cause },
  })
  return licenseId
}

/**
 * Replaces the key of somebody's license, in the caller's transaction. It is mailed to them and not returned: no agent ever sees a key.
 * @throws NOT_FOUND, LICENSE_REVOKED_IS_FINAL
 */
export async function reissueKeyForOwner(
  ctx: Ctx,
  { licenseId, userId, licenseIds, ...why }: ForOwner & { licenseId: string },
): Promise<{ keyHint: string }> {
  const license = licenseIds.includes(licenseId)
    ? await lockLicense(ctx.db, { id: licenseId, userId })
    : undefined
  if (!license) throw notFound('license', licenseId)
  const { license: replaced } = await replaceKey(ctx, license, { ...why, freeDevices: false })
  const { keyHint } = replaced
  await writeAudit(ctx, {
    action: 'license.key_reissued',
    subject: licenseId,
    reason: why.reason,
    before: { keyHint: license.keyHint },
    after: { keyHint, ticketId: why.cause },
  })
  return { keyHint }
}
