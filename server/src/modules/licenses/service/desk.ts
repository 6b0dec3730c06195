import type { Ctx } from '../../../context.ts'
import { presentDevice, presentLicense } from '../present.ts'
import { devicesOf } from '../queries/devices.ts'
import { licensesOfOwner } from '../queries/licenses.ts'

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
