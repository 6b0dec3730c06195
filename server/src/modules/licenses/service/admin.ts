import type { AdminActor, Ctx } from '../../../context.ts'
import { AppError, notFound } from '../../../errors.ts'
import { once } from '../../../idempotency.ts'
import { toPage } from '../../../wire.ts'
import { ensureUserByEmail, findContact } from '../../users/contact.ts'
import { presentLicense } from '../present.ts'
import { countDevices } from '../queries/devices.ts'
import { findPlan, type LicenseRow, lockLicense, searchLicenses } from '../queries/licenses.ts'
import { recordRelease } from '../releases.ts'
import { EXTENSION_PLAN } from '../state.ts'
import { reinstateLicense, revokeLicense, suspendLicense } from './decide.ts'
import { renewUpdates } from './follow.ts'
import { issueLicense } from './issue.ts'

type AdminCtx = Ctx<AdminActor>

const presented = async (ctx: Ctx, license: LicenseRow) =>
  presentLicense(license, await countDevices(ctx.db, license.id), ctx.deps.clock.now())

async function presentById(ctx: Ctx, licenseId: string) {
  const license = await lockLicense(ctx.db, { id: licenseId })
  if (!license) throw notFound('license', licenseId)
  return presented(ctx, license)
}

export interface IssueInput {
  userId?: string | undefined
  email?: string | undefined
  plan: string
  seats?: number | undefined
  expiresAt?: Date | undefined
  reason: string
  idempotencyKey?: string | undefined
}

/**
 * Gives a license without a payment (a gift, a replacement, an invoice paid otherwise). The key is also mailed to the owner.
 * @throws PLAN_NOT_FOUND, NOT_FOUND, IDEMPOTENCY_CONFLICT
 */
export function issueByAdmin(ctx: AdminCtx, input: IssueInput) {
  const make = async (ctx: AdminCtx) => {
    const plan = await findPlan(ctx.db, input.plan)
    if (!plan || plan.maxDevices === 0 || plan.slug === EXTENSION_PLAN) {
      throw new AppError('PLAN_NOT_FOUND', { plan: input.plan })
    }
    const owner =
      input.email === undefined
        ? await findContact(ctx.db, input.userId ?? '')
        : await ensureUserByEmail(ctx, input.email)
    const { license, key } = await issueLicense(ctx, {
      userId: owner.userId,
      plan,
      seats: input.seats,
      expiresAt: input.expiresAt,
      reason: input.reason,
    })
    if (key === null) throw new Error('an issued license is always new')
    return { answer: { license: await presented(ctx, license), key }, subject: license.id, secret: key }
  }
  const again = async (ctx: AdminCtx, licenseId: string, key: string | null) => {
    if (key === null) throw new Error('the key of an issued license is kept with its idempotency key')
    return { license: await presentById(ctx, licenseId), key }
  }
  return once(ctx, 'licenses.issue', input, make, again)
}

export interface RenewInput {
  licenseId: string
  until?: Date | undefined
  months?: number | undefined
  reason: string
  idempotencyKey?: string | undefined
}

/** @throws NOT_FOUND, LICENSE_REVOKED_IS_FINAL, LICENSE_NOT_RENEWABLE, IDEMPOTENCY_CONFLICT */
export function renewByAdmin(ctx: AdminCtx, { idempotencyKey, ...change }: RenewInput) {
  return once(
    ctx,
    'licenses.renew',
    { idempotencyKey, ...change },
    async (ctx) => {
      const license = await renewUpdates(ctx, change)
      return { answer: await presented(ctx, license), subject: license.id }
    },
    presentById,
  )
}

/** Suspends; a revoked license cannot be. */
export async function suspendByAdmin(ctx: AdminCtx, input: { licenseId: string; reason: string }) {
  const license = await suspendLicense(ctx, input)
  if (license.status === 'revoked') throw new AppError('LICENSE_REVOKED_IS_FINAL')
  return presented(ctx, license)
}

export async function reinstateByAdmin(ctx: AdminCtx, input: { licenseId: string; reason: string }) {
  const license = await reinstateLicense(ctx, input)
  if (license.status === 'revoked') throw new AppError('LICENSE_REVOKED_IS_FINAL')
  return presented(ctx, license)
}

export async function revokeByAdmin(ctx: AdminCtx, input: { licenseId: string; reason: string }) {
  return presented(ctx, await revokeLicense(ctx, input))
}

export interface SearchInput {
  query?: string | undefined
  status?: LicenseRow['status'] | undefined
  plan?: string | undefined
  cursor?: string | undefined
  limit: number
}

/** Every license, newest first, with its owner. */
export async function searchByAdmin(ctx: AdminCtx, input: SearchInput) {
  const now = ctx.deps.clock.now()
  const rows = await searchLicenses(ctx.db, input)
  return toPage(rows, input.limit, ({ license, devicesInUse, ownerName, ownerEmail }) => ({
    ...presentLicense(license, devicesInUse, now),
    owner: { id: license.userId, name: ownerName, email: ownerEmail },
  }))
}

/** Registers a version with the day it came out, so that `VERSION_NOT_COVERED` can be told. */
export async function addRelease(
  ctx: AdminCtx,
  input: { product: string; version: string; releasedAt: Date },
) {
  if (input.product !== 'editor' && !input.product.startsWith('extension:'))
    throw notFound('product', input.product)
  await recordRelease(ctx.deps, ctx.db, input)
  return input
}
