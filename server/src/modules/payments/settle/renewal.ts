import { addMonths } from '../../../clock.ts'
import type { Ctx } from '../../../context.ts'
import { suspendLicense } from '../../licenses/service/decide.ts'
import { addBoughtUpdates, moveBoughtUpdates } from '../../licenses/service/follow.ts'
import { findPlan } from '../queries/catalog.ts'
import type { CheckoutRow } from '../queries/checkouts.ts'
import {
  findLicense,
  findLicenseEvent,
  lockOwnedLicense,
  type OwnedLicense,
} from '../queries/owned-licenses.ts'
import type { ClaimChange } from './license.ts'
import { DISPUTED, liftOurSuspension } from './suspension.ts'

/** Gives the window of updates that a checkout bought. Once per checkout. */
export async function giveWindow(ctx: Ctx, checkout: CheckoutRow): Promise<void> {
  const { renewsLicenseId: licenseId, id: cause } = checkout
  if (licenseId === null) throw new Error(`checkout ${cause} renews nothing`)
  const license = await findLicense(ctx.db, licenseId)
  if (!license) throw new Error(`checkout ${cause} renews a license that is gone`)
  const months = await monthsOf(ctx, license)
  await addBoughtUpdates(ctx, { licenseId, months, reason: 'renewed', cause })
}

/** A renewal's money concerns only the window it bought: the license itself was paid for before. */
export async function followRenewal(
  ctx: Ctx,
  { from, payment, claim, cause }: ClaimChange,
  checkout: CheckoutRow,
): Promise<void> {
  if (checkout.fulfilledAt === null || checkout.renewsLicenseId === null) return
  const license = await lockOwnedLicense(ctx.db, checkout.renewsLicenseId)
  if (!license) return
  // How the window stands is told by the history of the license, whatever way the money took: back at most once.
  const last = await findLicenseEvent(ctx.db, {
    licenseId: license.id,
    types: ['renewal.taken_back', 'renewal.given_back'],
    cause: checkout.id,
  })
  const isTakenBack = last?.type === 'renewal.taken_back'
  switch (claim) {
    case 'none':
      return
    case 'disputed':
      if (isTakenBack || from === payment.status) return
      await suspendLicense(ctx, { licenseId: license.id, reason: DISPUTED, cause })
      return
    case 'refunded':
    case 'dispute_lost':
      if (!isTakenBack) await takeWindowBack(ctx, license, checkout)
      await liftOurSuspension(ctx, payment, cause)
      return
    case 'granted':
      if (isTakenBack) await giveWindowBack(ctx, license, checkout)
      await liftOurSuspension(ctx, payment, cause)
  }
}

/** To where it ended before this window was added; or shorter by its length, if others were added since. */
async function takeWindowBack(ctx: Ctx, license: OwnedLicense, checkout: CheckoutRow): Promise<void> {
  const types = ['license.renewed', 'renewal.given_back']
  const until = await undone(ctx, license, { types, cause: checkout.id, sign: -1 })
  await move(ctx, license, checkout, {
    type: 'renewal.taken_back',
    until,
    reason: 'the money for the renewal went back',
  })
}

async function giveWindowBack(ctx: Ctx, license: OwnedLicense, checkout: CheckoutRow): Promise<void> {
  const until = await undone(ctx, license, { types: ['renewal.taken_back'], cause: checkout.id, sign: 1 })
  await move(ctx, license, checkout, {
    type: 'renewal.given_back',
    until,
    reason: 'the money for the renewal stayed',
  })
}

async function move(
  ctx: Ctx,
  license: OwnedLicense,
  checkout: CheckoutRow,
  how: { type: 'renewal.taken_back' | 'renewal.given_back'; until: Date | null; reason: string },
): Promise<void> {
  const { until } = how
  if (until === null) return
  await moveBoughtUpdates(ctx, { ...how, until, licenseId: license.id, cause: checkout.id })
}

/** Where the window ended before the newest such event; by its length from where it ends now, if it was moved since. */
async function undone(
  ctx: Ctx,
  license: OwnedLicense,
  { types, cause, sign }: { types: string[]; cause: string; sign: 1 | -1 },
): Promise<Date | null> {
  const { updatesUntil } = license
  if (updatesUntil === null) return null
  const event = await findLicenseEvent(ctx.db, { licenseId: license.id, types, cause })
  const before = event?.before?.updatesUntil
  const after = event?.after?.updatesUntil
  const isLatest = typeof after === 'string' && new Date(after).getTime() === updatesUntil.getTime()
  if (isLatest && typeof before === 'string') return new Date(before)
  return addMonths(updatesUntil, sign * (await monthsOf(ctx, license)))
}

async function monthsOf(ctx: Ctx, { planSlug }: OwnedLicense): Promise<number> {
  return (await findPlan(ctx.db, planSlug))?.updatesMonths ?? 12
}
