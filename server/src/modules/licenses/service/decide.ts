import type { Ctx } from '../../../context.ts'
import { inTx } from '../../../tx.ts'
import { latestEvent } from '../queries/history.ts'
import type { LicenseRow } from '../queries/licenses.ts'
import type { LicenseStatus } from '../state.ts'
import type { Change } from './change.ts'
import { change, lockOrThrow, mailOwner } from './change.ts'

/**
 * Takes a license out of use until it is reinstated. A revoked one stays revoked. Suspending again changes nothing, but that
 * an admin's reason replaces any other: what lifts a dispute's suspension must not lift an admin's.
 */
export function suspendLicense(ctx: Ctx, input: Change): Promise<LicenseRow> {
  return inTx(ctx, async (ctx) => {
    const license = await lockOrThrow(ctx, input.licenseId)
    if (license.status === 'revoked') return license
    if (license.status === 'suspended') {
      if (ctx.actor.type !== 'admin' || license.suspendedReason === input.reason) return license
      return change(ctx, license, 'license.suspended', { suspendedReason: input.reason }, input)
    }
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

/**
 * Ends a license for good: refund, lost dispute, an admin's decision. Revoking again changes nothing, but that an admin's
 * decision replaces a refund's: a refund that fails later must not undo it. What a suspension kept stays, see restoreFromRefund.
 */
export function revokeLicense(ctx: Ctx, input: Change): Promise<LicenseRow> {
  return inTx(ctx, async (ctx) => {
    const license = await lockOrThrow(ctx, input.licenseId)
    if (license.status === 'revoked') {
      const last = await latestEvent(ctx.db, { licenseId: license.id, type: 'license.revoked' })
      if (ctx.actor.type !== 'admin' || last?.actor.startsWith('admin')) return license
      return change(ctx, license, 'license.revoked', { revokedReason: input.reason }, input)
    }
    const updated = await change(
      ctx,
      license,
      'license.revoked',
      {
        status: 'revoked',
        revokedAt: ctx.deps.clock.now(),
        revokedReason: input.reason,
        ...(license.status === 'suspended' ? {} : { statusBeforeSuspension: license.status }),
      },
      input,
    )
    await mailOwner(ctx, updated, 'license-revoked', input.reason, input.cause ?? ctx.requestId)
    return updated
  })
}

/**
 * The one way back from revoked: the money of a refund did not reach the customer, or a bank returned what it had taken, so what
 * that took is given back, a suspension that stood before it included. Only while it is what the license is revoked for.
 */
export function restoreFromRefund(ctx: Ctx, input: Change & { cause: string }): Promise<LicenseRow> {
  return inTx(ctx, async (ctx) => {
    const license = await lockOrThrow(ctx, input.licenseId)
    if (license.status !== 'revoked') return license
    const last = await latestEvent(ctx.db, { licenseId: license.id, type: 'license.revoked' })
    if (last?.cause !== input.cause) return license
    const suspended = license.suspendedReason !== null
    return change(
      ctx,
      license,
      'license.restored',
      {
        status: suspended ? 'suspended' : (license.statusBeforeSuspension ?? 'active'),
        revokedAt: null,
        revokedReason: null,
        ...(suspended ? {} : { statusBeforeSuspension: null }),
      },
      input,
    )
  })
}
