import type { Context } from '../context.ts'
import { embedded } from '../lists.ts'
import type {
  Customer,
  PaymentMethod,
  Price,
  Subscription,
  SubscriptionData,
  SubscriptionItem,
} from '../types.ts'
import { type Interval, nextPeriodEnd } from './calendar.ts'
import { amountIn, planOf } from './catalog.ts'

export interface ItemInput {
  price: Price
  quantity: number
  metadata?: Record<string, string>
}

export interface NewSubscription {
  customer: Customer
  items: ItemInput[]
  currency: string
  data: SubscriptionData
  metadata?: Record<string, string>
  defaultPaymentMethod?: string | null
  collectionMethod?: Subscription['collection_method']
  daysUntilDue?: number | null
  automaticTax?: { enabled: boolean; country?: string | null }
  billingCycleAnchor?: number
  cancelAtPeriodEnd?: boolean
  cancelAt?: number
  hidden?: Subscription['_sandbox']
}

const DAY = 86_400

/** The subscription as it stands before its first invoice: `incomplete`, `trialing`, or `active` when invoices are sent. */
export function newSubscription(ctx: Context, input: NewSubscription): Subscription {
  const { data } = input
  const trialEnd = data.trialEnd ?? (data.trialPeriodDays ? ctx.now + data.trialPeriodDays * DAY : null)
  const anchor = trialEnd ?? input.billingCycleAnchor ?? ctx.now
  const id = ctx.id('sub')
  const [first] = input.items
  const interval = (first?.price.recurring?.interval ?? 'month') as Interval
  const periodEnd =
    trialEnd ??
    (input.billingCycleAnchor && input.billingCycleAnchor > ctx.now
      ? input.billingCycleAnchor
      : nextPeriodEnd(anchor, interval, first?.price.recurring?.interval_count ?? 1, ctx.now))
  const collection = input.collectionMethod ?? 'charge_automatically'
  const cancelAt = input.cancelAtPeriodEnd ? periodEnd : (input.cancelAt ?? null)
  const subscription: Subscription = {
    id,
    object: 'subscription',
    application: null,
    application_fee_percent: data.applicationFeePercent ?? null,
    automatic_tax: {
      disabled_reason: null,
      enabled: input.automaticTax?.enabled ?? false,
      liability: input.automaticTax?.enabled ? { type: 'self' } : null,
    },
    billing_cycle_anchor: anchor,
    billing_cycle_anchor_config: null,
    billing_mode: { flexible: { proration_discounts: 'included' }, type: 'flexible', updated_at: ctx.now },
    billing_schedules: [],
    billing_thresholds: null,
    cancel_at: cancelAt,
    cancel_at_period_end: input.cancelAtPeriodEnd ?? false,
    canceled_at: cancelAt === null ? null : ctx.now,
    cancellation_details: { comment: null, feedback: null, feedback_option: null, reason: null },
    collection_method: collection,
    created: ctx.now,
    currency: input.currency,
    customer: input.customer.id,
    customer_account: null,
    days_until_due: input.daysUntilDue ?? null,
    default_payment_method: input.defaultPaymentMethod ?? null,
    default_source: null,
    default_tax_rates: [],
    description: data.description ?? null,
    discounts: [],
    ended_at: null,
    invoice_settings: {
      account_tax_ids: null,
      custom_fields: null,
      description: null,
      footer: null,
      issuer: { type: 'self' },
    },
    items: embedded(
      input.items.map((item) => newItem(ctx, id, item, { start: ctx.now, end: periodEnd })),
      `/v1/subscription_items?subscription=${id}`,
    ),
    latest_invoice: null,
    livemode: false,
    managed_payments: null,
    metadata: input.metadata ?? data.metadata ?? {},
    next_pending_invoice_item_invoice: null,
    on_behalf_of: data.onBehalfOf ?? null,
    pause_collection: null,
    payment_settings: {
      payment_method_options: null,
      payment_method_types: null,
      save_default_payment_method: 'off',
    },
    pending_invoice_item_interval: null,
    pending_setup_intent: null,
    pending_update: null,
    schedule: null,
    start_date: ctx.now,
    status: trialEnd ? 'trialing' : collection === 'send_invoice' ? 'active' : 'incomplete',
    test_clock: ctx.clock || null,
    transfer_data: data.transferDestination
      ? { amount_percent: data.transferPercent ?? null, destination: data.transferDestination }
      : null,
    trial_end: trialEnd,
    trial_settings: {
      end_behavior: {
        billing_cycle_anchor: null,
        missing_payment_method: data.missingPaymentMethod ?? 'create_invoice',
      },
    },
    trial_start: trialEnd ? ctx.now : null,
    _sandbox: { ...input.hidden, taxCountry: input.automaticTax?.country ?? undefined },
  }
  return ctx.add('subscription', subscription)
}

export function newItem(
  ctx: Context,
  subscription: string,
  input: ItemInput,
  period: { start: number; end: number },
): SubscriptionItem {
  return {
    id: ctx.id('si'),
    object: 'subscription_item',
    billing_thresholds: null,
    created: ctx.now,
    current_period_end: period.end,
    current_period_start: period.start,
    current_trial: null,
    discounts: [],
    metadata: input.metadata ?? {},
    plan: planOf(input.price),
    price: input.price,
    quantity: input.quantity,
    subscription,
    tax_rates: [],
  }
}

/** Price of one period of an item, in minor units of the subscription's currency. */
export function itemAmount(subscription: Subscription, item: SubscriptionItem): number {
  return (amountIn(item.price, subscription.currency) ?? 0) * (item.quantity ?? 1)
}

export function periodOf(subscription: Subscription): { start: number; end: number } {
  const [item] = subscription.items.data
  return {
    start: item?.current_period_start ?? subscription.start_date,
    end: item?.current_period_end ?? subscription.start_date,
  }
}

/** What pays a subscription: its own method, else the customer's default. */
export function paymentMethodOf(ctx: Context, subscription: Subscription): PaymentMethod | undefined {
  const customer = ctx.find('customer', subscription.customer)
  return (
    ctx.find('payment_method', subscription.default_payment_method) ??
    ctx.find('payment_method', customer ? String(customer.invoice_settings.default_payment_method) : null)
  )
}

/** Every item in step: the subscription renews as one. */
export function withPeriod(
  subscription: Subscription,
  period: { start: number; end: number },
): Subscription['items'] {
  return {
    ...subscription.items,
    data: subscription.items.data.map((item) => ({
      ...item,
      current_period_start: period.start,
      current_period_end: period.end,
    })),
  }
}

export function isOver(subscription: Subscription): boolean {
  return subscription.status === 'canceled' || subscription.status === 'incomplete_expired'
}
