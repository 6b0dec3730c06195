import { addMs, DAY } from '../../clock.ts'

/** How long an unpaid subscription keeps working. */
export const PAST_DUE_GRACE_DAYS = 7

export type LicenseStatus = 'trial' | 'active' | 'past_due' | 'suspended' | 'revoked' | 'expired'

/** Why a license is or is not good: stable, and apart from `valid`. */
export type ValidationCode =
  | 'VALID'
  | 'NOT_FOUND'
  | 'MALFORMED_KEY'
  | 'EXPIRED'
  | 'PAST_DUE'
  | 'SUSPENDED'
  | 'REVOKED'
  | 'TRIAL_EXPIRED'
  | 'PRODUCT_MISMATCH'
  | 'ENTITLEMENT_MISSING'
  | 'NO_DEVICE'
  | 'DEVICE_MISMATCH'
  | 'TOO_MANY_DEVICES'
  | 'VERSION_NOT_COVERED'

/** What the user can do about it. */
export type Remedy =
  | 'check_key'
  | 'buy'
  | 'renew'
  | 'update_payment'
  | 'contact_support'
  | 'upgrade'
  | 'activate'
  | 'free_device'
  | 'use_covered_version'

export const remedies: { [C in ValidationCode]: Remedy | null } = {
  VALID: null,
  NOT_FOUND: 'check_key',
  MALFORMED_KEY: 'check_key',
  EXPIRED: 'renew',
  PAST_DUE: 'update_payment',
  SUSPENDED: 'contact_support',
  REVOKED: 'buy',
  TRIAL_EXPIRED: 'buy',
  PRODUCT_MISMATCH: 'buy',
  ENTITLEMENT_MISSING: 'upgrade',
  NO_DEVICE: 'activate',
  DEVICE_MISMATCH: 'activate',
  TOO_MANY_DEVICES: 'free_device',
  VERSION_NOT_COVERED: 'renew',
}

/** The columns that decide whether a license is good. */
export interface LicenseTimes {
  status: LicenseStatus
  subscriptionId: string | null
  expiresAt: Date | null
  pastDueSince: Date | null
}

const graceEnd = (since: Date): Date => addMs(since, PAST_DUE_GRACE_DAYS * DAY)

/**
 * The status as the clock has it: the stored one is moved by a job and by webhooks, both of which may be late.
 * A subscription whose period ended without news from Stripe counts as past due from then on, not as expired at once.
 */
export function statusAt(license: LicenseTimes, now: Date): LicenseStatus {
  const { status, expiresAt } = license
  switch (status) {
    case 'revoked':
    case 'suspended':
    case 'expired':
      return status
    case 'trial':
      return expiresAt !== null && expiresAt <= now ? 'expired' : 'trial'
    case 'past_due': {
      const since = license.pastDueSince ?? expiresAt ?? now
      return graceEnd(since) <= now ? 'expired' : 'past_due'
    }
    case 'active':
      if (expiresAt === null || expiresAt > now) return 'active'
      if (license.subscriptionId === null) return 'expired'
      return graceEnd(expiresAt) <= now ? 'expired' : 'past_due'
  }
}

/** Whether a license in this status lets the editor work as paid. */
export const isUsable = (status: LicenseStatus): boolean =>
  status === 'trial' || status === 'active' || status === 'past_due'

/** The moment at which the license stops being usable if nothing happens until then; null: never. */
export function usableUntil(license: LicenseTimes): Date | null {
  if (license.status === 'past_due') return graceEnd(license.pastDueSince ?? license.expiresAt ?? new Date(0))
  if (license.expiresAt === null) return null
  return license.subscriptionId === null || license.status === 'trial'
    ? license.expiresAt
    : graceEnd(license.expiresAt)
}

/** The code of a license by its status alone. */
export function statusCode(status: LicenseStatus, wasTrial: boolean): ValidationCode {
  switch (status) {
    case 'active':
    case 'trial':
      return 'VALID'
    case 'past_due':
      return 'PAST_DUE'
    case 'suspended':
      return 'SUSPENDED'
    case 'revoked':
      return 'REVOKED'
    case 'expired':
      return wasTrial ? 'TRIAL_EXPIRED' : 'EXPIRED'
  }
}

/** Free for everybody, with or without a license. */
export const FREE_ENTITLEMENTS: readonly string[] = ['local-models']

/** Licenses of extensions hang on this plan, which is never sold or given itself. */
export const EXTENSION_PLAN = 'extension'
