import { sql } from 'drizzle-orm'
import { boolean, check, index, jsonb, pgEnum, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core'
import { at, bytes, count, currency, id, money, timestamps } from '../columns.ts'
import { users } from './identity.ts'
import { licenses, plans } from './licenses.ts'

export const checkoutStatus = pgEnum('checkout_status', [
  'open',
  'processing',
  'complete',
  'failed',
  'expired',
])

/** One attempt to buy. Fulfilment is keyed by this row, not by events. */
export const checkouts = pgTable(
  'checkouts',
  {
    id: id('chk'),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'restrict' }),
    kind: text('kind').$type<'plan' | 'renewal' | 'extension'>().notNull(),
    planSlug: text('plan_slug').references(() => plans.slug, { onDelete: 'restrict', onUpdate: 'cascade' }),
    /** The license whose updates are renewed. */
    renewsLicenseId: text('renews_license_id').references(() => licenses.id, { onDelete: 'restrict' }),
    /** Foreign keys of these two are added in a hand-written migration: the schema of sales imports this file. */
    extensionId: text('extension_id'),
    /** The price that was shown, whatever the extension costs by now. */
    extensionPriceId: text('extension_price_id'),
    quantity: count('quantity').notNull().default(1),
    currency: currency().notNull(),
    promotionCode: text('promotion_code'),
    successUrl: text('success_url').notNull(),
    cancelUrl: text('cancel_url').notNull(),
    status: checkoutStatus('status').notNull().default('open'),
    /** The client's idempotency key and a digest of what it asked for: same key, other request is refused. */
    idempotencyKey: text('idempotency_key'),
    requestHash: text('request_hash').notNull(),
    /** Key of our call to Stripe, stored before the call: after a crash the call is resumed, not repeated. */
    stripeIdempotencyKey: text('stripe_idempotency_key').notNull(),
    stripeSessionId: text('stripe_session_id'),
    url: text('url'),
    expiresAt: at('expires_at'),
    licenseId: text('license_id').references(() => licenses.id, { onDelete: 'restrict' }),
    /** The new key, sealed under a secret outside the database, for its one showing; emptied soon after. */
    sealedLicenseKey: bytes('sealed_license_key'),
    fulfilledAt: at('fulfilled_at'),
    ...timestamps(),
  },
  (t) => [
    uniqueIndex('checkouts_stripe_session_id_key').on(t.stripeSessionId),
    uniqueIndex('checkouts_user_idempotency_key').on(t.userId, t.idempotencyKey),
    index('checkouts_user_id_idx').on(t.userId, t.id),
    index('checkouts_extension_id_idx').on(t.extensionId).where(sql`${t.extensionId} is not null`),
    index('checkouts_sealed_idx').on(t.fulfilledAt).where(sql`${t.sealedLicenseKey} is not null`),
    index('checkouts_pending_idx').on(t.createdAt).where(sql`${t.status} in ('open', 'processing')`),
    check('checkouts_quantity_positive', sql`${t.quantity} between 1 and 10000`),
    check('checkouts_currency_iso', sql`${t.currency} ~ '^[a-z]{3}$'`),
    check(
      'checkouts_item_by_kind',
      sql`(${t.kind} = 'plan' and ${t.planSlug} is not null) or (${t.kind} = 'renewal' and ${t.renewsLicenseId} is not null) or (${t.kind} = 'extension' and ${t.extensionId} is not null and ${t.extensionPriceId} is not null)`,
    ),
  ],
)

export const subscriptionStatus = pgEnum('subscription_status', [
  'incomplete',
  'incomplete_expired',
  'trialing',
  'active',
  'past_due',
  'canceled',
  'unpaid',
  'paused',
])

