import type Stripe from 'stripe'

/** What the wire carries for one field: ids where the SDK types allow an expanded object, strings for decimals. */
type Field<T> = T extends Stripe.Decimal
  ? string
  : T extends (infer U)[]
    ? Exclude<T, unknown[]> | Unexpanded<U>[]
    : T
type Unexpanded<T> = [Extract<T, string>] extends [never] ? Field<T> : Field<Exclude<T, { id: string }>>

/**
 * The unexpanded wire form of one of Stripe's own object types, so that a literal of that type must carry every
 * required key of the API version that the `stripe` package pins: the compiler is the first judge of our shapes.
 */
export type Wire<T> = {
  [K in keyof T as K extends 'deleted' ? never : K]: Unexpanded<T[K]>
}

/** Fields that the sandbox keeps with an object and never shows. */
export interface Hidden<H> {
  _sandbox?: H
}

export type List<T> = { object: 'list'; data: T[]; has_more: boolean; url: string }

export type Price = Wire<Stripe.Price>
export type Plan = Wire<Stripe.Plan>
export type Product = Wire<Stripe.Product>
export type Customer = Wire<Stripe.Customer>
export type Coupon = Wire<Stripe.Coupon>
export type Discount = Wire<Stripe.Discount>
export type PromotionCode = Wire<Stripe.PromotionCode>
export type BalanceTransaction = Wire<Stripe.BalanceTransaction>

/** How a test payment method behaves; the number itself is never kept. See cards.ts. */
export interface PaymentMethodSecrets {
  behavior: string
  /** A Customer or SetupIntent has authenticated it, so that 3155-style cards stop asking. */
  authenticated?: boolean
  /** The reusable test method (`pm_card_visa`) it was cloned from. */
  testId?: string
}
export type PaymentMethod = Wire<Stripe.PaymentMethod> & Hidden<PaymentMethodSecrets>
export type PaymentIntent = Wire<Stripe.PaymentIntent> &
  Hidden<{
    invoice?: string
    session?: string
    reverseOnRefund?: boolean
    /** Where the challenge page sends the customer. */
    returnUrl?: string
    authenticated?: boolean
    offSession?: boolean
    shippingSource?: string
  }>
export type SetupIntent = Wire<Stripe.SetupIntent> & Hidden<{ returnUrl?: string; session?: string }>
export type Charge = Wire<Stripe.Charge> & Hidden<{ behavior: string; feeMinor?: number }>
export type Refund = Wire<Stripe.Refund> &
  Hidden<{ willFail?: boolean; reverseTransfer?: boolean; refundApplicationFee?: boolean }>
export type Dispute = Wire<Stripe.Dispute> & Hidden<{ verdict?: 'won' | 'lost' }>
export type EarlyFraudWarning = Wire<Stripe.Radar.EarlyFraudWarning>
export type SubscriptionItem = Omit<Wire<Stripe.SubscriptionItem>, 'price' | 'plan'> & {
  price: Price
  plan: Plan
}
export type Subscription = Omit<Wire<Stripe.Subscription>, 'items'> & {
  items: List<SubscriptionItem>
} & Hidden<{
    /** Ids of the discounts' coupons, resolved at creation. */
    session?: string
    pendingSession?: string
    trialWarned?: boolean
    taxCountry?: string
  }>
export type InvoiceLineItem = Wire<Stripe.InvoiceLineItem>
export type InvoiceItem = Wire<Stripe.InvoiceItem> &
  Hidden<{ subscriptionItem?: string; inclusiveTax?: boolean }>
export type Invoice = Omit<Wire<Stripe.Invoice>, 'lines'> & { lines: List<InvoiceLineItem> } & Hidden<{
    paymentIntent?: string
    session?: string
    retriesUsed?: number
    coupons?: string[]
    token: string
  }>
export type InvoicePayment = Wire<Stripe.InvoicePayment>
export type LineItem = Omit<Wire<Stripe.LineItem>, 'price'> & { price: Price }
export type CheckoutSession = Wire<Stripe.Checkout.Session> &
  Hidden<{
    lineItems: LineItem[]
    paymentIntentData: PaymentIntentData
    subscriptionData: SubscriptionData
    coupon?: string
    promotionCode?: string
    /** Bank debit: what the settlement will say. */
    settlement?: 'succeeded' | 'failed'
    pendingPaymentMethod?: string
    taxCountry?: string
    legacyMethods?: string[]
  }>
export type Account = Wire<Stripe.Account>
export type AccountLink = Wire<Stripe.AccountLink>
export type Transfer = Wire<Stripe.Transfer>
export type TransferReversal = Wire<Stripe.TransferReversal>
export type ApplicationFee = Wire<Stripe.ApplicationFee>
export type Payout = Wire<Stripe.Payout>
export type FeeRefund = Wire<Stripe.FeeRefund>
export type WebhookEndpoint = Wire<Stripe.WebhookEndpoint> & Hidden<{ secret: string }>
export type PortalSession = Wire<Stripe.BillingPortal.Session>
export type PortalConfiguration = Wire<Stripe.BillingPortal.Configuration>
export type TestClock = Wire<Stripe.TestHelpers.TestClock>
export type Address = Stripe.Address

export interface PaymentIntentData {
  applicationFeeMinor?: number
  captureMethod?: 'automatic' | 'automatic_async' | 'manual'
  description?: string
  metadata?: Record<string, string>
  onBehalfOf?: string
  receiptEmail?: string
  setupFutureUsage?: 'off_session' | 'on_session'
  statementDescriptor?: string
  statementDescriptorSuffix?: string
  transferDestination?: string
  transferAmountMinor?: number
  transferGroup?: string
}

export interface SubscriptionData {
  applicationFeePercent?: number
  description?: string
  metadata?: Record<string, string>
  onBehalfOf?: string
  transferDestination?: string
  transferPercent?: number
  trialEnd?: number
  trialPeriodDays?: number
  missingPaymentMethod?: 'cancel' | 'create_invoice' | 'pause'
}

/** Every stored kind, by the value of its `object` key. */
export interface Kinds {
  account: Account
  application_fee: ApplicationFee
  balance_transaction: BalanceTransaction
  'billing_portal.configuration': PortalConfiguration
  'billing_portal.session': PortalSession
  charge: Charge
  'checkout.session': CheckoutSession
  coupon: Coupon
  customer: Customer
  discount: Discount
  dispute: Dispute
  fee_refund: FeeRefund
  invoice: Invoice
  invoice_payment: InvoicePayment
  invoiceitem: InvoiceItem
  payment_intent: PaymentIntent
  payment_method: PaymentMethod
  payout: Payout
  price: Price
  product: Product
  promotion_code: PromotionCode
  'radar.early_fraud_warning': EarlyFraudWarning
  refund: Refund
  setup_intent: SetupIntent
  subscription: Subscription
  'test_helpers.test_clock': TestClock
  transfer: Transfer
  transfer_reversal: TransferReversal
  webhook_endpoint: WebhookEndpoint
}
export type Kind = keyof Kinds

/** A full event envelope as Stripe posts it. */
export interface SandboxEvent {
  id: string
  object: 'event'
  account?: string
  api_version: string
  created: number
  data: { object: Record<string, unknown>; previous_attributes?: Record<string, unknown> }
  livemode: false
  pending_webhooks: number
  request: { id: string | null; idempotency_key: string | null }
  type: string
}
