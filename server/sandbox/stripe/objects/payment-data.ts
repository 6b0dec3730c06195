import type { Context } from '../context.ts'
import { invalid } from '../errors.ts'
import { mergeMetadata, type Params } from '../params.ts'
import type { PaymentIntentData, SubscriptionData } from '../types.ts'

export function readPaymentIntentData(ctx: Context, params: Params, mode: string): PaymentIntentData {
  const data = params.obj('payment_intent_data')
  if (!data) return {}
  if (mode !== 'payment') {
    throw invalid('You can not pass `payment_intent_data` in `subscription` mode.', 'payment_intent_data')
  }
  const read = intentData(data)
  data.ignore('shipping', 'setup_future_usage')
  if (read.transferDestination) {
    ctx.get('account', read.transferDestination, 'payment_intent_data[transfer_data][destination]')
  }
  return read
}

/** What Checkout's `payment_intent_data` and PaymentIntents themselves have in common. */
export function intentData(data: Params): PaymentIntentData {
  const transfer = data.obj('transfer_data')
  const read: PaymentIntentData = {
    applicationFeeMinor: data.int('application_fee_amount'),
    captureMethod: data.oneOf('capture_method', ['automatic', 'automatic_async', 'manual']),
    description: data.str('description'),
    metadata: mergeMetadata(null, data),
    onBehalfOf: data.str('on_behalf_of'),
    receiptEmail: data.str('receipt_email'),
    setupFutureUsage: data.oneOf('setup_future_usage', ['off_session', 'on_session']),
    statementDescriptor: data.str('statement_descriptor'),
    statementDescriptorSuffix: data.str('statement_descriptor_suffix'),
    transferDestination: transfer?.need('destination'),
    transferAmountMinor: transfer?.int('amount'),
    transferGroup: data.str('transfer_group'),
  }
  if (read.applicationFeeMinor !== undefined && !read.transferDestination) {
    throw invalid(
      'Can only apply an application_fee_amount when the charge is being sent to a connected account (transfer_data[destination]).',
      data.name('application_fee_amount'),
    )
  }
  return read
}

export function readSubscriptionData(params: Params, mode: string): SubscriptionData {
  const data = params.obj('subscription_data')
  if (!data) return {}
  if (mode !== 'subscription') {
    throw invalid('You can not pass `subscription_data` in `payment` mode.', 'subscription_data')
  }
  data.ignore(
    'billing_cycle_anchor',
    'billing_mode',
    'default_tax_rates',
    'invoice_settings',
    'proration_behavior',
    'pending_invoice_item_interval',
  )
  return subscriptionData(data)
}

export function subscriptionData(data: Params): SubscriptionData {
  const transfer = data.obj('transfer_data')
  const trialDays = data.int('trial_period_days')
  if (trialDays !== undefined && (trialDays < 1 || trialDays > 730)) {
    throw invalid('The trial period must be between 1 and 730 days.', data.name('trial_period_days'))
  }
  return {
    applicationFeePercent: data.decimal('application_fee_percent'),
    description: data.str('description'),
    metadata: mergeMetadata(null, data),
    onBehalfOf: data.str('on_behalf_of'),
    transferDestination: transfer?.need('destination'),
    transferPercent: transfer?.decimal('amount_percent'),
    trialEnd: data.str('trial_end') === 'now' ? undefined : data.int('trial_end'),
    trialPeriodDays: trialDays,
    missingPaymentMethod: data
      .obj('trial_settings')
      ?.obj('end_behavior')
      ?.oneOf('missing_payment_method', ['cancel', 'create_invoice', 'pause']),
  }
}
