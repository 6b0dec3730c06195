import type { Ctx } from '../../../context.ts'
import { actorLabel } from '../../../context.ts'
import { notFound } from '../../../errors.ts'
import { queueMail } from '../../../mail/outbox.ts'
import { findContact } from '../../users/contact.ts'
import { appendRevocations, insertEvent } from '../queries/history.ts'
import type { LicenseRow, PlanRow } from '../queries/licenses.ts'
import {
  extensionEntitlements,
  findPlan,
  lockLicense,
  otherLicenseIds,
  updateLicense,
} from '../queries/licenses.ts'
import { isUsable, statusAt } from '../state.ts'
import { raiseSupport } from './support-plan.ts'

/** Who or what brought a change about: `reason` in words, `cause` the id of the payment, refund, dispute or subscription. */
export interface Why {
  reason: string
  cause?: string | undefined
}
export interface Change extends Why {
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

/** The license, locked. @throws NOT_FOUND */
export async function lockOrThrow(ctx: Ctx, licenseId: string): Promise<LicenseRow> {
  const license = await lockLicense(ctx.db, { id: licenseId })
  if (!license) throw notFound('license', licenseId)
  return license
}

/** Moves a locked license, writes the event, and tells offline editors when it begins or ceases to be usable. */
export async function change(
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
  // By the stored status: a license that only the clock has ended was not told of as revoked (unless expireByClock did).
  const wasUsable = isUsable(license.status)
  const nowUsable = isUsable(statusAt(updated, now))
  if (wasUsable !== nowUsable) {
    const kind = nowUsable ? 'reinstated' : 'revoked'
    await appendRevocations(ctx.db, [{ licenseId: license.id, kind, at: now }])
    await tellOtherLeases(ctx, updated, nowUsable ? 'entitlement_added' : 'entitlement_removed')
  }
  if ('status' in after || 'expiresAt' in after) await raiseSupport(ctx, updated)
  return updated
}

/**
 * What an extension's license gives stands in the leases of all licenses of its owner: those are told, too, when it is taken or
 * given back. Not when another license gives the same. A purchase tells nobody: the next lease carries it.
 */
export async function tellOtherLeases(
  ctx: Ctx,
  license: Pick<LicenseRow, 'id' | 'userId' | 'product' | 'entitlements'>,
  kind: 'entitlement_removed' | 'entitlement_added',
): Promise<void> {
  if (license.product === 'editor') return
  const { id: licenseId, userId, entitlements } = license
  const at = ctx.deps.clock.now()
  const others = await otherLicenseIds(ctx.db, { licenseId, userId })
  const kept = new Set(
    kind === 'entitlement_added' ? [] : await extensionEntitlements(ctx.db, { userId, now: at }),
  )
  const changed = entitlements.filter((entitlement) => !kept.has(entitlement))
  await appendRevocations(
    ctx.db,
    others.flatMap((licenseId) => changed.map((entitlement) => ({ licenseId, kind, entitlement, at }))),
  )
}

/** What mails call a license: by its plan, or by the extension it is for. */
export const nameOf = ({ product, planSlug }: LicenseRow, plan: PlanRow | undefined): string =>
  product === 'editor' ? (plan?.name ?? planSlug) : product.replace(/^extension:/, '')

/** Tells the owner, once per occasion. */
export async function mailOwner(
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
    data: { name, plan: nameOf(license, plan), licenseId: license.id, reason },
  })
}
