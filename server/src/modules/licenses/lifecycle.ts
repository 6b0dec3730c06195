import { newId } from '@devforge/db'
import { addMonths } from '../../clock.ts'
import { actorLabel, type Ctx } from '../../context.ts'
import { AppError, notFound } from '../../errors.ts'
import { queueMail } from '../../mail/outbox.ts'
import { inTx } from '../../tx.ts'
import { findContact } from '../users/contact.ts'
import { newKey } from './keys.ts'
import {
  appendRevocation,
  findPlan,
  hasEvent,
  insertEvent,
  insertLicense,
  type LicenseRow,
  lockIssued,
  lockLicense,
  type PlanRow,
  updateLicense,
} from './queries.ts'
import { isUsable, type LicenseStatus, statusAt } from './state.ts'

/** Who or what brought a change about: `reason` in words, `cause` the id of the payment, refund, dispute or subscription. */
interface Why {
  reason: string
  cause?: string | undefined
}
interface Change extends Why {
  licenseId: string
}

/** Appends to the history of a license. */
export async function recordEvent(
  ctx: Ctx,
  licenseId: string,
  type: string,
  {
    reason,
    cause,
    before,
    after,
  }: Partial<Why> & { before?: Record<string, unknown>; after?: Record<string, unknown> },
): Promise<void> {
  await insertEvent(ctx.db, {
    licenseId,
    type,
    actor: actorLabel(ctx.actor),
    reason,
    cause,
    before,
    after,
    at: ctx.deps.clock.now(),
  })
}

async function lockOrThrow(ctx: Ctx, licenseId: string): Promise<LicenseRow> {
  const license = await lockLicense(ctx.db, { id: licenseId })
  if (!license) throw notFound('license', licenseId)
  return license
}

/** Moves a locked license, writes the event, and tells offline editors when it begins or ceases to be usable. */
async function change(
  ctx: Ctx,
  license: LicenseRow,
  type: string,
  values: Partial<LicenseRow>,
  why: Why,
): Promise<LicenseRow> {
  const now = ctx.deps.clock.now()
  const updated = await updateLicense(ctx.db, license.id, { ...values, updatedAt: now })
  const before: Record<string, unknown> = {}
  const after: Record<string, unknown> = {}
  for (const name of [
    'status',
    'expiresAt',
    'updatesUntil',
    'pastDueSince',
    'seats',
    'maxDevices',
  ] as const) {
    if (String(license[name]) === String(updated[name])) continue
    before[name] = license[name]
    after[name] = updated[name]
  }
  await recordEvent(ctx, license.id, type, { ...why, before, after })
  const wasUsable = isUsable(statusAt(license, now))
  const nowUsable = isUsable(statusAt(updated, now))
  if (wasUsable !== nowUsable) {
    await appendRevocation(ctx.db, {
      licenseId: license.id,
      kind: nowUsable ? 'reinstated' : 'revoked',
      at: now,
    })
  }
  return updated
}

async function mailOwner(
  ctx: Ctx,
  license: LicenseRow,
  template: 'license-suspended' | 'license-revoked',
  reason: string,
  occasion: string,
): Promise<void> {
  const { name, email } = await findContact(ctx.db, license.userId)
  const plan = await findPlan(ctx.db, license.planSlug)
  await queueMail(ctx, {
    dedupeKey: `${template}:${license.id}:${occasion}`,
    to: email,
    template,
    data: { name, plan: plan?.name ?? license.planSlug, licenseId: license.id, reason },
  })
}

export interface IssueLicense extends Why {
  userId: string
  plan: PlanRow
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
