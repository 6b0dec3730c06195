import { sql } from 'drizzle-orm'
import { boolean, check, index, pgEnum, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core'
import { at, count, currency, id, money, timestamps } from '../columns.ts'
import { extensions, publishers } from './marketplace.ts'
import { payments } from './payments.ts'

/** What extensions cost, now (`endedAt` is null) and before. A price is never changed: a new amount is a new row. */
export const extensionPrices = pgTable(
  'extension_prices',
  {
    id: id('prc'),
    extensionId: text('extension_id')
      .notNull()
      .references(() => extensions.id, { onDelete: 'restrict' }),
    amountMinor: money('amount_minor').notNull(),
    currency: currency().notNull(),
    /** Who set it, as histories spell actors. */
    setBy: text('set_by').notNull(),
    /** The price at Stripe, once it was looked up or made there. */
    stripePriceId: text('stripe_price_id'),
    endedAt: at('ended_at'),
    ...timestamps(),
  },
  (t) => [
    uniqueIndex('extension_prices_current_key').on(t.extensionId).where(sql`${t.endedAt} is null`),
    index('extension_prices_extension_id_idx').on(t.extensionId, t.id),
    index('extension_prices_unsynced_idx')
      .on(t.createdAt)
      .where(sql`${t.stripePriceId} is null and ${t.endedAt} is null`),
    check('extension_prices_amount_positive', sql`${t.amountMinor} > 0`),
    check('extension_prices_currency_iso', sql`${t.currency} ~ '^[a-z]{3}$'`),
  ],
)

/**
 * Publishers' accounts at Stripe (Connect), as Stripe last told us. The row exists, with the key of the call, before Stripe is
 * asked for the account. One that its owner closed or disconnected keeps its row; a new one gets another.
 */
export const payoutAccounts = pgTable(
  'payout_accounts',
  {
    id: id('poa'),
    publisherId: text('publisher_id')
      .notNull()
      .references(() => publishers.id, { onDelete: 'restrict' }),
    createdBy: text('created_by').notNull(),
    /** Two letters; Stripe can never change it. Null: that of our own account. */
    country: text('country'),
    stripeIdempotencyKey: text('stripe_idempotency_key').notNull(),
    stripeAccountId: text('stripe_account_id'),
    /** Its owner has gone through the onboarding. */
    detailsSubmitted: boolean('details_submitted').notNull().default(false),
    /** Money can be sent to it. */
    transfersEnabled: boolean('transfers_enabled').notNull().default(false),
    /** Stripe pays it out to the owner's bank. */
    payoutsEnabled: boolean('payouts_enabled').notNull().default(false),
    /** What Stripe still wants to know from its owner. */
    requirementsDue: text('requirements_due').array().notNull().default(sql`'{}'::text[]`),
    disabledReason: text('disabled_reason'),
    closedAt: at('closed_at'),
    ...timestamps(),
  },
  (t) => [
    uniqueIndex('payout_accounts_open_key').on(t.publisherId).where(sql`${t.closedAt} is null`),
    uniqueIndex('payout_accounts_stripe_account_id_key').on(t.stripeAccountId),
    index('payout_accounts_publisher_id_idx').on(t.publisherId, t.id),
  ],
)

/**
 * One paid payment for an extension: how much of it is the publisher's now, and how much of that was sent. What it says of
 * money is the sum of its entries in the ledger.
 */
export const extensionSales = pgTable(
  'extension_sales',
  {
    id: id('sal'),
    paymentId: text('payment_id')
      .notNull()
      .references(() => payments.id, { onDelete: 'restrict' }),
    publisherId: text('publisher_id')
      .notNull()
      .references(() => publishers.id, { onDelete: 'restrict' }),
    extensionId: text('extension_id')
      .notNull()
      .references(() => extensions.id, { onDelete: 'restrict' }),
    currency: currency().notNull(),
    /** What the customer paid, taxes included, and the taxes in it. */
    amountMinor: money('amount_minor').notNull(),
    taxMinor: money('tax_minor').notNull(),
    /** Our fee when it was sold, in hundredths of a percent of the amount without taxes. */
    feeBps: count('fee_bps').notNull(),
    /** The publisher's share now: after refunds and lost disputes. */
    shareMinor: money('share_minor').notNull(),
    /** Sent to the publisher's account less what was taken back, calls under way included. */
    transferredMinor: money('transferred_minor').notNull().default(0),
    /** Nothing is sent while a bank has yet to decide. */
    held: boolean('held').notNull().default(false),
    /** Stripe refused to take a share back (the account is empty): owed, and kept from what is sent next. */
    reversalRefusedAt: at('reversal_refused_at'),
    soldAt: at('sold_at').notNull(),
    ...timestamps(),
  },
  (t) => [
    uniqueIndex('extension_sales_payment_id_key').on(t.paymentId),
    index('extension_sales_publisher_id_idx').on(t.publisherId, t.id),
    index('extension_sales_extension_id_idx').on(t.extensionId, t.id),
    // Balances and transfers look only at what is not even yet.
    index('extension_sales_unsettled_idx')
      .on(t.publisherId, t.currency)
      .where(sql`${t.shareMinor} <> ${t.transferredMinor}`),
    check('extension_sales_amounts', sql`${t.taxMinor} >= 0 and ${t.amountMinor} > ${t.taxMinor}`),
    check('extension_sales_share', sql`${t.shareMinor} between 0 and ${t.amountMinor} - ${t.taxMinor}`),
    check('extension_sales_transferred', sql`${t.transferredMinor} >= 0`),
    check('extension_sales_fee', sql`${t.feeBps} between 0 and 10000`),
    check('extension_sales_currency_iso', sql`${t.currency} ~ '^[a-z]{3}$'`),
  ],
)

export const saleEntryKind = pgEnum('sale_entry_kind', [
  'sale',
  'refund',
  'refund_failed',
  'dispute_lost',
  'dispute_returned',
  'transfer',
  'transfer_reversed',
])

/**
 * The ledger of what extensions brought in and what publishers were sent: signed amounts per payment, which for each entry and
 * in sum satisfy gross = tax + fee + share. What a publisher is owed is share - transferred. Append-only (a trigger refuses changes).
 */
export const saleEntries = pgTable(
  'sale_entries',
  {
    id: id('led'),
    saleId: text('sale_id')
      .notNull()
      .references(() => extensionSales.id, { onDelete: 'restrict' }),
    publisherId: text('publisher_id')
      .notNull()
      .references(() => publishers.id, { onDelete: 'restrict' }),
    kind: saleEntryKind('kind').notNull(),
    grossMinor: money('gross_minor').notNull(),
    taxMinor: money('tax_minor').notNull(),
    feeMinor: money('fee_minor').notNull(),
    shareMinor: money('share_minor').notNull(),
    transferredMinor: money('transferred_minor').notNull().default(0),
    currency: currency().notNull(),
    /** Id of the payment, refund, dispute, transfer or reversal that brought it about. */
    cause: text('cause').notNull(),
    at: at('at').notNull(),
  },
  (t) => [
    index('sale_entries_sale_id_idx').on(t.saleId),
    index('sale_entries_at_idx').on(t.at),
    index('sale_entries_publisher_at_idx').on(t.publisherId, t.at, t.id),
    check('sale_entries_add_up', sql`${t.grossMinor} = ${t.taxMinor} + ${t.feeMinor} + ${t.shareMinor}`),
  ],
)

/** `requested`: committed here, the call to Stripe may or may not have arrived; `refused`: nothing moved. */
export const movementStatus = pgEnum('movement_status', ['requested', 'sent', 'refused'])

/** Shares on their way to publishers. The row exists, with the key of the call, before Stripe is asked. */
export const shareTransfers = pgTable(
  'share_transfers',
  {
    id: id('trf'),
    saleId: text('sale_id')
      .notNull()
      .references(() => extensionSales.id, { onDelete: 'restrict' }),
    payoutAccountId: text('payout_account_id')
      .notNull()
      .references(() => payoutAccounts.id, { onDelete: 'restrict' }),
    amountMinor: money('amount_minor').notNull(),
    /** Taken back of it, calls under way included. */
    reversedMinor: money('reversed_minor').notNull().default(0),
    currency: currency().notNull(),
    status: movementStatus('status').notNull(),
    /** The charge it comes out of, so that it waits for that money; null: out of our own balance. */
    sourceChargeId: text('source_charge_id'),
    stripeIdempotencyKey: text('stripe_idempotency_key').notNull(),
    stripeTransferId: text('stripe_transfer_id'),
    failureReason: text('failure_reason'),
    ...timestamps(),
  },
  (t) => [
    uniqueIndex('share_transfers_stripe_transfer_id_key').on(t.stripeTransferId),
    index('share_transfers_sale_id_idx').on(t.saleId, t.id),
    index('share_transfers_payout_account_id_idx').on(t.payoutAccountId),
    index('share_transfers_requested_idx').on(t.createdAt).where(sql`${t.status} = 'requested'`),
    check('share_transfers_amount_positive', sql`${t.amountMinor} > 0`),
    check('share_transfers_reversed', sql`${t.reversedMinor} between 0 and ${t.amountMinor}`),
  ],
)

/** Shares taken back. The row exists, with the key of the call, before Stripe is asked. */
export const shareReversals = pgTable(
  'share_reversals',
  {
    id: id('trv'),
    transferId: text('transfer_id')
      .notNull()
      .references(() => shareTransfers.id, { onDelete: 'restrict' }),
    saleId: text('sale_id')
      .notNull()
      .references(() => extensionSales.id, { onDelete: 'restrict' }),
    amountMinor: money('amount_minor').notNull(),
    status: movementStatus('status').notNull(),
    stripeIdempotencyKey: text('stripe_idempotency_key').notNull(),
    stripeReversalId: text('stripe_reversal_id'),
    failureReason: text('failure_reason'),
    ...timestamps(),
  },
  (t) => [
    uniqueIndex('share_reversals_stripe_reversal_id_key').on(t.stripeReversalId),
    index('share_reversals_transfer_id_idx').on(t.transferId),
    index('share_reversals_sale_id_idx').on(t.saleId, t.id),
    index('share_reversals_requested_idx').on(t.createdAt).where(sql`${t.status} = 'requested'`),
    check('share_reversals_amount_positive', sql`${t.amountMinor} > 0`),
  ],
)
