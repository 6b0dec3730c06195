import type { Ctx } from '../../../context.ts'
import { inTx } from '../../../tx.ts'
import { hasEvent } from '../queries/history.ts'
import type { LicenseRow } from '../queries/licenses.ts'
import type { LicenseStatus } from '../state.ts'
import type { Change } from './change.ts'
import { change, lockOrThrow, mailOwner } from './change.ts'

/** Takes a license out of use until it is reinstated. Suspending again, or a revoked one, changes nothing. */
export function suspendLicense(ctx: Ctx, input: Change): Promise<LicenseRow> {
  return inTx(ctx, async (ctx) => {
    const license = await lockOrThrow(ctx, input.licenseId)
    if (license.status === 'revoked' || license.status === 'suspended') return license
    const updated = await change(
      ctx,
      license,
      'license.suspended',
      { status: 'suspended', statusBeforeSuspension: license.status, suspendedReason: input.reason },
      input,
    )
    await mailOwner(ctx, updated, 'license-suspended', input.reason, input.cause ?? ctx.requestId)
    return updated
  })
}

/** Ends a suspension: back to what it was, as far as its times still allow. Anything but a suspended license is left alone. */
export function reinstateLicense(ctx: Ctx, input: Change): Promise<LicenseRow> {
  return inTx(ctx, async (ctx) => {
    const license = await lockOrThrow(ctx, input.licenseId)
    if (license.status !== 'suspended') return license
    const status: LicenseStatus = license.statusBeforeSuspension ?? 'active'
    return change(
      ctx,
      license,
      'license.reinstated',
      { status, statusBeforeSuspension: null, suspendedReason: null },
      input,
    )
  })
}

/** Ends a license for good: refund, lost dispute, an admin's decision. Revoking again changes nothing. */
export function revokeLicense(ctx: Ctx, input: Change): Promise<LicenseRow> {
  return inTx(ctx, async (ctx) => {
    const license = await lockOrThrow(ctx, input.licenseId)
    if (license.status === 'revoked') return license
    const updated = await change(
      ctx,
      license,
      'license.revoked',
      {
        status: 'revoked',
        revokedAt: ctx.deps.clock.now(),
        revokedReason: input.reason,
        statusBeforeSuspension: license.statusBeforeSuspension ?? license.status,
        suspendedReason: null,
      },
      input,
    )
    await mailOwner(ctx, updated, 'license-revoked', input.reason, input.cause ?? ctx.requestId)
    return updated
  })
}

/**
 * The one way back from revoked: the money of a refund did not reach the customer, so what the refund took is given back.
 * Only for a license that was revoked for a refund; anything else is left alone.
 */
export function restoreFromRefund(ctx: Ctx, input: Change & { cause: string }): Promise<LicenseRow> {
  return inTx(ctx, async (ctx) => {
    const license = await lockOrThrow(ctx, input.licenseId)
    const revokedByIt = await hasEvent(ctx.db, {
      licenseId: license.id,
      type: 'license.revoked',
      cause: input.cause,
    })
    if (license.status !== 'revoked' || !revokedByIt) return license
    const status = license.statusBeforeSuspension ?? 'active'
    return change(
      ctx,
      license,
      'license.restored',
      {
        status: status === 'suspended' ? 'active' : status,
        revokedAt: null,
        revokedReason: null,
        statusBeforeSuspension: null,
      },
      input,
    )
  })
}
