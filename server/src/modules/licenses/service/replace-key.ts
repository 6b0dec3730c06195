import type { Ctx } from '../../../context.ts'
import { AppError } from '../../../errors.ts'
import { queueMail } from '../../../mail/outbox.ts'
import { findContact } from '../../users/contact.ts'
import { newKey } from '../keys.ts'
import { presentLicense } from '../present.ts'
import { countDevices } from '../queries/devices.ts'
import { findPlan, type LicenseRow, updateLicense } from '../queries/licenses.ts'
import { nameOf, recordEvent, type Why } from './change.ts'
import { freeDevices } from './devices.ts'

/**
 * Gives a locked license another key, which is mailed to its owner. What is returned holds it: it is the owner's to see, and nobody else's.
 * @throws LICENSE_REVOKED_IS_FINAL
 */
export async function replaceKey(
  ctx: Ctx,
  license: LicenseRow,
  { freeDevices: frees, ...why }: Partial<Why> & { freeDevices: boolean },
) {
  if (license.status === 'revoked') throw new AppError('LICENSE_REVOKED_IS_FINAL')
  const { key, keyHash, keyHint } = newKey(ctx.deps.secrets)
  const updated = await updateLicense(ctx.db, license.id, { keyHash, keyHint })
  const devicesFreed = frees ? await freeDevices(ctx, license.id) : 0
  await recordEvent(ctx, license.id, 'license.key_reissued', {
    reason: why.reason,
    cause: why.cause,
    before: { keyHint: license.keyHint },
    after: { keyHint, devicesFreed },
  })
  const [{ name, email }, plan, devicesInUse] = [
    await findContact(ctx.db, license.userId),
    await findPlan(ctx.db, license.planSlug),
    await countDevices(ctx.db, license.id),
  ]
  await queueMail(ctx, {
    dedupeKey: `license-key-reissued:${license.id}:${keyHint}`,
    to: email,
    template: 'license-key-reissued',
    data: { name, plan: nameOf(license, plan), licenseId: license.id },
    secret: { licenseKey: key },
  })
  return { license: presentLicense(updated, devicesInUse, ctx.deps.clock.now()), key }
}