/** Subscriptions as Stripe last told us; `canceled` and `incomplete_expired` are final. */
export const subscriptions = pgTable(
  'subscriptions',
  {
    id: id('sub'),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'restrict' }),
    planSlug: text('plan_slug')
      .notNull()
      .references(() => plans.slug, { onDelete: 'restrict', onUpdate: 'cascade' }),
    checkoutId: text('checkout_id').references(() => checkouts.id, { onDelete: 'restrict' }),
    stripeSubscriptionId: text('stripe_subscription_id').notNull(),
    status: subscriptionStatus('status').notNull(),
    quantity: count('quantity').notNull().default(1),
    currentPeriodStart: at('current_period_start').notNull(),
    currentPeriodEnd: at('current_period_end').notNull(),
    trialEnd: at('trial_end'),
    cancelAtPeriodEnd: boolean('cancel_at_period_end').notNull().default(false),
    canceledAt: at('canceled_at'),
    endedAt: at('ended_at'),
    pastDueSince: at('past_due_since'),
    ...timestamps(),
  },
  (t) => [
    uniqueIndex('subscriptions_stripe_subscription_id_key').on(t.stripeSubscriptionId),
    uniqueIndex('subscriptions_checkout_id_key').on(t.checkoutId),
    index('subscriptions_user_id_idx').on(t.userId, t.id),
    check('subscriptions_period_order', sql`${t.currentPeriodEnd} >= ${t.currentPeriodStart}`),
  ],
)

export const paymentStatus = pgEnum('payment_status', [
  'processing',
  'succeeded',
  'failed',
  'partially_refunded',
  'refunded',
  'disputed',
])

/** One charge or invoice payment. */
export const payments = pgTable(
  'payments',
  {
    id: id('pay'),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'restrict' }),
    checkoutId: text('checkout_id').references(() => checkouts.id, { onDelete: 'restrict' }),
    licenseId: text('license_id').references(() => licenses.id, { onDelete: 'restrict' }),
    subscriptionId: text('subscription_id').references(() => subscriptions.id, { onDelete: 'restrict' }),
    stripePaymentIntentId: text('stripe_payment_intent_id'),
    stripeChargeId: text('stripe_charge_id'),
    status: paymentStatus('status').notNull(),
    amountMinor: money('amount_minor').notNull(),
    refundedMinor: money('refunded_minor').notNull().default(0),
    currency: currency().notNull(),
    description: text('description').notNull(),
    receiptUrl: text('receipt_url'),
    failureCode: text('failure_code'),
    failureMessage: text('failure_message'),
    paidAt: at('paid_at'),
    ...timestamps(),
  },
  (t) => [
    uniqueIndex('payments_stripe_payment_intent_id_key').on(t.stripePaymentIntentId),
    uniqueIndex('payments_stripe_charge_id_key').on(t.stripeChargeId),
    index('payments_user_id_idx').on(t.userId, t.id),
    index('payments_checkout_id_idx').on(t.checkoutId),
    index('payments_license_id_idx').on(t.licenseId),
    index('payments_subscription_id_idx').on(t.subscriptionId),
    // Sums over days are answered by the index alone.
    index('payments_paid_at_idx').on(t.paidAt, t.currency, t.amountMinor).where(sql`${t.paidAt} is not null`),
    check('payments_amount_not_negative', sql`${t.amountMinor} >= 0`),
    check('payments_refund_within_amount', sql`${t.refundedMinor} between 0 and ${t.amountMinor}`),
    check('payments_currency_iso', sql`${t.currency} ~ '^[a-z]{3}$'`),
  ],
)

/** The timeline of a payment: append-only, like the events of licenses. */
export const paymentEvents = pgTable(
  'payment_events',
  {
    id: id('pev'),
    paymentId: text('payment_id')
      .notNull()
      .references(() => payments.id, { onDelete: 'restrict' }),
    type: text('type').notNull(),
    actor: text('actor').notNull(),
    reason: text('reason'),
    cause: text('cause'),
    before: jsonb('before').$type<Record<string, unknown>>(),
    after: jsonb('after').$type<Record<string, unknown>>(),
    at: at('at').notNull(),
  },
  (t) => [index('payment_events_payment_id_idx').on(t.paymentId, t.id)],
)

export const refundStatus = pgEnum('refund_status', [
  'requested',
  'pending',
  'requires_action',
  'succeeded',
  'failed',
  'canceled',
])

