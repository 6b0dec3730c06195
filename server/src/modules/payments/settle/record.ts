import { actorLabel, type Ctx } from '../../../context.ts'
import { AppError } from '../../../errors.ts'
import type { Contact } from '../../users/contact.ts'
import { findContact } from '../../users/contact.ts'
import { insertPaymentEvent } from '../queries/payments.ts'

export interface PaymentChange {
  paymentId: string
  type: string
  reason?: string | undefined
  cause?: string | undefined
  before?: Record<string, unknown>
  after?: Record<string, unknown>
}

/** Appends to the timeline of a payment, in the caller's transaction. @returns when */
export async function recordPayment(ctx: Ctx, change: PaymentChange): Promise<Date> {
  const at = ctx.deps.clock.now()
  await insertPaymentEvent(ctx.db, { ...change, actor: actorLabel(ctx.actor), at })
  return at
}

/** Where to write to the owner; null when the account was deleted: money moves on without mails. */
export async function contactOf(ctx: Ctx, userId: string): Promise<Contact | null> {
  try {
    return await findContact(ctx.db, userId)
  } catch (error) {
    if (error instanceof AppError && error.code === 'NOT_FOUND') return null
    throw error
  }
}

/** `499.00 USD`; for mails. Currencies without minor units have no decimals. */
export function formatMoney(amountMinor: number, currency: string): string {
  const digits =
    new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2
  return `${(amountMinor / 10 ** digits).toFixed(digits)} ${currency.toUpperCase()}`
}
