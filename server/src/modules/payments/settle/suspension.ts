import type { Ctx } from '../../../context.ts'
import { reinstateLicense } from '../../licenses/service/decide.ts'
import { lockOwnedLicense } from '../queries/owned-licenses.ts'
import { hasOtherDispute, type PaymentRow } from '../queries/payments.ts'

/** As the owner reads it in the mail; also how a suspension of ours is told from an admin's. */
export const DISPUTED = 'the payment is disputed at the bank'

/** Ends our suspension of a license, unless a bank still disputes another payment for it. */
export async function liftOurSuspension(ctx: Ctx, payment: PaymentRow, cause: string): Promise<void> {
  if (payment.licenseId === null) return
  // Held, so that a dispute that is noted in this moment either is seen here or suspends afterwards.
  const license = await lockOwnedLicense(ctx.db, payment.licenseId)
  if (license?.suspendedReason !== DISPUTED) return
  const of = { licenseId: license.id, exceptPaymentId: payment.id }
  if (await hasOtherDispute(ctx.db, of)) return
  await reinstateLicense(ctx, { licenseId: license.id, reason: 'the dispute is settled', cause })
}
