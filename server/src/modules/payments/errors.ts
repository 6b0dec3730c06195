import { defineErrors, error } from '../../errors/define.ts'

export const paymentErrors = defineErrors({
  PLAN_NOT_FOUND: error<{ plan: string }>('NOT_FOUND', 'There is no such plan.'),
  PLAN_EXISTS: error<{ plan: string }>('CONFLICT', 'There is a plan with this slug already.'),
  /** `licenseId` is null while the payment of an earlier purchase is still on its way. */
  ALREADY_OWNED: error<{ licenseId: string | null }>(
    'CONFLICT',
    'You already own this, or have paid for it and the bank has yet to decide.',
  ),
  EXTENSION_NOT_FOR_SALE: error<{ extension: string }>('NOT_FOUND', 'This extension is not for sale.'),
  CURRENCY_NOT_SUPPORTED: error<{ currency: string; supported: string[] }>(
    'BAD_REQUEST',
    'There is no price in this currency. See details.supported.',
  ),
  QUANTITY_NOT_SUPPORTED: error<{ plan: string }>(
    'BAD_REQUEST',
    'This plan is sold without seats: the quantity must be 1.',
  ),
  PAYMENTS_NOT_CONFIGURED: error('SERVICE_UNAVAILABLE', 'Payments are not set up on this server.'),
  STRIPE_UNAVAILABLE: error(
    'SERVICE_UNAVAILABLE',
    'The payment provider does not answer. Nothing was charged; retry in a moment.',
  ),
  PROMOTION_CODE_INVALID: error<{ code: string }>('BAD_REQUEST', 'This promotion code is not valid.'),
  CHECKOUT_EXPIRED: error<{ id: string }>(
    'CONFLICT',
    'This checkout is too old to go on with. Start a new one with a new idempotency key.',
  ),
  CHECKOUT_FAILED: error<{ id: string }>(
    'CONFLICT',
    'The payment provider refused this checkout. Nothing was charged; start a new one with a new idempotency key.',
  ),
  REFUND_EXCEEDS_PAYMENT: error<{ refundableMinor: number; currency: string }>(
    'CONFLICT',
    'The refund is more than what is left of the payment.',
  ),
  PAYMENT_NOT_REFUNDABLE: error<{ status: string }>('CONFLICT', 'This payment cannot be refunded.'),
  SUBSCRIPTION_NOT_ACTIVE: error<{ status: string }>('CONFLICT', 'This subscription has ended.'),
})
