import { sql } from 'drizzle-orm'
import { bigint, boolean, check, index, jsonb, pgEnum, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core'
import { at, bytes, count, currency, id, money, timestamps } from '../columns.ts'
import { users } from './identity.ts'

export const planKind = pgEnum('plan_kind', ['perpetual', 'subscription'])

/** What is sold. Products and prices at Stripe are created from these rows by lookup key. */
export const plans = pgTable(
  'plans',
  {
    slug: text('slug').primaryKey(),
    name: text('name').notNull(),
    kind: planKind('kind').notNull(),
    amountMinor: money('amount_minor').notNull(),
    currency: currency().notNull(),
    /** Billing interval of a subscription plan. */
    interval: text('interval').$type<'month' | 'year'>(),
    /** Devices a seat may be active on. */
    maxDevices: count('max_devices').notNull(),
    /** Whether a buyer chooses a number of seats. */
    seats: boolean('seats').notNull().default(false),
    /** Months of updates a perpetual license brings; null: updates as long as it is paid. */
    updatesMonths: count('updates_months'),
    /** Price of one more window of updates; null: not renewable. */
    renewalAmountMinor: money('renewal_amount_minor'),
    /** Free days before the first invoice of a subscription. */
    trialDays: count('trial_days').notNull().default(0),
    entitlements: text('entitlements').array().notNull(),
    active: boolean('active').notNull().default(true),
    position: count('position').notNull().default(0),
    ...timestamps(),
  },
  (t) => [
    check('plans_amount_not_negative', sql`${t.amountMinor} >= 0`),
    check('plans_currency_iso', sql`${t.currency} ~ '^[a-z]{3}$'`),
    check('plans_interval_by_kind', sql`(${t.kind} = 'subscription') = (${t.interval} is not null)`),
    check('plans_devices_not_negative', sql`${t.maxDevices} >= 0`),
  ],
)

export const licenseStatus = pgEnum('license_status', [
  'trial',
  'active',
  'past_due',
  'suspended',
  'revoked',
  'expired',
])

/**
 * Licenses. The key itself is never stored: `keyHash` is an HMAC of it under a secret outside the database.
 * Whether a license is expired follows from the times and the clock; the status is moved later by a job, for lists and mails.
 */
export const licenses = pgTable(
  'licenses',
  {
    id: id('lic'),
    /** Restrict: the books must outlive the person; erasing an account empties the user row instead of deleting it. */
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'restrict' }),
    planSlug: text('plan_slug')
      .notNull()
      .references(() => plans.slug, { onDelete: 'restrict', onUpdate: 'cascade' }),
    /** `editor`, or `extension:<publisher>.<name>`. */
    product: text('product').notNull().default('editor'),
    status: licenseStatus('status').notNull(),
    keyHash: bytes('key_hash').notNull(),
    /** Last group of the key, shown to its owner. */
    keyHint: text('key_hint').notNull(),
    seats: count('seats').notNull().default(1),
    /** Devices over all seats. */
    maxDevices: count('max_devices').notNull(),
    entitlements: text('entitlements').array().notNull(),
    /** End of a trial, a paid period or a dated license; null: perpetual. */
    expiresAt: at('expires_at'),
    /** Versions released up to here may be used; null: all. */
    updatesUntil: at('updates_until'),
    /** Since when the subscription behind it is unpaid; grace runs from here. */
    pastDueSince: at('past_due_since'),
    suspendedReason: text('suspended_reason'),
    /** What the license returns to when a suspension ends. */
    statusBeforeSuspension: licenseStatus('status_before_suspension'),
    revokedAt: at('revoked_at'),
    revokedReason: text('revoked_reason'),
    /**
     * Fulfilment is keyed by checkout: one checkout, one license, however many events tell of it. The foreign keys of this
     * and the next column are added in a hand-written migration, since payments' schema already imports this file.
     */
    checkoutId: text('checkout_id'),
    subscriptionId: text('subscription_id'),
    ...timestamps(),
  },
  (t) => [
    uniqueIndex('licenses_key_hash_key').on(t.keyHash),
    uniqueIndex('licenses_checkout_id_key').on(t.checkoutId),
    uniqueIndex('licenses_subscription_id_key').on(t.subscriptionId),
    index('licenses_user_id_idx').on(t.userId, t.id),
    // The expiry and reminder jobs walk only what can still expire.
    index('licenses_expires_at_idx')
      .on(t.expiresAt)
      .where(sql`${t.status} in ('trial', 'active', 'past_due')`),
    index('licenses_past_due_since_idx').on(t.pastDueSince).where(sql`${t.status} = 'past_due'`),
    index('licenses_updates_until_idx').on(t.updatesUntil).where(sql`${t.status} = 'active'`),
    check('licenses_seats_positive', sql`${t.seats} > 0`),
    check('licenses_devices_not_negative', sql`${t.maxDevices} >= 0`),
    check('licenses_revoked_has_time', sql`(${t.status} = 'revoked') = (${t.revokedAt} is not null)`),
    check('licenses_key_hash_size', sql`octet_length(${t.keyHash}) = 32`),
  ],
)

