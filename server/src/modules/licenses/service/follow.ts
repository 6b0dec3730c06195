import { addMonths, laterOf } from '../../../clock.ts'
import type { Ctx } from '../../../context.ts'
import { AppError } from '../../../errors.ts'
import { inTx } from '../../../tx.ts'
import { countDevices } from '../queries/devices.ts'
import { appendRevocations, hasEvent } from '../queries/history.ts'
import type { LicenseRow } from '../queries/licenses.ts'
import { lockLicense, updateLicense } from '../queries/licenses.ts'
import type { LicenseStatus } from '../state.ts'
import { statusAt } from '../state.ts'
import type { Change } from './change.ts'
import { change, lockOrThrow, recordEvent, tellOtherLeases } from './change.ts'
import { freeDevices } from './devices.ts'

/**
 * Extends a license by an admin's decision: its window of updates and, if it is dated, its end; from the present end, or from
 * now when that has passed.
 */
export function renewUpdates(
  ctx: Ctx,
  input: Change & { months?: number | undefined; until?: Date | undefined },
): Promise<LicenseRow> {
  return inTx(ctx, async (ctx) => {
    const license = await lockOrThrow(ctx, input.licenseId)
    if (
      input.cause &&
      (await hasEvent(ctx.db, { licenseId: license.id, type: 'license.renewed', cause: input.cause }))
    ) {
      return license
    }
    if (license.status === 'revoked') throw new AppError('LICENSE_REVOKED_IS_FINAL')
    if (license.subscriptionId !== null) throw new AppError('LICENSE_NOT_RENEWABLE')
    const now = ctx.deps.clock.now()
    const extend = (end: Date): Date => input.until ?? addMonths(laterOf(end, now), input.months ?? 12)
    const values: Partial<LicenseRow> = {}
    if (license.updatesUntil !== null) values.updatesUntil = extend(license.updatesUntil)
    if (license.expiresAt !== null) {
      values.expiresAt = extend(license.expiresAt)
      if (values.expiresAt > now && license.status === 'expired') values.status = 'active'
      if (values.expiresAt > now && license.statusBeforeSuspension === 'expired')
        values.statusBeforeSuspension = 'active'
    }
    if (Object.keys(values).length === 0) throw new AppError('LICENSE_NOT_RENEWABLE')
    return change(ctx, license, 'license.renewed', values, input)
  })
}

/** Whether a window of updates can be bought for a license: perpetual, with a window, not from a trial or a subscription. */
export const isRenewable = (license: LicenseRow): boolean =>
  license.status === 'active' &&
  license.expiresAt === null &&
  license.subscriptionId === null &&
  license.updatesUntil !== null

/**
 * Adds a bought window of updates, once per cause. Moves nothing else: a license's end is not for sale.
 * @throws LICENSE_NOT_RENEWABLE, LICENSE_REVOKED_IS_FINAL
 */
export function addBoughtUpdates(
  ctx: Ctx,
  input: Change & { cause: string; months: number },
): Promise<LicenseRow> {
  return inTx(ctx, async (ctx) => {
    const license = await lockOrThrow(ctx, input.licenseId)
    if (await hasEvent(ctx.db, { licenseId: license.id, type: 'license.renewed', cause: input.cause }))
      return license
    if (license.status === 'revoked') throw new AppError('LICENSE_REVOKED_IS_FINAL')
    if (!isRenewable(license) || license.updatesUntil === null) throw new AppError('LICENSE_NOT_RENEWABLE')
    const now = ctx.deps.clock.now()
    const from = laterOf(license.updatesUntil, now)
    return change(ctx, license, 'license.renewed', { updatesUntil: addMonths(from, input.months) }, input)
  })
}

/** Takes a bought window back (its money was returned), or gives it again. Only the window of updates moves. */
export function moveBoughtUpdates(
  ctx: Ctx,
  input: Change & { cause: string; type: 'renewal.taken_back' | 'renewal.given_back'; until: Date },
): Promise<LicenseRow> {
  return inTx(ctx, async (ctx) => {
    const license = await lockOrThrow(ctx, input.licenseId)
    return change(ctx, license, input.type, { updatesUntil: input.until }, input)
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
    if (same) return license
    const updated = await change(ctx, license, `subscription.${input.status}`, values, input)
    // Seats were given back: the devices not seen for longest make room, and their leases end.
    const surplus = (await countDevices(ctx.db, license.id)) - updated.maxDevices
    if (surplus > 0) {
      const freed = await freeDevices(ctx, license.id, surplus)
      await recordEvent(ctx, license.id, 'device.surplus_freed', { ...input, after: { freed } })
    }
    return updated
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
    // A dated license's leases end with it. A subscription's may not: at a renewal Stripe moves the period first and collects
    // afterwards, so that a lease may have been signed for a month that was never paid.
    if (status === 'expired' && license.subscriptionId !== null) {
      await appendRevocations(ctx.db, [{ licenseId: license.id, kind: 'revoked', at: ctx.deps.clock.now() }])
    }
    if (status === 'expired') await tellOtherLeases(ctx, updated, 'entitlement_removed')
    await recordEvent(ctx, license.id, status === 'expired' ? 'license.expired' : 'license.past_due', {
      reason: 'time',
      before: { status: license.status },
      after: { status: updated.status },
    })
  })
}
