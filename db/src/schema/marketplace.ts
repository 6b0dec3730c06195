import { sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  check,
  index,
  jsonb,
  pgEnum,
  pgTable,
  primaryKey,
  real,
  text,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core'
import { at, bytes, count, id, timestamps } from '../columns.ts'
import { users } from './identity.ts'

export const publisherStatus = pgEnum('publisher_status', ['active', 'removed'])

/** Publishers, also called namespaces: the part before the dot of `publisher.name`. A removed one keeps its name for good. */
export const publishers = pgTable(
  'publishers',
  {
    id: id('pub'),
    /** The id of editors' galleries. */
    uuid: uuid('uuid').notNull().defaultRandom(),
    /** As its owner spells it. */
    name: text('name').notNull(),
    /** Lower case: names that differ only in case are one name. */
    nameKey: text('name_key').notNull(),
    displayName: text('display_name').notNull(),
    description: text('description'),
    websiteUrl: text('website_url'),
    /** The domain its owner wants to prove, and what to write into its DNS. */
    domain: text('domain'),
    domainToken: text('domain_token'),
    domainVerifiedAt: at('domain_verified_at'),
    /** When the record in the DNS was last looked for, and since when it has not been there. */
    domainCheckedAt: at('domain_checked_at'),
    domainMissingSince: at('domain_missing_since'),
    status: publisherStatus('status').notNull().default('active'),
    removedAt: at('removed_at'),
    removedReason: text('removed_reason'),
    ...timestamps(),
  },
  (t) => [
    uniqueIndex('publishers_uuid_key').on(t.uuid),
    uniqueIndex('publishers_name_key').on(t.nameKey),
    // Names that differ only in hyphens are one name to people: looked up by whoever wants to take one.
    index('publishers_squashed_name_idx').on(sql`replace(${t.nameKey}, '-', '')`),
    // A domain speaks for one publisher.
    uniqueIndex('publishers_verified_domain_key').on(t.domain).where(sql`${t.domainVerifiedAt} is not null`),
    check('publishers_name_key_lower', sql`${t.nameKey} = lower(${t.name})`),
  ],
)

export const publisherRole = pgEnum('publisher_role', ['owner', 'member'])

/** Who may publish under a name. Owners also change prices, members and the publisher itself. */
export const publisherMembers = pgTable(
  'publisher_members',
  {
    publisherId: text('publisher_id')
      .notNull()
      .references(() => publishers.id, { onDelete: 'restrict' }),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'restrict' }),
    role: publisherRole('role').notNull(),
    /** The address that was typed to add them; null when it was done by the account's id. */
    invitedEmail: text('invited_email'),
    /** When they first did something here. Until then nothing about their account is shown, which may not even exist. */
    acceptedAt: at('accepted_at'),
    ...timestamps(),
  },
  (t) => [
    primaryKey({ columns: [t.publisherId, t.userId] }),
    index('publisher_members_user_id_idx').on(t.userId, t.publisherId),
  ],
)

/** `hidden`: known, but no version of it is to be found; `removed`: a tombstone that keeps the name. */
export const extensionStatus = pgEnum('extension_status', ['hidden', 'published', 'removed'])

/**
 * Extensions. What lists and search show of the newest version is copied here by the publishing transaction, and counters by the
 * roll-up jobs, so that no list aggregates rows.
 */