/** Devices: activations of a license on a machine. The fingerprint is kept as its SHA-256. */
export const licenseDevices = pgTable(
  'license_devices',
  {
    id: id('dev'),
    licenseId: text('license_id')
      .notNull()
      .references(() => licenses.id, { onDelete: 'cascade' }),
    fingerprintHash: bytes('fingerprint_hash').notNull(),
    name: text('name'),
    platform: text('platform'),
    appVersion: text('app_version'),
    activatedAt: at('activated_at').notNull(),
    lastSeenAt: at('last_seen_at').notNull(),
    ...timestamps(),
  },
  (t) => [
    uniqueIndex('license_devices_license_fingerprint_key').on(t.licenseId, t.fingerprintHash),
    check('license_devices_fingerprint_size', sql`octet_length(${t.fingerprintHash}) = 32`),
  ],
)

/** Everything that happened to a license: who, what, why, before, after. Append-only (a trigger refuses changes). */
export const licenseEvents = pgTable(
  'license_events',
  {
    id: id('lev'),
    licenseId: text('license_id')
      .notNull()
      .references(() => licenses.id, { onDelete: 'restrict' }),
    type: text('type').notNull(),
    actor: text('actor').notNull(),
    reason: text('reason'),
    /** Id of the payment, refund, dispute, subscription or job that brought it about. */
    cause: text('cause'),
    before: jsonb('before').$type<Record<string, unknown>>(),
    after: jsonb('after').$type<Record<string, unknown>>(),
    at: at('at').notNull(),
  },
  (t) => [
    index('license_events_license_id_idx').on(t.licenseId, t.id),
    // Rows are appended as time goes by: the days of a report are a few blocks.
    index('license_events_at_idx').using('brin', t.at),
  ],
)

export type RevocationKind =
  | 'revoked'
  | 'reinstated'
  | 'device_removed'
  | 'entitlement_removed'
  | 'entitlement_added'

/**
 * Deltas that offline editors must learn of, in commit order without gaps (appended under a lock).
 * `revoked` takes leases back, `reinstated` gives them again, `device_removed` concerns one device. `entitlement_removed` and
 * `entitlement_added` concern one thing that the owner has besides the license (a paid extension), which its leases carry along.
 */
export const licenseRevocations = pgTable(
  'license_revocations',
  {
    sequence: bigint('sequence', { mode: 'number' }).primaryKey(),
    licenseId: text('license_id')
      .notNull()
      .references(() => licenses.id, { onDelete: 'cascade' }),
    kind: text('kind').$type<RevocationKind>().notNull(),
    /** SHA-256 of the fingerprint, hex, when one device is meant. */
    device: text('device'),
    /** Which entitlement, when one is meant. */
    entitlement: text('entitlement'),
    at: at('at').notNull(),
  },
  (t) => [index('license_revocations_license_id_idx').on(t.licenseId)],
)

/** One free trial per person and per machine, ever. Survives the erasure of the account as bare hashes. */
export const trials = pgTable(
  'trials',
  {
    id: id('tri'),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'restrict' }),
    fingerprintHash: bytes('fingerprint_hash').notNull(),
    licenseId: text('license_id')
      .notNull()
      .references(() => licenses.id, { onDelete: 'restrict' }),
    startedAt: at('started_at').notNull(),
    endsAt: at('ends_at').notNull(),
  },
  (t) => [
    uniqueIndex('trials_user_id_key').on(t.userId),
    uniqueIndex('trials_fingerprint_hash_key').on(t.fingerprintHash),
    uniqueIndex('trials_license_id_key').on(t.licenseId),
    index('trials_started_at_idx').on(t.startedAt),
  ],
)
