import { actorLabel, type Ctx, type SessionActor } from '../../../context.ts'
import { AppError, notFound } from '../../../errors.ts'
import { queueMail } from '../../../mail/outbox.ts'
import { inTx } from '../../../tx.ts'
import { toPage } from '../../../wire.ts'
import { refuseImpersonation } from '../../auth/actor.ts'
import { ensureUserByEmail } from '../../users/contact.ts'
import { newKey } from '../keys.ts'
import { presentDevice, presentLicense } from '../present.ts'
import { findOwnDevice, pageDevices, updateDevice } from '../queries/devices.ts'
import { listOwnEvents } from '../queries/history.ts'
import {
  findOwnLicense,
  findPlan,
  type LicenseRow,
  listOwnLicenses,
  lockLicense,
  updateLicense,
} from '../queries/licenses.ts'
import { isUsable, statusAt } from '../state.ts'
import { nameOf, recordEvent, tellOtherLeases } from './change.ts'
import { freeDevices } from './devices.ts'
import { replaceKey } from './replace-key.ts'
import { raiseSupport } from './support-plan.ts'

type OwnCtx = Ctx<SessionActor>

/** One's licenses, newest first. */
export async function listLicenses(ctx: OwnCtx, input: { cursor?: string | undefined; limit: number }) {
  const now = ctx.deps.clock.now()
  const rows = await listOwnLicenses(ctx.db, { userId: ctx.actor.userId, ...input })
  return toPage(rows, input.limit, ({ license, devicesInUse }) => presentLicense(license, devicesInUse, now))
}

async function ownLicense(ctx: OwnCtx, id: string) {
  const row = await findOwnLicense(ctx.db, { id, userId: ctx.actor.userId })
  if (!row) throw notFound('license', id)
  return row
}

export async function getLicense(ctx: OwnCtx, input: { id: string }) {
  const { license, devicesInUse } = await ownLicense(ctx, input.id)
  return presentLicense(license, devicesInUse, ctx.deps.clock.now())
}

/** The devices of one of one's licenses, last activated first. */
export async function listOwnDevices(
  ctx: OwnCtx,
  input: { licenseId: string; cursor?: string | undefined; limit: number },
) {
  const { license } = await ownLicense(ctx, input.licenseId)
  const rows = await pageDevices(ctx.db, input)
  return { ...toPage(rows, input.limit, presentDevice), limit: license.maxDevices }
}

export async function renameDevice(ctx: OwnCtx, input: { deviceId: string; name: string }) {
  return inTx(ctx, async (ctx) => {
    const device = await findOwnDevice(ctx.db, { deviceId: input.deviceId, userId: ctx.actor.userId })
    const renamed = device && (await updateDevice(ctx.db, device.id, { name: input.name }))
    if (!device || !renamed) throw new AppError('DEVICE_NOT_FOUND')
    await recordEvent(ctx, device.licenseId, 'device.renamed', {
      // Neither name: people call machines after themselves, and this history can never be erased.
      after: { deviceId: device.id },
    })
    return presentDevice(renamed)
  })
}

/** Who else had the license is nobody's business but theirs. */
function withoutPeople(facts: Record<string, unknown> | null): Record<string, unknown> | null {
  if (facts === null) return null
  const { userId: _, ...rest } = facts
  return rest
}

/** What happened to one of one's licenses, newest first. */
export async function listEvents(
  ctx: OwnCtx,
  input: { licenseId: string; cursor?: string | undefined; limit: number },
) {
  await ownLicense(ctx, input.licenseId)
  const rows = await listOwnEvents(ctx.db, { userId: ctx.actor.userId, ...input })
  return toPage(rows, input.limit, ({ event }) => ({
    id: event.id,
    type: event.type,
    // Customers see that it was support, not which person there.
    actor: event.actor === actorLabel(ctx.actor) ? 'you' : (event.actor.split(':')[0] ?? 'system'),
    reason: event.reason,
    cause: event.cause,
    before: withoutPeople(event.before),
    after: withoutPeople(event.after),
    at: event.at,
  }))
}

async function lockOwn(ctx: OwnCtx, id: string): Promise<LicenseRow> {
  const license = await lockLicense(ctx.db, { id, userId: ctx.actor.userId })
  if (!license) throw notFound('license', id)
  return license
}

/**
 * Replaces a lost or leaked key: the old one stops working at once. With `freeDevices` whoever used it is put out too.
 * @returns the new key, shown this once; it is also mailed to the owner
 */
export async function reissueKey(ctx: OwnCtx, input: { licenseId: string; freeDevices: boolean }) {
  refuseImpersonation(ctx.actor)
  return inTx(ctx, async (ctx) => replaceKey(ctx, await lockOwn(ctx, input.licenseId), input))
}

/**
 * Gives a perpetual license to somebody else: new owner, new key (mailed to them), all devices freed.
 * The answer is the same whether or not the address has an account.
 */
export async function transferLicense(ctx: OwnCtx, input: { licenseId: string; toEmail: string }) {
  refuseImpersonation(ctx.actor)
  return inTx(ctx, async (ctx) => {
    const license = await lockOwn(ctx, input.licenseId)
    if (license.subscriptionId !== null)
      throw new AppError('LICENSE_NOT_TRANSFERABLE', { reason: 'it belongs to a subscription' })
    if (license.status === 'trial')
      throw new AppError('LICENSE_NOT_TRANSFERABLE', { reason: 'it is a trial' })
    if (!isUsable(statusAt(license, ctx.deps.clock.now())))
      throw new AppError('LICENSE_NOT_TRANSFERABLE', { reason: 'it is not active' })
    const recipient = await ensureUserByEmail(ctx, input.toEmail)
    if (recipient.userId === license.userId)
      throw new AppError('LICENSE_NOT_TRANSFERABLE', { reason: 'it is yours already' })
    const now = ctx.deps.clock.now()
    const { key, keyHash, keyHint } = newKey(ctx.deps.secrets)
    const plan = await findPlan(ctx.db, license.planSlug)
    const transferred = await updateLicense(ctx.db, license.id, {
      userId: recipient.userId,
      keyHash,
      keyHint,
      updatedAt: now,
    })
    await raiseSupport(ctx, transferred)
    const devicesFreed = await freeDevices(ctx, license.id)
    await tellOtherLeases(ctx, license, 'entitlement_removed')
    await recordEvent(ctx, license.id, 'license.transferred', {
      before: { userId: license.userId, keyHint: license.keyHint },
      after: { userId: recipient.userId, keyHint, devicesFreed },
    })
    await queueMail(ctx, {
      dedupeKey: `license-transferred:${license.id}:${keyHint}`,
      to: recipient.email,
      template: 'license-transferred',
      data: { name: recipient.name, plan: nameOf(license, plan), licenseId: license.id },
      secret: { licenseKey: key },
    })
    return { licenseId: license.id, toEmail: input.toEmail, transferredAt: now }
  })
}