export const extensions = pgTable(
  'extensions',
  {
    id: id('ext'),
    /** The id of editors' galleries. */
    uuid: uuid('uuid').notNull().defaultRandom(),
    publisherId: text('publisher_id')
      .notNull()
      .references(() => publishers.id, { onDelete: 'restrict' }),
    /** As the manifest spells it. */
    name: text('name').notNull(),
    /** `publisher.name` in lower case: what everybody calls it. */
    identifier: text('identifier').notNull(),
    status: extensionStatus('status').notNull().default('hidden'),
    displayName: text('display_name').notNull(),
    /** What is left of both names once look-alikes are one letter: how a copy of a well-known name is found. */
    nameSkeleton: text('name_skeleton').notNull().default(''),
    displayNameSkeleton: text('display_name_skeleton').notNull().default(''),
    description: text('description').notNull().default(''),
    categories: text('categories').array().notNull().default(sql`'{}'::text[]`),
    tags: text('tags').array().notNull().default(sql`'{}'::text[]`),
    /** Newest version to be installed: the newest stable one, or the newest pre-release if there is no other. */
    latestVersion: text('latest_version'),
    latestVersionId: text('latest_version_id'),
    /** Every platform some published version is made for. */
    targetPlatforms: text('target_platforms').array().notNull().default(sql`'{}'::text[]`),
    /** Lowest editor version of `engines.vscode` that the newest version runs on, as a sortable number (major·10^12 + minor·10^6 + patch). */
    engineFloor: bigint('engine_floor', { mode: 'number' }).notNull().default(0),
    license: text('license'),
    repositoryUrl: text('repository_url'),
    homepageUrl: text('homepage_url'),
    bugsUrl: text('bugs_url'),
    hasIcon: boolean('has_icon').notNull().default(false),
    preview: boolean('preview').notNull().default(false),
    /** Deprecated extensions stay installable; the message says what to use instead. */
    deprecatedAt: at('deprecated_at'),
    deprecationMessage: text('deprecation_message'),
    /** `publisher.name` of what to use instead. */
    replacedBy: text('replaced_by'),
    /** Taken down by a moderator, which can be appealed and undone; null when its author removed it. */
    takenDownAt: at('taken_down_at'),
    /** Taken down as harmful: editors remove it (the control file). */
    maliciousAt: at('malicious_at'),
    removedAt: at('removed_at'),
    removedReason: text('removed_reason'),
    featuredAt: at('featured_at'),
    /** Whether a price is set; what it is stands in `extension_prices`. */
    paid: boolean('paid').notNull().default(false),

    installs: bigint('installs', { mode: 'number' }).notNull().default(0),
    downloads: bigint('downloads', { mode: 'number' }).notNull().default(0),
    ratingCount: count('rating_count').notNull().default(0),
    ratingSum: bigint('rating_sum', { mode: 'number' }).notNull().default(0),
    /** Installs of the last 7 days against the 28 before. */
    trending: real('trending').notNull().default(0),
    /** First published. */
    publishedAt: at('published_at'),
    /** Last version published. */
    releasedAt: at('released_at'),
    ...timestamps(),
  },
  (t) => [
    uniqueIndex('extensions_uuid_key').on(t.uuid),
    uniqueIndex('extensions_identifier_key').on(t.identifier),
    index('extensions_publisher_id_idx').on(t.publisherId),
    // By its name alone, in any case: Open VSX clients may ask so.
    index('extensions_name_idx').on(sql`lower(${t.name})`),
    // What the control file lists.
    index('extensions_malicious_idx').on(t.identifier).where(sql`${t.maliciousAt} is not null`),
    index('extensions_taken_down_idx').on(t.takenDownAt).where(sql`${t.takenDownAt} is not null`),
    index('extensions_deprecated_idx').on(t.identifier).where(sql`${t.deprecatedAt} is not null`),
    // Only those that are worth imitating: small at any size of the catalog.
    index('extensions_popular_names_idx')
      .using('gin', t.nameSkeleton.op('gin_trgm_ops'))
      .where(sql`${t.status} = 'published' and ${t.installs} >= 1000`),
    index('extensions_popular_display_names_idx')
      .using('gin', t.displayNameSkeleton.op('gin_trgm_ops'))
      .where(sql`${t.status} = 'published' and ${t.installs} >= 1000`),
    check('extensions_identifier_lower', sql`${t.identifier} = lower(${t.identifier})`),
    check('extensions_counts_not_negative', sql`${t.installs} >= 0 and ${t.downloads} >= 0`),
    check(
      'extensions_ratings_add_up',
      sql`${t.ratingCount} >= 0 and ${t.ratingSum} between ${t.ratingCount} and 5 * ${t.ratingCount}`,
    ),
  ],
)

/** `yanked`: hidden from search and lists, still installed by whoever asks for exactly it; `removed`: a tombstone. */
export const versionStatus = pgEnum('version_status', ['published', 'yanked', 'removed'])

