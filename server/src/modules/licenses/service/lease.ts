import { randomUUID } from 'node:crypto'
import { addMs, DAY } from '../../../clock.ts'
import type { Ctx } from '../../../context.ts'
import { sha256 } from '../../../crypto/secrets.ts'
import { AppError } from '../../../errors.ts'
import { lookupHash } from '../keys.ts'
import { type LookedUpLicense, lookUpLicense } from '../lookup.ts'
import { revocationSequence, revocationsSince } from '../queries/history.ts'
import { extensionEntitlements } from '../queries/licenses.ts'
import { noteSeen } from '../seen.ts'
import { isUsable, type LicenseTimes, remedies, statusAt, statusCode, usableUntil } from '../state.ts'

export const LEASE_DAYS = 30
/** How long an editor that cannot reach us goes on after its lease; never past the end of the license itself. */
const OFFLINE_GRACE_DAYS = 7
const AUDIENCE = 'devforge-editor'
const LEASE_TYP = 'devforge-lease+jwt'
const REVOCATIONS_TYP = 'devforge-revocations+jwt'
/** Entries in one answer; the client asks again from where it stands. */
const REVOCATIONS_PAGE = 1_000

const seconds = (date: Date): number => Math.floor(date.getTime() / 1_000)

export interface LeaseSubject extends LicenseTimes {
  id: string
  userId: string
  planSlug: string
  entitlements: string[]
  updatesUntil: Date | null
}

/**
 * Signs what an editor may believe without asking us: this license, on this device, until then.
 * `sequence`, that of the revocation list, must be of the same moment as the license's state, or older: entries after it void the lease.
 */
export async function signLease(
  ctx: Ctx,
  license: LeaseSubject,
  device: string,
  sequence: number,
): Promise<{ lease: string; expiresAt: Date }> {
  const now = ctx.deps.clock.now()
  const end = usableUntil(license)
  const full = addMs(now, LEASE_DAYS * DAY)
  const expiresAt = end !== null && end < full ? end : full
  const graceDays =
    end === null
      ? OFFLINE_GRACE_DAYS
      : Math.max(0, Math.min(OFFLINE_GRACE_DAYS, Math.floor((end.getTime() - expiresAt.getTime()) / DAY)))
  const extensions = await extensionEntitlements(ctx.db, { userId: license.userId, now })
  const lease = await ctx.deps.signer.sign('lease', LEASE_TYP, {
    iss: ctx.deps.env.PUBLIC_URL,
    aud: AUDIENCE,
    sub: license.id,
    jti: randomUUID(),
    iat: seconds(now),
    nbf: seconds(now),
    exp: seconds(expiresAt),
    device,
    plan: license.planSlug,
    status: statusAt(license, now),
    entitlements: [...new Set([...license.entitlements, ...extensions])],
    updates_until: license.updatesUntil === null ? null : seconds(license.updatesUntil),
    grace_days: graceDays,
    srv: seconds(now),
    rev: sequence,
  })
  return { lease, expiresAt }
}

/** @throws LICENSE_NOT_ACTIVE saying what to do about it */
export function assertUsable(license: LicenseTimes & { wasTrial?: boolean }, now: Date): void {
  const status = statusAt(license, now)
  if (isUsable(status)) return
  throw new AppError('LICENSE_NOT_ACTIVE', {
    status,
    remedy: remedies[statusCode(status, license.wasTrial ?? false)],
  })
}

/**
 * Renews the lease of an active device.
 * @throws LICENSE_NOT_FOUND, LICENSE_NOT_ACTIVE, DEVICE_NOT_FOUND (activate first)
 */
export async function lease(
  ctx: Ctx,
  input: { key: string; fingerprint: string },
): Promise<{ lease: string; expiresAt: Date }> {
  const keyHash = lookupHash(ctx.deps.secrets, input.key)
  const device = sha256(input.fingerprint)
  const license: LookedUpLicense | null = keyHash && (await lookUpLicense(ctx.deps, keyHash, device))
  if (!license) throw new AppError('LICENSE_NOT_FOUND')
  assertUsable(license, ctx.deps.clock.now())
  if (!license.deviceId || !license.deviceLastSeenAt) throw new AppError('DEVICE_NOT_FOUND')
  noteSeen(ctx.deps, license.deviceId, license.deviceLastSeenAt)
  return signLease(ctx, license, device.toString('hex'), license.revocationSequence)
}

/** The signed deltas after a sequence number, for editors to keep; a number lower than one seen before is a rollback. */
export async function revocations(
  ctx: Ctx,
  input: { since: number },
): Promise<{ list: string; sequence: number; more: boolean }> {
  const rows = await revocationsSince(ctx.db, input.since, REVOCATIONS_PAGE + 1)
  const page = rows.slice(0, REVOCATIONS_PAGE)
  const more = rows.length > page.length
  const last = page.at(-1)
  const sequence = last ? last.sequence : await currentSequence(ctx, input.since)
  const list = await ctx.deps.signer.sign('lease', REVOCATIONS_TYP, {
    iss: ctx.deps.env.PUBLIC_URL,
    aud: AUDIENCE,
    iat: seconds(ctx.deps.clock.now()),
    since: input.since,
    sequence,
    entries: page.map((row) => ({
      seq: row.sequence,
      sub: row.licenseId,
      kind: row.kind,
      ...(row.device ? { device: row.device } : {}),
      ...(row.entitlement ? { entitlement: row.entitlement } : {}),
      at: seconds(row.at),
    })),
    withdrawn_kids: await ctx.deps.signer.withdrawnKids(),
    more,
  })
  return { list, sequence, more }
}

/** Nothing newer than `since`: that is where we stand, unless the client claims to have seen what never was. */
async function currentSequence(ctx: Ctx, since: number): Promise<number> {
  return Math.min(since, await revocationSequence(ctx.db))
}
