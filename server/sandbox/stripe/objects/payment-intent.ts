import type { Context } from '../context.ts'
import { invalid, StripeFault, unexpectedState } from '../errors.ts'
import { newId } from '../ids.ts'
import type { PaymentIntent, PaymentIntentData } from '../types.ts'
import { CONFIRMABLE, collect } from './payment-attempt.ts'

const MINIMUM_MINOR = 50

export interface NewIntent {
  amountMinor: number
  currency: string
  customer?: string | null
  data?: PaymentIntentData
  methodTypes?: string[]
  paymentMethod?: string | null
  hidden?: PaymentIntent['_sandbox']
}

export function createPaymentIntent(ctx: Context, input: NewIntent): PaymentIntent {
  const data = input.data ?? {}
  if (input.amountMinor < 1) {
    throw invalid('This value must be greater than or equal to 1.', 'amount', 'parameter_invalid_integer')
  }
  if (input.amountMinor < MINIMUM_MINOR && !input.hidden?.invoice) {
    throw new StripeFault(400, {
      type: 'invalid_request_error',
      code: 'amount_too_small',
      message: `Amount must convert to at least ${MINIMUM_MINOR} cents.`,
      param: 'amount',
    })
  }
  if (input.amountMinor > 99_999_999) {
    throw new StripeFault(400, {
      type: 'invalid_request_error',
      code: 'amount_too_large',
      message: 'Amount must be no more than 99999999.',
      param: 'amount',
    })
  }
  const id = ctx.id('pi')
  const intent: PaymentIntent = {
    id,
    object: 'payment_intent',
    allowed_payment_method_types: null,
    amount: input.amountMinor,
    amount_capturable: 0,
    amount_details: { tip: {} },
    amount_received: 0,
    application: null,
    application_fee_amount: data.applicationFeeMinor ?? null,
    automatic_payment_methods: input.methodTypes ? null : { allow_redirects: 'always', enabled: true },
    canceled_at: null,
    cancellation_reason: null,
    capture_method: data.captureMethod ?? 'automatic_async',
    client_secret: `${id}_secret_${newId('x').slice(2, 27)}`,
    confirmation_method: 'automatic',
    created: ctx.now,
    currency: input.currency,
    customer: input.customer ?? null,
    customer_account: null,
    description: data.description ?? null,
    excluded_payment_method_types: null,
    last_payment_error: null,
    latest_charge: null,
    livemode: false,
    managed_payments: null,
    metadata: data.metadata ?? {},
    next_action: null,
    on_behalf_of: data.onBehalfOf ?? null,
    payment_method: input.paymentMethod ?? null,
    payment_method_configuration_details: null,
    payment_method_options: {
      card: { installments: null, mandate_options: null, network: null, request_three_d_secure: 'automatic' },
    },
    payment_method_types: input.methodTypes ?? ['card', 'us_bank_account'],
    payment_record: null,
    processing: null,
    receipt_email: data.receiptEmail ?? null,
    review: null,
    setup_future_usage: data.setupFutureUsage ?? null,
    shipping: null,
    source: null,
    statement_descriptor: data.statementDescriptor ?? null,
    statement_descriptor_suffix: data.statementDescriptorSuffix ?? null,
    status: input.paymentMethod ? 'requires_confirmation' : 'requires_payment_method',
    transfer_data: data.transferDestination
      ? { amount: data.transferAmountMinor, destination: data.transferDestination }
      : null,
    transfer_group: data.transferGroup ?? null,
    _sandbox: input.hidden ?? {},
  }
  if (data.transferDestination) ctx.get('account', data.transferDestination, 'transfer_data[destination]')
  ctx.add('payment_intent', intent)
  ctx.emit('payment_intent.created', intent)
  return intent
}

export function capturePaymentIntent(
  ctx: Context,
  intent: PaymentIntent,
  amountMinor: number | undefined,
): void {
  const charge = ctx.find('charge', intent.latest_charge)
  if (intent.status !== 'requires_capture' || !charge) {
    throw unexpectedState(
      'payment_intent',
      `This PaymentIntent could not be captured because it has a status of ${intent.status}. Only a PaymentIntent with one of the following statuses may be captured: requires_capture.`,
    )
  }
  const amount = amountMinor ?? intent.amount_capturable
  if (amount < 1 || amount > intent.amount_capturable) {
    throw invalid(
      `The remaining amount on this PaymentIntent (${intent.amount_capturable}) is less than the amount to capture.`,
      'amount_to_capture',
      'amount_too_large',
    )
  }
  const previous = ctx.change(charge, {
    captured: true,
    amount_captured: amount,
    amount_refunded: charge.amount - amount,
  })
  collect(ctx, charge)
  ctx.emit('charge.captured', charge, previous)
  const before = ctx.change(intent, { status: 'succeeded', amount_received: amount, amount_capturable: 0 })
  ctx.emit('payment_intent.amount_capturable_updated', intent, {
    amount_capturable: before.amount_capturable,
  })
  ctx.emit('payment_intent.succeeded', intent)
}

export function cancelPaymentIntent(
  ctx: Context,
  intent: PaymentIntent,
  reason: PaymentIntent['cancellation_reason'] = null,
): void {
  if (![...CONFIRMABLE, 'requires_capture'].includes(intent.status)) {
    throw unexpectedState(
      'payment_intent',
      `You cannot cancel this PaymentIntent because it has a status of ${intent.status}. Only a PaymentIntent with one of the following statuses may be canceled: requires_payment_method, requires_capture, requires_confirmation, requires_action, processing.`,
    )
  }
  const charge = intent.status === 'requires_capture' ? ctx.find('charge', intent.latest_charge) : undefined
  if (charge) {
    ctx.change(charge, { amount_refunded: charge.amount, refunded: true })
    ctx.emit('charge.refunded', charge)
  }
  ctx.change(intent, {
    status: 'canceled',
    canceled_at: ctx.now,
    cancellation_reason: reason,
    amount_capturable: 0,
    next_action: null,
  })
  ctx.emit('payment_intent.canceled', intent)
}
