import { writeAudit } from '../../../audit.ts'
import type { Ctx } from '../../../context.ts'
import { isRenewable } from '../../licenses/service/follow.ts'
import { extensionRefusal } from '../../marketplace/service/sales/offer.ts'
import { findPlan, lockUser } from '../queries/catalog.ts'
import type { CheckoutRow } from '../queries/checkouts.ts'
import { findOwnedLicense, lockOwnedLicense } from '../queries/owned-licenses.ts'
import { findPaymentEvent, type PaymentRow } from '../queries/payments.ts'
import { findRefundByKey, listRefunds } from '../queries/refunds.ts'
import type { SubscriptionRow } from '../queries/subscriptions.ts'
import { isLiveRefund } from '../states.ts'
import { openRefund } from './open-refund.ts'
import { contactOf, recordPayment } from './record.ts'

/** Why what was paid for is not given. */
const REFUSALS = [
  'account_deleted',
  'license_not_renewable',
  'paid_twice',
  'already_owned',
  'extension_removed',
  'extension_free',
] as const
export type Refusal = (typeof REFUSALS)[number]

export const UNFULFILLED = 'payment.unfulfilled'

/**
 * Whether the world has changed since the page was opened, so that what it sold cannot be given. Locks what it looks at, so
 * that the answer holds until the caller commits. @returns null when it can be given
 */
export async function refusalOf(ctx: Ctx, checkout: CheckoutRow): Promise<Refusal | null> {
  await lockUser(ctx.db, checkout.userId)
  if (!(await contactOf(ctx, checkout.userId))) return 'account_deleted'
  const { kind, userId, extensionId, planSlug } = checkout
  if (kind === 'extension' && extensionId !== null) return extensionRefusal(ctx, { userId, extensionId })
  // Two pages for one plan whose requests differed: the one that is paid first is given.
  if (kind === 'plan' && planSlug !== null) {
    return (await isOwnedAlready(ctx, { userId, planSlug })) ? 'already_owned' : null
  }
  if (checkout.kind !== 'renewal' || checkout.renewsLicenseId === null) return null
  const license = await lockOwnedLicense(ctx.db, checkout.renewsLicenseId)
  return license && isRenewable(license) ? null : 'license_not_renewable'
}

/** Whether a person has what a plan gives, so that a second one would be of no use; seats may be added again and again. */
async function isOwnedAlready(ctx: Ctx, by: { userId: string; planSlug: string }): Promise<boolean> {
  const plan = await findPlan(ctx.db, by.planSlug)
  if (!plan || (plan.seats && plan.kind === 'perpetual')) return false
  return (await findOwnedLicense(ctx.db, { ...by, now: ctx.deps.clock.now() })) !== undefined
}

/** The same for a subscription that has no license. */
export async function refusalOfSubscription(
  ctx: Ctx,
  { userId, checkoutId, planSlug }: SubscriptionRow,
): Promise<Refusal | null> {
  if (checkoutId === null) return 'paid_twice'
  if (!(await contactOf(ctx, userId))) return 'account_deleted'
  return (await isOwnedAlready(ctx, { userId, planSlug })) ? 'already_owned' : null
}

/** What was decided about a payment stays decided: its refund may be on its way. */
export async function earlierRefusal(ctx: Ctx, paymentId: string): Promise<Refusal | null> {
  const event = await findPaymentEvent(ctx.db, { paymentId, type: UNFULFILLED })
  return REFUSALS.find((refusal) => refusal === event?.reason) ?? null
}

/**
 * Keeps a payment whose purchase is not given, where admins see it, and sends the money back as soon as it is here. Once per
 * payment: should the refund fail at the bank, people decide. The payment is locked.
 * @param cause the Checkout Session or the subscription that it paid for
 */
export async function leaveUnfulfilled(
  ctx: Ctx,
  payment: PaymentRow,
  { reason, cause, checkoutId }: { reason: Refusal; cause: string; checkoutId: string | null },
): Promise<void> {
  const paymentId = payment.id
  if (!(await findPaymentEvent(ctx.db, { paymentId, type: UNFULFILLED }))) {
    await recordPayment(ctx, { paymentId, type: UNFULFILLED, reason, cause })
    await writeAudit(ctx, { action: UNFULFILLED, subject: paymentId, reason, after: { checkoutId } })
    ctx.log.error({ paymentId, checkoutId, reason }, 'paid, but not given: the money goes back')
  }
  // While a bank disputes it there is nothing to send.
  if (payment.status !== 'succeeded' && payment.status !== 'partially_refunded') return
  const idempotencyKey = `unfulfilled:${checkoutId ?? 'none'}:${paymentId}`
  if (await findRefundByKey(ctx.db, idempotencyKey)) return
  const refunds = await listRefunds(ctx.db, [paymentId])
  const given = refunds.reduce((sum, row) => sum + (isLiveRefund(row.status) ? row.amountMinor : 0), 0)
  if (given >= payment.amountMinor) return
  await openRefund(ctx, payment, { reason: `not given: ${reason}`, idempotencyKey })
}
