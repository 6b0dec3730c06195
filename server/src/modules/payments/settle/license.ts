import type { Ctx } from '../../../context.ts'
import { restoreFromRefund, revokeLicense, suspendLicense } from '../../licenses/service/decide.ts'
import { issueLicense } from '../../licenses/service/issue.ts'
import { EXTENSION_PLAN } from '../../licenses/state.ts'
import { findOffer } from '../../marketplace/service/sales/offer.ts'
import { findPlan, type PlanRow } from '../queries/catalog.ts'
import { type CheckoutRow, findCheckout, updateCheckout } from '../queries/checkouts.ts'
import { findLicense } from '../queries/owned-licenses.ts'
import { newestPaymentOfSubscription, type PaymentRow } from '../queries/payments.ts'
import { closeExtensionCheckouts } from '../service/close-checkouts.ts'
import type { Claim, PaymentStatus } from '../states.ts'
import { followRenewal, giveWindow } from './renewal.ts'
import { DISPUTED, liftOurSuspension } from './suspension.ts'

/** Reasons as the owner reads them in mails. */
const REFUNDED = 'the payment was refunded'
const DISPUTE_LOST = 'the payment was taken back by the bank'

/** What a payment did to its license, told from before and after. */
export interface ClaimChange {
  payment: PaymentRow
  from: PaymentStatus | null
  claim: Claim
  /** Id of the refund or dispute behind the change. */
  cause: string
}

/** Lets the license follow its payment. Only on a change, so that what an admin decided in between is left alone. */
export async function followClaim(ctx: Ctx, change: ClaimChange): Promise<void> {
  const { payment, from, claim } = change
  if (payment.licenseId === null) return
  if (from === payment.status && claim !== 'dispute_lost') return
  const license = await findLicense(ctx.db, payment.licenseId)
  if (!license) return
  const checkout = payment.checkoutId === null ? undefined : await findCheckout(ctx.db, payment.checkoutId)
  if (checkout?.kind === 'renewal') return followRenewal(ctx, change, checkout)

  const licenseId = license.id
  switch (claim) {
    case 'none':
      return
    case 'disputed':
      await suspendLicense(ctx, { licenseId, reason: DISPUTED, cause: change.cause })
      return
    case 'dispute_lost':
      if (await paysForPresent(ctx, payment)) {
        await revokeLicense(ctx, { licenseId, reason: DISPUTE_LOST, cause: change.cause })
        await stopBilling(ctx, payment)
      } else {
        await liftOurSuspension(ctx, payment, change.cause)
      }
      return
    case 'refunded':
      if (await paysForPresent(ctx, payment)) {
        await revokeLicense(ctx, { licenseId, reason: REFUNDED, cause: payment.id })
        await stopBilling(ctx, payment)
      } else {
        await liftOurSuspension(ctx, payment, change.cause)
      }
      return
    case 'granted':
      if (license.revokedReason === REFUNDED) {
        await restoreFromRefund(ctx, {
          licenseId,
          reason: 'the refund did not arrive and was returned',
          cause: payment.id,
        })
      } else if (license.revokedReason === DISPUTE_LOST) {
        const reason = 'the bank has thought again and returned the payment'
        await restoreFromRefund(ctx, { licenseId, reason, cause: change.cause })
      }
      await liftOurSuspension(ctx, payment, change.cause)
  }
}

/** A refund of last year's invoice takes nothing from this year's subscriber; the newest one does. */
async function paysForPresent(ctx: Ctx, payment: PaymentRow): Promise<boolean> {
  if (payment.subscriptionId === null) return true
  const newest = await newestPaymentOfSubscription(ctx.db, payment.subscriptionId)
  return newest === undefined || newest.id === payment.id
}

/** Nobody is billed for a license that was taken. */
async function stopBilling(ctx: Ctx, payment: PaymentRow): Promise<void> {
  if (payment.subscriptionId === null) return
  await ctx.deps.jobs.enqueue(ctx.db, 'stripe.cancel', { subscriptionId: payment.subscriptionId })
}

/**
 * Gives what a paid checkout bought, once: the license, or one more window of updates. The checkout is locked.
 * A new key is sealed into the checkout for its one showing.
 */
export async function fulfil(
  ctx: Ctx,
  checkout: CheckoutRow,
  subscription?: { id: string; isTrial: boolean; periodEnd: Date; quantity: number },
): Promise<CheckoutRow> {
  const now = ctx.deps.clock.now()
  if (checkout.licenseId !== null) return checkout
  if (checkout.kind === 'renewal') {
    await giveWindow(ctx, checkout)
    return updateCheckout(ctx.db, checkout.id, {
      licenseId: checkout.renewsLicenseId,
      fulfilledAt: now,
      updatedAt: now,
    })
  }
  const { license, key } = await issueLicense(ctx, {
    userId: checkout.userId,
    ...(await boughtBy(ctx, checkout)),
    seats: subscription?.quantity ?? checkout.quantity,
    checkoutId: checkout.id,
    ...(subscription
      ? {
          subscriptionId: subscription.id,
          status: subscription.isTrial ? 'trial' : 'active',
          expiresAt: subscription.periodEnd,
        }
      : {}),
    reason: 'bought',
    cause: checkout.id,
  })
  // What is had is not bought again by mistake on another page that is open.
  if (checkout.extensionId !== null) await closeExtensionCheckouts(ctx, checkout.extensionId, checkout.userId)
  return updateCheckout(ctx.db, checkout.id, {
    licenseId: license.id,
    fulfilledAt: now,
    ...(key === null ? {} : { sealedLicenseKey: ctx.deps.secrets.seal(key, sealContext(checkout.id)) }),
    updatedAt: now,
  })
}

/** What the license of a checkout is for. */
async function boughtBy(ctx: Ctx, checkout: CheckoutRow): Promise<{ plan: PlanRow; product?: string }> {
  const slug = checkout.kind === 'extension' ? EXTENSION_PLAN : checkout.planSlug
  const plan = slug === null ? undefined : await findPlan(ctx.db, slug)
  if (!plan) throw new Error(`checkout ${checkout.id} has no plan`)
  if (checkout.kind !== 'extension') return { plan }
  const { identifier, displayName } = await findOffer(ctx, checkout)
  const product = `extension:${identifier}`
  return { plan: { ...plan, name: displayName, entitlements: [product] }, product }
}

/** Binds a sealed key to its checkout, so that it cannot be opened in another row. */
export const sealContext = (checkoutId: string): string => `checkout:${checkoutId}`