/** Refunds. Ours exist (`requested`) before Stripe is called, with the key of the call. */
export const refunds = pgTable(
  'refunds',
  {
    id: id('ref'),
    paymentId: text('payment_id')
      .notNull()
      .references(() => payments.id, { onDelete: 'restrict' }),
    stripeRefundId: text('stripe_refund_id'),
    status: refundStatus('status').notNull(),
    amountMinor: money('amount_minor').notNull(),
    currency: currency().notNull(),
    reason: text('reason'),
    failureReason: text('failure_reason'),
    actor: text('actor').notNull(),
    /** The admin's idempotency key; also makes the key of our call to Stripe. */
    idempotencyKey: text('idempotency_key'),
    ...timestamps(),
  },
  (t) => [
    uniqueIndex('refunds_stripe_refund_id_key').on(t.stripeRefundId),
    uniqueIndex('refunds_idempotency_key').on(t.idempotencyKey),
    index('refunds_payment_id_idx').on(t.paymentId),
    index('refunds_created_at_idx').on(t.createdAt),
    index('refunds_requested_idx').on(t.createdAt).where(sql`${t.status} = 'requested'`),
    check('refunds_amount_positive', sql`${t.amountMinor} > 0`),
  ],
)

/** Disputes (chargebacks) as Stripe last told us. */
export const disputes = pgTable(
  'disputes',
  {
    id: id('dsp'),
    paymentId: text('payment_id')
      .notNull()
      .references(() => payments.id, { onDelete: 'restrict' }),
    stripeDisputeId: text('stripe_dispute_id').notNull(),
    status: text('status').notNull(),
    reason: text('reason').notNull(),
    amountMinor: money('amount_minor').notNull(),
    currency: currency().notNull(),
    evidenceDueBy: at('evidence_due_by'),
    closedAt: at('closed_at'),
    ...timestamps(),
  },
  (t) => [
    uniqueIndex('disputes_stripe_dispute_id_key').on(t.stripeDisputeId),
    index('disputes_payment_id_idx').on(t.paymentId),
    index('disputes_created_at_idx').on(t.createdAt),
  ],
)

/** Invoices of subscriptions (and of one-time purchases that ask for one). */
export const invoices = pgTable(
  'invoices',
  {
    id: id('inv'),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'restrict' }),
    subscriptionId: text('subscription_id').references(() => subscriptions.id, { onDelete: 'restrict' }),
    paymentId: text('payment_id').references(() => payments.id, { onDelete: 'restrict' }),
    stripeInvoiceId: text('stripe_invoice_id').notNull(),
    number: text('number'),
    status: text('status').$type<'draft' | 'open' | 'paid' | 'uncollectible' | 'void'>().notNull(),
    amountDueMinor: money('amount_due_minor').notNull(),
    amountPaidMinor: money('amount_paid_minor').notNull(),
    currency: currency().notNull(),
    hostedUrl: text('hosted_url'),
    pdfUrl: text('pdf_url'),
    issuedAt: at('issued_at').notNull(),
    ...timestamps(),
  },
  (t) => [
    uniqueIndex('invoices_stripe_invoice_id_key').on(t.stripeInvoiceId),
    index('invoices_user_id_idx').on(t.userId, t.id),
  ],
)

export const webhookStatus = pgEnum('webhook_status', [
  'received',
  'processed',
  'ignored',
  'failed',
  'quarantined',
])

/** Every event Stripe delivered, stored before it was acknowledged. */
export const webhookEvents = pgTable(
  'webhook_events',
  {
    /** Stripe's event id: what makes a redelivery harmless. */
    id: text('id').primaryKey(),
    type: text('type').notNull(),
    apiVersion: text('api_version'),
    livemode: boolean('livemode').notNull(),
    payload: jsonb('payload').$type<Record<string, unknown>>().notNull(),
    status: webhookStatus('status').notNull().default('received'),
    attempts: count('attempts').notNull().default(0),
    lastError: text('last_error'),
    occurredAt: at('occurred_at').notNull(),
    receivedAt: at('received_at').notNull(),
    processedAt: at('processed_at'),
  },
  (t) => [
    index('webhook_events_open_idx')
      .on(t.receivedAt)
      .where(sql`${t.status} in ('received', 'failed', 'quarantined')`),
    index('webhook_events_received_at_idx').on(t.receivedAt),
  ],
)

/** How far Stripe's events have been compared with ours, so that an outage of any length up to Stripe's 30 days loses none. */
export const stripeCursors = pgTable('stripe_cursors', {
  name: text('name').primaryKey(),
  /** Everything that happened before this is known here. */
  until: at('until').notNull(),
  ...timestamps(),
})