/** One package: a version for one target platform. Rows are per package, never per file in the archive. */
export const extensionVersions = pgTable(
  'extension_versions',
  {
    id: id('exv'),
    extensionId: text('extension_id')
      .notNull()
      .references(() => extensions.id, { onDelete: 'restrict' }),
    version: text('version').notNull(),
    /** The version spelled so that bytes order as semver does; newest first is `desc`. */
    versionOrder: text('version_order').notNull(),
    targetPlatform: text('target_platform').notNull().default('universal'),
    preRelease: boolean('pre_release').notNull().default(false),
    status: versionStatus('status').notNull().default('published'),
    statusReason: text('status_reason'),
    statusChangedAt: at('status_changed_at'),
    sha256: bytes('sha256').notNull(),
    sizeBytes: bigint('size_bytes', { mode: 'number' }).notNull(),
    /** Ed25519 over the bytes of the package; `signatureKid` names the public key. */
    signature: bytes('signature').notNull(),
    signatureKid: text('signature_kid').notNull(),
    /** `package.json` of the extension, as published. */
    manifest: jsonb('manifest').$type<Record<string, unknown>>().notNull(),
    /** `engines.vscode` as written. */
    engine: text('engine').notNull(),
    dependencies: text('dependencies').array().notNull().default(sql`'{}'::text[]`),
    packMembers: text('pack_members').array().notNull().default(sql`'{}'::text[]`),
    localizedLanguages: text('localized_languages').array().notNull().default(sql`'{}'::text[]`),
    executesCode: boolean('executes_code').notNull(),
    /** Entries of the package that are programs of the machine (libraries, executables): what an update adds is told. */
    nativeBinaries: text('native_binaries').array().notNull().default(sql`'{}'::text[]`),
    /** What lists show of the extension while this version is its newest. */
    listing: jsonb('listing').$type<VersionListing>(),
    /** Where its files lie: `extensions/<extension id>/<version>/<platform>/<submission>`. */
    storagePrefix: text('storage_prefix').notNull(),
    /** Which files lie there beside `package.vsix`, by asset. */
    assets: jsonb('assets').$type<ExtensionAssets>().notNull(),
    submissionId: text('submission_id').notNull(),
    publishedBy: text('published_by')
      .notNull()
      .references(() => users.id, { onDelete: 'restrict' }),
    publishedAt: at('published_at').notNull(),
    /** When the files of a removed version were deleted; the row stays, so that the version is not given again. */
    filesDeletedAt: at('files_deleted_at'),
  },
  (t) => [
    uniqueIndex('extension_versions_identity_key').on(t.extensionId, t.version, t.targetPlatform),
    index('extension_versions_newest_idx').on(t.extensionId, t.versionOrder.desc(), t.targetPlatform),
    uniqueIndex('extension_versions_submission_id_key').on(t.submissionId),
    index('extension_versions_published_by_idx').on(t.publishedBy),
    // Whose files are still to be deleted.
    index('extension_versions_removed_files_idx')
      .on(t.statusChangedAt)
      .where(sql`${t.status} = 'removed' and ${t.filesDeletedAt} is null`),
    check('extension_versions_sha256_size', sql`octet_length(${t.sha256}) = 32`),
    check('extension_versions_signature_size', sql`octet_length(${t.signature}) = 64`),
  ],
)

/** What a version says of its extension; the newest one's is copied to the extension. */
export interface VersionListing {
  displayName: string
  description: string
  categories: string[]
  tags: string[]
  engineFloor: number
  preview: boolean
  license?: string
  repositoryUrl?: string
  homepageUrl?: string
  bugsUrl?: string
}

/** File names below a package's storage prefix. `package.vsix` is always there. */
export interface ExtensionAssets {
  manifest: string
  vsixManifest: string
  sbom: string
  signature: string
  readme?: string
  changelog?: string
  license?: string
  icon?: string
}

/** What happened to publishers and extensions: who, what, why, before, after. Append-only (a trigger refuses changes). */
export const extensionEvents = pgTable(
  'extension_events',
  {
    id: id('exe'),
    publisherId: text('publisher_id')
      .notNull()
      .references(() => publishers.id, { onDelete: 'restrict' }),
    extensionId: text('extension_id').references(() => extensions.id, { onDelete: 'restrict' }),
    type: text('type').notNull(),
    actor: text('actor').notNull(),
    reason: text('reason'),
    cause: text('cause'),
    before: jsonb('before').$type<Record<string, unknown>>(),
    after: jsonb('after').$type<Record<string, unknown>>(),
    at: at('at').notNull(),
  },
  (t) => [
    index('extension_events_extension_id_idx').on(t.extensionId, t.id),
    index('extension_events_publisher_id_idx').on(t.publisherId, t.id),
  ],
)
