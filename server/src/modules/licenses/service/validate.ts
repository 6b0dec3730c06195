import type { Ctx } from '../../../context.ts'
import { sha256 } from '../../../crypto/secrets.ts'
import { lookupHash } from '../keys.ts'
import { type LookedUpLicense, lookUpLicense } from '../lookup.ts'
import { extensionEntitlements } from '../queries/licenses.ts'
import { releaseDate } from '../releases.ts'
import { noteSeen } from '../seen.ts'
import { FREE_ENTITLEMENTS, isUsable, remedies, statusAt, statusCode, type ValidationCode } from '../state.ts'

export interface ValidateInput {
  key: string
  fingerprint?: string | undefined
  entitlement?: string | undefined
  appVersion?: string | undefined
  product?: string | undefined
}

function answer(code: ValidationCode, license: LookedUpLicense | null, now: Date) {
  const status = license && statusAt(license, now)
  const usable = status !== null && isUsable(status)
  return {
    // Past due is a warning: the subscription's grace runs, everything works.
    valid: code === 'VALID' || code === 'PAST_DUE',
    code,
    license: license &&
      status && {
        id: license.id,
        plan: license.planSlug,
        product: license.product,
        status,
        keyHint: license.keyHint,
        expiresAt: license.expiresAt,
        updatesUntil: license.updatesUntil,
        maxDevices: license.maxDevices,
        devicesInUse: license.devicesInUse,
      },
    entitlements: usable && license ? license.entitlements : [...FREE_ENTITLEMENTS],
    remedy:
      code === 'DEVICE_MISMATCH' && license && license.devicesInUse >= license.maxDevices
        ? ('free_device' as const)
        : remedies[code],
  }
}

/**
 * Says whether a key is good, for a device, a feature and a version if they are named. Never throws for a bad key.
 * What is wrong with the license itself comes first, then what it does not cover, then the device.
 */
export async function validate(ctx: Ctx, input: ValidateInput) {
  const now = ctx.deps.clock.now()
  const keyHash = lookupHash(ctx.deps.secrets, input.key)
  if (keyHash === null) return answer('MALFORMED_KEY', null, now)
  const license = await lookUpLicense(
    ctx.deps,
    keyHash,
    input.fingerprint === undefined ? null : sha256(input.fingerprint),
  )
  if (license === null) return answer('NOT_FOUND', null, now)
  if (license.deviceId && license.deviceLastSeenAt)
    noteSeen(ctx.deps, license.deviceId, license.deviceLastSeenAt)
  const byStatus = statusCode(statusAt(license, now), license.wasTrial)
  if (byStatus !== 'VALID' && byStatus !== 'PAST_DUE') return answer(byStatus, license, now)
  return answer(
    (await notCovered(ctx, input, license)) ?? deviceCode(input, license) ?? byStatus,
    license,
    now,
  )
}

async function notCovered(
  ctx: Ctx,
  input: ValidateInput,
  license: LookedUpLicense,
): Promise<ValidationCode | null> {
  if (input.product !== undefined && input.product !== license.product) return 'PRODUCT_MISMATCH'
  if (input.entitlement !== undefined && !(await gives(ctx, license, input.entitlement))) {
    return 'ENTITLEMENT_MISSING'
  }
  if (input.appVersion !== undefined && license.updatesUntil !== null) {
    const released = await releaseDate(ctx.deps, license.product, input.appVersion)
    if (released > license.updatesUntil) return 'VERSION_NOT_COVERED'
  }
  return null
}

/** By itself, or, as its leases do, by what its owner has besides it: paid extensions. */
async function gives(ctx: Ctx, license: LookedUpLicense, entitlement: string): Promise<boolean> {
  if (license.entitlements.includes(entitlement)) return true
  if (!entitlement.startsWith('extension:')) return false
  const { userId } = license
  const others = await extensionEntitlements(ctx.db, { userId, now: ctx.deps.clock.now() })
  return others.includes(entitlement)
}

function deviceCode(input: ValidateInput, license: LookedUpLicense): ValidationCode | null {
  // More devices than the license now allows (seats were given back): whoever asks, one must go.
  if (license.devicesInUse > license.maxDevices) return 'TOO_MANY_DEVICES'
  if (input.fingerprint === undefined || license.deviceId !== null) return null
  return license.devicesInUse === 0 ? 'NO_DEVICE' : 'DEVICE_MISMATCH'
}
