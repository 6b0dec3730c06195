import { sql } from 'drizzle-orm'
import { boolean, check, index, pgEnum, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core'
import { at, bytes, count, id, timestamps } from '../columns.ts'

export const userRole = pgEnum('user_role', ['customer', 'agent', 'admin'])

/**
 * People. The engine (better-auth) owns sign-in; `role` and the ban are ours.
 * A sign-up with an address that is taken makes a *shadow* account, so that the answer tells nothing about the address:
 * it has a placeholder in `email`, the address asked for in `claimedEmail`, and is joined to the real account once the
 * address is proven.
 */
export const users = pgTable(
  'users',
  {
    id: id('usr'),
    name: text('name').notNull(),
    email: text('email').notNull(),
    emailVerified: boolean('email_verified').notNull().default(false),
    claimedEmail: text('claimed_email'),
    image: text('image'),
    locale: text('locale'),
    role: userRole('role').notNull().default('customer'),
    banned: boolean('banned').notNull().default(false),
    banReason: text('ban_reason'),
    banExpires: at('ban_expires'),
    twoFactorEnabled: boolean('two_factor_enabled').notNull().default(false),
    stripeCustomerId: text('stripe_customer_id'),
    /** Set when the person deleted the account: the row stays for the books, without personal data. */
    erasedAt: at('erased_at'),
    ...timestamps(),
  },
  (t) => [
    uniqueIndex('users_email_key').on(t.email),
    uniqueIndex('users_stripe_customer_id_key').on(t.stripeCustomerId),
    index('users_created_at_idx').on(t.createdAt),
    // Agents and admins search people by parts of their names and addresses.
    index('users_people_trgm_idx').using(
      'gin',
      sql`lower(${t.name}) gin_trgm_ops`,
      sql`${t.email} gin_trgm_ops`,
    ),
    index('users_claimed_email_idx').on(t.claimedEmail).where(sql`${t.claimedEmail} is not null`),
    check('users_email_lower', sql`${t.email} = lower(${t.email})`),
  ],
)

/** Signed-in clients. `token` holds a SHA-256 of the session token, never the token itself. */
export const sessions = pgTable(
  'sessions',
  {
    id: id('ses'),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    token: text('token').notNull(),
    expiresAt: at('expires_at').notNull(),
    ipAddress: text('ip_address'),
    userAgent: text('user_agent'),
    impersonatedBy: text('impersonated_by'),
    ...timestamps(),
  },
  (t) => [uniqueIndex('sessions_token_key').on(t.token), index('sessions_user_id_idx').on(t.userId)],
)

/** Ways to sign in: the password (provider `credential`) and social accounts. */
export const accounts = pgTable(
  'accounts',
  {
    id: id('acc'),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    accountId: text('account_id').notNull(),
    providerId: text('provider_id').notNull(),
    accessToken: text('access_token'),
    refreshToken: text('refresh_token'),
    idToken: text('id_token'),
    accessTokenExpiresAt: at('access_token_expires_at'),
    refreshTokenExpiresAt: at('refresh_token_expires_at'),
    scope: text('scope'),
    password: text('password'),
    ...timestamps(),
  },
  (t) => [
    uniqueIndex('accounts_provider_account_key').on(t.providerId, t.accountId),
    index('accounts_user_id_idx').on(t.userId),
  ],
)

/** Short-lived proofs (verification, reset, OAuth state). Identifiers are hashed by the engine. */
export const verifications = pgTable(
  'verifications',
  {
    id: id('ver'),
    identifier: text('identifier').notNull(),
    value: text('value').notNull(),
    expiresAt: at('expires_at').notNull(),
    ...timestamps(),
  },
  (t) => [
    index('verifications_identifier_idx').on(t.identifier),
    index('verifications_expires_at_idx').on(t.expiresAt),
  ],
)

/** TOTP secrets and backup codes, encrypted by the engine. */
export const twoFactors = pgTable(
  'two_factors',
  {
    id: id('tot'),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    secret: text('secret').notNull(),
    backupCodes: text('backup_codes').notNull(),
    verified: boolean('verified').notNull().default(true),
    ...timestamps(),
  },
  (t) => [uniqueIndex('two_factors_user_id_key').on(t.userId)],
)

/** Device authorization grants (RFC 8628). */
export const deviceCodes = pgTable(
  'device_codes',
  {
    id: id('dvc'),
    deviceCode: text('device_code').notNull(),
    userCode: text('user_code').notNull(),
    userId: text('user_id').references(() => users.id, { onDelete: 'cascade' }),
    clientId: text('client_id'),
    scope: text('scope'),
    status: text('status').notNull().default('pending'),
    expiresAt: at('expires_at').notNull(),
    lastPolledAt: at('last_polled_at'),
    pollingInterval: count('polling_interval'),
    ...timestamps(),
  },
  (t) => [
    uniqueIndex('device_codes_device_code_key').on(t.deviceCode),
    uniqueIndex('device_codes_user_code_key').on(t.userCode),
  ],
)

/** Tokens of extension authors for CI (`dfp_…`): scoped, expiring, shown once, kept as a SHA-256. */
export const apiTokens = pgTable(
  'api_tokens',
  {
    id: id('tok'),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    name: text('name').notNull(),
    tokenHash: bytes('token_hash').notNull(),
    /** The last four characters, so that people can tell their tokens apart. */
    hint: text('hint').notNull(),
    scopes: text('scopes').array().notNull(),
    expiresAt: at('expires_at'),
    lastUsedAt: at('last_used_at'),
    revokedAt: at('revoked_at'),
    ...timestamps(),
  },
  (t) => [
    uniqueIndex('api_tokens_token_hash_key').on(t.tokenHash),
    index('api_tokens_user_id_idx').on(t.userId),
  ],
)
