import { newId } from '@devforge/db'
import { addMonths } from '../../../clock.ts'
import type { Ctx } from '../../../context.ts'
import { queueMail } from '../../../mail/outbox.ts'
import { inTx } from '../../../tx.ts'
import { findContact } from '../../users/contact.ts'
import { newKey } from '../keys.ts'
import type { LicenseRow, PlanRow } from '../queries/licenses.ts'
import { insertLicense, lockIssued } from '../queries/licenses.ts'
import type { Why } from './change.ts'
import { recordEvent } from './change.ts'
import { raiseSupport } from './support-plan.ts'

export interface IssueLicense extends Why {
  userId: string
  plan: PlanRow
  /** Default `editor`. */
  product?: string | undefined
  /** Default 1; devices are counted over all seats. */
  seats?: number | undefined
  status?: 'active' | 'trial' | undefined
  expiresAt?: Date | null | undefined
  /** What was bought: issuing again for the same checkout or subscription gives the license that exists. */
  checkoutId?: string | undefined
  subscriptionId?: string | undefined
  /** Mail the key to the owner; default true. */
  notify?: boolean | undefined
}

/**
 * Issues a license, once per checkout and subscription.
 * @returns the license, and its key if it is new: the only moment at which the key is known
 */
export function issueLicense(
  ctx: Ctx,
  input: IssueLicense,
): Promise<{ license: LicenseRow; key: string | null }> {
  return inTx(ctx, async (ctx) => {
    const existing = await lockIssued(ctx.db, input)
    if (existing) return { license: existing, key: null }
    const { plan, userId } = input
    const now = ctx.deps.clock.now()
    const seats = input.seats ?? 1
    const { key, keyHash, keyHint } = newKey(ctx.deps.secrets)
    const license = await insertLicense(ctx.db, {
      id: newId('lic'),
      userId,
      planSlug: plan.slug,
      ...(input.product === undefined ? {} : { product: input.product }),
      status: input.status ?? 'active',
      keyHash,
      keyHint,
      seats,
      maxDevices: plan.maxDevices * seats,
      entitlements: plan.entitlements,
      expiresAt: input.expiresAt ?? null,
      updatesUntil: plan.updatesMonths === null ? null : addMonths(now, plan.updatesMonths),
      checkoutId: input.checkoutId,
      subscriptionId: input.subscriptionId,
      createdAt: now,
      updatedAt: now,
    })
    if (!license) {
      // Another transaction issued it between our look and our insert, and has committed: it is there now.
      const other = await lockIssued(ctx.db, input)
      if (!other) throw new Error('license neither inserted nor found')
      return { license: other, key: null }
    }
    await recordEvent(ctx, license.id, 'license.issued', {
      reason: input.reason,
      cause: input.cause,
      after: { status: license.status, plan: plan.slug, seats },
    })
    await raiseSupport(ctx, license)
    if (input.notify !== false) {
      const { name, email } = await findContact(ctx.db, userId)
      await queueMail(ctx, {
        dedupeKey: `license-issued:${license.id}`,
        to: email,
        template: 'license-issued',
        data: { name, plan: plan.name, licenseId: license.id },
        secret: { licenseKey: key },
      })
    }
    return { license, key }
  })
}
