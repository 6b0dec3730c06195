import { defineErrors, error } from '../../errors/define.ts'

export const paymentErrors = defineErrors({
  PLAN_NOT_FOUND: error<{ plan: string }>('NOT_FOUND', 'There is no such plan.'),
  ALREADY_OWNED: error<{ licenseId: string }>('CONFLICT', 'You already own this.'),
  PAYMENTS_NOT_CONFIGURED: error('SERVICE_UNAVAILABLE', 'Payments are not set up on this server.'),
  STRIPE_UNAVAILABLE: error(
    'SERVICE_UNAVAILABLE',
    'The payment provider does not answer. Nothing was charged; retry in a moment.',
  ),
  PROMOTION_CODE_INVALID: error<{ code: string }>('BAD_REQUEST', 'This promotion code is not valid.'),
  REFUND_EXCEEDS_PAYMENT: error<{ refundableMinor: number; currency: string }>(
    'CONFLICT',
    'The refund is more than what is left of the payment.',
  ),
  PAYMENT_NOT_REFUNDABLE: error<{ status: string }>('CONFLICT', 'This payment cannot be refunded.'),
  SUBSCRIPTION_NOT_ACTIVE: error<{ status: string }>('CONFLICT', 'This subscription has ended.'),
})
