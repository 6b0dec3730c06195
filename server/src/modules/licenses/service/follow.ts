import { addMonths } from '../../../clock.ts'
import type { Ctx } from '../../../context.ts'
import { AppError } from '../../../errors.ts'
import { inTx } from '../../../tx.ts'
import { hasEvent } from '../queries/history.ts'
import type { LicenseRow } from '../queries/licenses.ts'
import { lockLicense, updateLicense } from '../queries/licenses.ts'
import type { LicenseStatus } from '../state.ts'
import { statusAt } from '../state.ts'
import type { Change } from './change.ts'
import { change, lockOrThrow, recordEvent } from './change.ts'

/** Extends the window of updates (or the end of a dated license): from its present end, or from now if that has passed. Once per cause. */
export function renewUpdates(
  ctx: Ctx,
  input: Change & { months?: number | undefined; until?: Date | undefined },
): Promise<LicenseRow> {
  return inTx(ctx, async (ctx) => {
    const license = await lockOrThrow(ctx, input.licenseId)
    if (
      input.cause &&
      (await hasEvent(ctx.db, { licenseId: license.id, type: 'license.renewed', cause: input.cause }))
    )
      return license
    if (license.status === 'revoked') throw new AppError('LICENSE_REVOKED_IS_FINAL')
    if (license.subscriptionId !== null) throw new AppError('LICENSE_NOT_RENEWABLE')
    const now = ctx.deps.clock.now()
    const extend = (end: Date): Date => {
      if (input.until) return input.until
      return addMonths(end > now ? end : now, input.months ?? 12)
    }
    const values: Partial<LicenseRow> = {}
    if (license.updatesUntil !== null) values.updatesUntil = extend(license.updatesUntil)
    if (license.expiresAt !== null) {
      values.expiresAt = extend(license.expiresAt)
      if (license.status === 'expired' && values.expiresAt > now) values.status = 'active'
    }
    if (Object.keys(values).length === 0) throw new AppError('LICENSE_NOT_RENEWABLE')
    return change(ctx, license, 'license.renewed', values, input)
  })
}

export interface FollowSubscription extends Change {
  status: 'active' | 'trial' | 'past_due' | 'ended'
  /** End of the paid (or trial) period; for `ended` the moment it ended. */
  expiresAt: Date
  pastDueSince?: Date | null | undefined
  /** Seats now paid for. */
  seats?: number | undefined
}

/** Brings the license of a subscription in line with it. A suspension stays on top; a revoked license stays revoked. */
export function followSubscription(ctx: Ctx, input: FollowSubscription): Promise<LicenseRow> {
  return inTx(ctx, async (ctx) => {
    const license = await lockOrThrow(ctx, input.licenseId)
    if (license.status === 'revoked') return license
    const status: LicenseStatus = input.status === 'ended' ? 'expired' : input.status
    const seats = input.seats ?? license.seats
    const suspended = license.status === 'suspended'
    const values: Partial<LicenseRow> = {
      ...(suspended ? { statusBeforeSuspension: status } : { status }),
      expiresAt: input.expiresAt,
      pastDueSince:
        input.status === 'past_due'
          ? (input.pastDueSince ?? license.pastDueSince ?? ctx.deps.clock.now())
          : null,
      seats,
      maxDevices:
        license.seats === 0 ? license.maxDevices : Math.round(license.maxDevices / license.seats) * seats,
    }
    const same =
      (suspended ? license.statusBeforeSuspension : license.status) === status &&
      license.expiresAt?.getTime() === input.expiresAt.getTime() &&
      license.pastDueSince?.getTime() === values.pastDueSince?.getTime() &&
      license.seats === seats
    return same ? license : change(ctx, license, `subscription.${input.status}`, values, input)
  })
}

/** Moves the stored status of one license to what the clock says. For the expiry job. */
export function expireByClock(ctx: Ctx, licenseId: string): Promise<void> {
  return inTx(ctx, async (ctx) => {
    const license = await lockLicense(ctx.db, { id: licenseId })
    if (!license) return
    const status = statusAt(license, ctx.deps.clock.now())
    if (status === license.status) return
    const pastDueSince =
      status === 'past_due' ? (license.pastDueSince ?? license.expiresAt) : license.pastDueSince
    const updated = await updateLicense(ctx.db, license.id, {
      status,
      pastDueSince,
      updatedAt: ctx.deps.clock.now(),
    })
    // No entry for offline editors: their leases were never longer than the license (see lease.ts).
    await recordEvent(ctx, license.id, status === 'expired' ? 'license.expired' : 'license.past_due', {
      reason: 'time',
      before: { status: license.status },
      after: { status: updated.status },
    })
  })
}
