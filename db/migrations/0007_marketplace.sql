CREATE TYPE "public"."extension_status" AS ENUM('hidden', 'published', 'removed');--> statement-breakpoint
CREATE TYPE "public"."publisher_role" AS ENUM('owner', 'member');--> statement-breakpoint
CREATE TYPE "public"."publisher_status" AS ENUM('active', 'removed');--> statement-breakpoint
CREATE TYPE "public"."version_status" AS ENUM('published', 'yanked', 'removed');--> statement-breakpoint
CREATE TYPE "public"."movement_status" AS ENUM('requested', 'sent', 'refused');--> statement-breakpoint
CREATE TYPE "public"."sale_entry_kind" AS ENUM('sale', 'refund', 'refund_failed', 'dispute_lost', 'dispute_returned', 'transfer', 'transfer_reversed');--> statement-breakpoint
CREATE TYPE "public"."usage_kind" AS ENUM('download', 'install', 'update', 'uninstall');--> statement-breakpoint
CREATE TYPE "public"."appeal_status" AS ENUM('open', 'granted', 'declined');--> statement-breakpoint
CREATE TYPE "public"."report_status" AS ENUM('open', 'upheld', 'dismissed');--> statement-breakpoint
CREATE TYPE "public"."submission_status" AS ENUM('received', 'scanning', 'scan_failed', 'needs_review', 'approved', 'rejected', 'published');--> statement-breakpoint
CREATE TABLE "extension_listings" (
	"extension_id" text PRIMARY KEY NOT NULL,
	"revision" integer DEFAULT 1 NOT NULL,
	"latest" text NOT NULL,
	"page" text,
	"rendered_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "extension_events" (
	"id" text PRIMARY KEY NOT NULL,
	"publisher_id" text NOT NULL,
	"extension_id" text,
	"type" text NOT NULL,
	"actor" text NOT NULL,
	"reason" text,
	"cause" text,
	"before" jsonb,
	"after" jsonb,
	"at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "extension_versions" (
	"id" text PRIMARY KEY NOT NULL,
	"extension_id" text NOT NULL,
	"version" text NOT NULL,
	"version_order" text NOT NULL,
	"target_platform" text DEFAULT 'universal' NOT NULL,
	"pre_release" boolean DEFAULT false NOT NULL,
	"status" "version_status" DEFAULT 'published' NOT NULL,
	"status_reason" text,
	"status_changed_at" timestamp (3) with time zone,
	"sha256" "bytea" NOT NULL,
	"size_bytes" bigint NOT NULL,
	"signature" "bytea" NOT NULL,
	"signature_kid" text NOT NULL,
	"manifest" jsonb NOT NULL,
	"engine" text NOT NULL,
	"dependencies" text[] DEFAULT '{}'::text[] NOT NULL,
	"pack_members" text[] DEFAULT '{}'::text[] NOT NULL,
	"localized_languages" text[] DEFAULT '{}'::text[] NOT NULL,
	"executes_code" boolean NOT NULL,
	"native_binaries" text[] DEFAULT '{}'::text[] NOT NULL,
	"listing" jsonb,
	"storage_prefix" text NOT NULL,
	"assets" jsonb NOT NULL,
	"submission_id" text NOT NULL,
	"published_by" text NOT NULL,
	"published_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "extension_versions_sha256_size" CHECK (octet_length("extension_versions"."sha256") = 32),
	CONSTRAINT "extension_versions_signature_size" CHECK (octet_length("extension_versions"."signature") = 64)
);
--> statement-breakpoint
CREATE TABLE "extensions" (
	"id" text PRIMARY KEY NOT NULL,
	"uuid" uuid DEFAULT gen_random_uuid() NOT NULL,
	"publisher_id" text NOT NULL,
	"name" text NOT NULL,
	"identifier" text NOT NULL,
	"status" "extension_status" DEFAULT 'hidden' NOT NULL,
	"display_name" text NOT NULL,
	"name_skeleton" text DEFAULT '' NOT NULL,
	"display_name_skeleton" text DEFAULT '' NOT NULL,
	"description" text DEFAULT '' NOT NULL,
	"categories" text[] DEFAULT '{}'::text[] NOT NULL,
	"tags" text[] DEFAULT '{}'::text[] NOT NULL,
	"latest_version" text,
	"latest_version_id" text,
	"target_platforms" text[] DEFAULT '{}'::text[] NOT NULL,
	"engine_floor" bigint DEFAULT 0 NOT NULL,
	"license" text,
	"repository_url" text,
	"homepage_url" text,
	"bugs_url" text,
	"has_icon" boolean DEFAULT false NOT NULL,
	"preview" boolean DEFAULT false NOT NULL,
	"deprecated_at" timestamp (3) with time zone,
	"deprecation_message" text,
	"replaced_by" text,
	"taken_down_at" timestamp (3) with time zone,
	"malicious_at" timestamp (3) with time zone,
	"removed_at" timestamp (3) with time zone,
	"removed_reason" text,
	"featured_at" timestamp (3) with time zone,
	"paid" boolean DEFAULT false NOT NULL,
	"installs" bigint DEFAULT 0 NOT NULL,
	"downloads" bigint DEFAULT 0 NOT NULL,
	"rating_count" integer DEFAULT 0 NOT NULL,
	"rating_sum" bigint DEFAULT 0 NOT NULL,
	"trending" real DEFAULT 0 NOT NULL,
	"published_at" timestamp (3) with time zone,
	"released_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "extensions_identifier_lower" CHECK ("extensions"."identifier" = lower("extensions"."identifier")),
	CONSTRAINT "extensions_counts_not_negative" CHECK ("extensions"."installs" >= 0 and "extensions"."downloads" >= 0),
	CONSTRAINT "extensions_ratings_add_up" CHECK ("extensions"."rating_count" >= 0 and "extensions"."rating_sum" between "extensions"."rating_count" and 5 * "extensions"."rating_count")
);
--> statement-breakpoint
CREATE TABLE "publisher_members" (
	"publisher_id" text NOT NULL,
	"user_id" text NOT NULL,
	"role" "publisher_role" NOT NULL,
	"invited_email" text,
	"accepted_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "publisher_members_publisher_id_user_id_pk" PRIMARY KEY("publisher_id","user_id")
);
--> statement-breakpoint
CREATE TABLE "publishers" (
	"id" text PRIMARY KEY NOT NULL,
	"uuid" uuid DEFAULT gen_random_uuid() NOT NULL,
	"name" text NOT NULL,
	"name_key" text NOT NULL,
	"display_name" text NOT NULL,
	"description" text,
	"website_url" text,
	"domain" text,
	"domain_token" text,
	"domain_verified_at" timestamp (3) with time zone,
	"domain_checked_at" timestamp (3) with time zone,
	"domain_missing_since" timestamp (3) with time zone,
	"status" "publisher_status" DEFAULT 'active' NOT NULL,
	"removed_at" timestamp (3) with time zone,
	"removed_reason" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "publishers_name_key_lower" CHECK ("publishers"."name_key" = lower("publishers"."name"))
);
--> statement-breakpoint
CREATE TABLE "ratings" (
	"id" text PRIMARY KEY NOT NULL,
	"extension_id" text NOT NULL,
	"user_id" text NOT NULL,
	"stars" integer NOT NULL,
	"version" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "ratings_stars_range" CHECK ("ratings"."stars" between 1 and 5)
);
--> statement-breakpoint
CREATE TABLE "review_flags" (
	"review_id" text NOT NULL,
	"user_id" text NOT NULL,
	"reason" text NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "review_flags_review_id_user_id_pk" PRIMARY KEY("review_id","user_id")
);
--> statement-breakpoint
CREATE TABLE "reviews" (
	"id" text PRIMARY KEY NOT NULL,
	"rating_id" text NOT NULL,
	"extension_id" text NOT NULL,
	"stars" integer NOT NULL,
	"title" text NOT NULL,
	"body" text NOT NULL,
	"verified" text,
	"reply" text,
	"replied_by" text,
	"replied_at" timestamp (3) with time zone,
	"flags" integer DEFAULT 0 NOT NULL,
	"hidden" boolean DEFAULT false NOT NULL,
	"hidden_reason" text,
	"hidden_by" text,
	"hidden_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "extension_prices" (
	"id" text PRIMARY KEY NOT NULL,
	"extension_id" text NOT NULL,
	"amount_minor" bigint NOT NULL,
	"currency" text NOT NULL,
	"set_by" text NOT NULL,
	"stripe_price_id" text,
	"ended_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "extension_prices_amount_positive" CHECK ("extension_prices"."amount_minor" > 0),
	CONSTRAINT "extension_prices_currency_iso" CHECK ("extension_prices"."currency" ~ '^[a-z]{3}$')
);
--> statement-breakpoint
CREATE TABLE "extension_sales" (
	"id" text PRIMARY KEY NOT NULL,
	"payment_id" text NOT NULL,
	"publisher_id" text NOT NULL,
	"extension_id" text NOT NULL,
	"currency" text NOT NULL,
	"amount_minor" bigint NOT NULL,
	"tax_minor" bigint NOT NULL,
	"fee_bps" integer NOT NULL,
	"share_minor" bigint NOT NULL,
	"transferred_minor" bigint DEFAULT 0 NOT NULL,
	"held" boolean DEFAULT false NOT NULL,
	"reversal_refused_at" timestamp (3) with time zone,
	"sold_at" timestamp (3) with time zone NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "extension_sales_amounts" CHECK ("extension_sales"."tax_minor" >= 0 and "extension_sales"."amount_minor" > "extension_sales"."tax_minor"),
	CONSTRAINT "extension_sales_share" CHECK ("extension_sales"."share_minor" between 0 and "extension_sales"."amount_minor" - "extension_sales"."tax_minor"),
	CONSTRAINT "extension_sales_transferred" CHECK ("extension_sales"."transferred_minor" >= 0),
	CONSTRAINT "extension_sales_fee" CHECK ("extension_sales"."fee_bps" between 0 and 10000),
	CONSTRAINT "extension_sales_currency_iso" CHECK ("extension_sales"."currency" ~ '^[a-z]{3}$')
);
--> statement-breakpoint
CREATE TABLE "payout_accounts" (
	"id" text PRIMARY KEY NOT NULL,
	"publisher_id" text NOT NULL,
	"created_by" text NOT NULL,
	"country" text,
	"stripe_idempotency_key" text NOT NULL,
	"stripe_account_id" text,
	"details_submitted" boolean DEFAULT false NOT NULL,
	"transfers_enabled" boolean DEFAULT false NOT NULL,
	"payouts_enabled" boolean DEFAULT false NOT NULL,
	"requirements_due" text[] DEFAULT '{}'::text[] NOT NULL,
	"disabled_reason" text,
	"closed_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sale_entries" (
	"id" text PRIMARY KEY NOT NULL,
	"sale_id" text NOT NULL,
	"publisher_id" text NOT NULL,
	"kind" "sale_entry_kind" NOT NULL,
	"gross_minor" bigint NOT NULL,
	"tax_minor" bigint NOT NULL,
	"fee_minor" bigint NOT NULL,
	"share_minor" bigint NOT NULL,
	"transferred_minor" bigint DEFAULT 0 NOT NULL,
	"currency" text NOT NULL,
	"cause" text NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "sale_entries_add_up" CHECK ("sale_entries"."gross_minor" = "sale_entries"."tax_minor" + "sale_entries"."fee_minor" + "sale_entries"."share_minor")
);
--> statement-breakpoint
CREATE TABLE "share_reversals" (
	"id" text PRIMARY KEY NOT NULL,
	"transfer_id" text NOT NULL,
	"sale_id" text NOT NULL,
	"amount_minor" bigint NOT NULL,
	"status" "movement_status" NOT NULL,
	"stripe_idempotency_key" text NOT NULL,
	"stripe_reversal_id" text,
	"failure_reason" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "share_reversals_amount_positive" CHECK ("share_reversals"."amount_minor" > 0)
);
--> statement-breakpoint
CREATE TABLE "share_transfers" (
	"id" text PRIMARY KEY NOT NULL,
	"sale_id" text NOT NULL,
	"payout_account_id" text NOT NULL,
	"amount_minor" bigint NOT NULL,
	"reversed_minor" bigint DEFAULT 0 NOT NULL,
	"currency" text NOT NULL,
	"status" "movement_status" NOT NULL,
	"source_charge_id" text,
	"stripe_idempotency_key" text NOT NULL,
	"stripe_transfer_id" text,
	"failure_reason" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "share_transfers_amount_positive" CHECK ("share_transfers"."amount_minor" > 0),
	CONSTRAINT "share_transfers_reversed" CHECK ("share_transfers"."reversed_minor" between 0 and "share_transfers"."amount_minor")
);
--> statement-breakpoint
CREATE TABLE "catalog_changes" (
	"xid" "xid8" PRIMARY KEY DEFAULT pg_current_xact_id() NOT NULL,
	"at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "extension_search" (
	"no" bigint PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY (sequence name "extension_search_no_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"extension_id" text NOT NULL,
	"identifier" text NOT NULL,
	"tier" smallint DEFAULT 0 NOT NULL,
	"prior" real NOT NULL,
	"installs" bigint NOT NULL,
	"rating" real NOT NULL,
	"trending" real NOT NULL,
	"released_at" timestamp (3) with time zone NOT NULL,
	"published_at" timestamp (3) with time zone NOT NULL,
	"engine_floor" bigint NOT NULL,
	"title_key" text NOT NULL,
	"title_squash" text NOT NULL,
	"name_squash" text NOT NULL,
	"publisher_key" text NOT NULL,
	"title_words" smallint NOT NULL,
	"document" "tsvector" NOT NULL
);
--> statement-breakpoint
CREATE TABLE "search_tiers" (
	"tier" smallint PRIMARY KEY NOT NULL,
	"floor" real NOT NULL
);
--> statement-breakpoint
CREATE TABLE "search_words" (
	"word" text PRIMARY KEY NOT NULL,
	"documents" integer DEFAULT 1 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "extension_clients" (
	"extension_id" text NOT NULL,
	"client" "bytea" NOT NULL,
	"version" text,
	"first_at" timestamp (3) with time zone NOT NULL,
	"last_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "extension_clients_extension_id_client_pk" PRIMARY KEY("extension_id","client")
);
--> statement-breakpoint
CREATE TABLE "extension_daily" (
	"extension_id" text NOT NULL,
	"day" date NOT NULL,
	"version" text NOT NULL,
	"target_platform" text NOT NULL,
	"downloads" integer DEFAULT 0 NOT NULL,
	"installs" integer DEFAULT 0 NOT NULL,
	"updates" integer DEFAULT 0 NOT NULL,
	"uninstalls" integer DEFAULT 0 NOT NULL,
	"unique_installs" integer DEFAULT 0 NOT NULL,
	CONSTRAINT "extension_daily_extension_id_day_version_target_platform_pk" PRIMARY KEY("extension_id","day","version","target_platform")
);
--> statement-breakpoint
CREATE TABLE "extension_related" (
	"extension_id" text NOT NULL,
	"related_id" text NOT NULL,
	"position" integer NOT NULL,
	"score" real NOT NULL,
	CONSTRAINT "extension_related_extension_id_related_id_pk" PRIMARY KEY("extension_id","related_id")
);
--> statement-breakpoint
CREATE TABLE "extension_users" (
	"extension_id" text NOT NULL,
	"user_id" text NOT NULL,
	"first_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "extension_users_extension_id_user_id_pk" PRIMARY KEY("extension_id","user_id")
);
--> statement-breakpoint
CREATE TABLE "usage_events" (
	"sequence" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "usage_events_sequence_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"extension_id" text NOT NULL,
	"version" text NOT NULL,
	"target_platform" text NOT NULL,
	"kind" "usage_kind" NOT NULL,
	"client" "bytea" NOT NULL,
	"network" "bytea" NOT NULL,
	"at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "usage_seen" (
	"day" date NOT NULL,
	"extension_id" text NOT NULL,
	"version" text NOT NULL,
	"kind" "usage_kind" NOT NULL,
	"client" "bytea" NOT NULL,
	"network" "bytea" NOT NULL,
	CONSTRAINT "usage_seen_day_extension_id_version_kind_client_pk" PRIMARY KEY("day","extension_id","version","kind","client")
);
--> statement-breakpoint
CREATE TABLE "abuse_reports" (
	"id" text PRIMARY KEY NOT NULL,
	"extension_id" text NOT NULL,
	"user_id" text NOT NULL,
	"category" text NOT NULL,
	"text" text NOT NULL,
	"status" "report_status" DEFAULT 'open' NOT NULL,
	"answer" text,
	"decided_by" text,
	"decided_at" timestamp (3) with time zone,
	"ticket_id" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "appeals" (
	"id" text PRIMARY KEY NOT NULL,
	"submission_id" text,
	"extension_id" text,
	"user_id" text NOT NULL,
	"text" text NOT NULL,
	"status" "appeal_status" DEFAULT 'open' NOT NULL,
	"answer" text,
	"decided_by" text,
	"decided_at" timestamp (3) with time zone,
	"ticket_id" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "appeals_one_subject" CHECK (("appeals"."submission_id" is null) <> ("appeals"."extension_id" is null))
);
--> statement-breakpoint
CREATE TABLE "submission_events" (
	"sequence" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "submission_events_sequence_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"submission_id" text NOT NULL,
	"status" "submission_status" NOT NULL,
	"actor" text NOT NULL,
	"reason" text,
	"at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "submissions" (
	"id" text PRIMARY KEY NOT NULL,
	"publisher_id" text NOT NULL,
	"extension_id" text,
	"user_id" text NOT NULL,
	"token_id" text,
	"identifier" text NOT NULL,
	"version" text NOT NULL,
	"target_platform" text NOT NULL,
	"pre_release" boolean NOT NULL,
	"sha256" "bytea" NOT NULL,
	"size_bytes" bigint NOT NULL,
	"storage_key" text NOT NULL,
	"publish_prefix" text,
	"manifest" jsonb NOT NULL,
	"status" "submission_status" DEFAULT 'received' NOT NULL,
	"reason" text,
	"findings" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"difference" jsonb,
	"idempotency_key" text,
	"attempts" integer DEFAULT 0 NOT NULL,
	"claimed_at" timestamp (3) with time zone,
	"scanned_at" timestamp (3) with time zone,
	"decided_by" text,
	"decided_at" timestamp (3) with time zone,
	"published_version_id" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "submissions_sha256_size" CHECK (octet_length("submissions"."sha256") = 32)
);
--> statement-breakpoint
ALTER TABLE "checkouts" DROP CONSTRAINT "checkouts_item_by_kind";--> statement-breakpoint
ALTER TABLE "license_revocations" ADD COLUMN "entitlement" text;--> statement-breakpoint
ALTER TABLE "checkouts" ADD COLUMN "extension_price_id" text;--> statement-breakpoint
ALTER TABLE "extension_listings" ADD CONSTRAINT "extension_listings_extension_id_extensions_id_fk" FOREIGN KEY ("extension_id") REFERENCES "public"."extensions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "extension_events" ADD CONSTRAINT "extension_events_publisher_id_publishers_id_fk" FOREIGN KEY ("publisher_id") REFERENCES "public"."publishers"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "extension_events" ADD CONSTRAINT "extension_events_extension_id_extensions_id_fk" FOREIGN KEY ("extension_id") REFERENCES "public"."extensions"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "extension_versions" ADD CONSTRAINT "extension_versions_extension_id_extensions_id_fk" FOREIGN KEY ("extension_id") REFERENCES "public"."extensions"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "extension_versions" ADD CONSTRAINT "extension_versions_published_by_users_id_fk" FOREIGN KEY ("published_by") REFERENCES "public"."users"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "extensions" ADD CONSTRAINT "extensions_publisher_id_publishers_id_fk" FOREIGN KEY ("publisher_id") REFERENCES "public"."publishers"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "publisher_members" ADD CONSTRAINT "publisher_members_publisher_id_publishers_id_fk" FOREIGN KEY ("publisher_id") REFERENCES "public"."publishers"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "publisher_members" ADD CONSTRAINT "publisher_members_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "ratings" ADD CONSTRAINT "ratings_extension_id_extensions_id_fk" FOREIGN KEY ("extension_id") REFERENCES "public"."extensions"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "ratings" ADD CONSTRAINT "ratings_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "review_flags" ADD CONSTRAINT "review_flags_review_id_reviews_id_fk" FOREIGN KEY ("review_id") REFERENCES "public"."reviews"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "review_flags" ADD CONSTRAINT "review_flags_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "reviews" ADD CONSTRAINT "reviews_rating_id_ratings_id_fk" FOREIGN KEY ("rating_id") REFERENCES "public"."ratings"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "reviews" ADD CONSTRAINT "reviews_extension_id_extensions_id_fk" FOREIGN KEY ("extension_id") REFERENCES "public"."extensions"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "reviews" ADD CONSTRAINT "reviews_replied_by_users_id_fk" FOREIGN KEY ("replied_by") REFERENCES "public"."users"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "reviews" ADD CONSTRAINT "reviews_hidden_by_users_id_fk" FOREIGN KEY ("hidden_by") REFERENCES "public"."users"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "extension_prices" ADD CONSTRAINT "extension_prices_extension_id_extensions_id_fk" FOREIGN KEY ("extension_id") REFERENCES "public"."extensions"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "extension_sales" ADD CONSTRAINT "extension_sales_payment_id_payments_id_fk" FOREIGN KEY ("payment_id") REFERENCES "public"."payments"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "extension_sales" ADD CONSTRAINT "extension_sales_publisher_id_publishers_id_fk" FOREIGN KEY ("publisher_id") REFERENCES "public"."publishers"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "extension_sales" ADD CONSTRAINT "extension_sales_extension_id_extensions_id_fk" FOREIGN KEY ("extension_id") REFERENCES "public"."extensions"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "payout_accounts" ADD CONSTRAINT "payout_accounts_publisher_id_publishers_id_fk" FOREIGN KEY ("publisher_id") REFERENCES "public"."publishers"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sale_entries" ADD CONSTRAINT "sale_entries_sale_id_extension_sales_id_fk" FOREIGN KEY ("sale_id") REFERENCES "public"."extension_sales"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sale_entries" ADD CONSTRAINT "sale_entries_publisher_id_publishers_id_fk" FOREIGN KEY ("publisher_id") REFERENCES "public"."publishers"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "share_reversals" ADD CONSTRAINT "share_reversals_transfer_id_share_transfers_id_fk" FOREIGN KEY ("transfer_id") REFERENCES "public"."share_transfers"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "share_reversals" ADD CONSTRAINT "share_reversals_sale_id_extension_sales_id_fk" FOREIGN KEY ("sale_id") REFERENCES "public"."extension_sales"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "share_transfers" ADD CONSTRAINT "share_transfers_sale_id_extension_sales_id_fk" FOREIGN KEY ("sale_id") REFERENCES "public"."extension_sales"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "share_transfers" ADD CONSTRAINT "share_transfers_payout_account_id_payout_accounts_id_fk" FOREIGN KEY ("payout_account_id") REFERENCES "public"."payout_accounts"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "extension_search" ADD CONSTRAINT "extension_search_extension_id_extensions_id_fk" FOREIGN KEY ("extension_id") REFERENCES "public"."extensions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "extension_clients" ADD CONSTRAINT "extension_clients_extension_id_extensions_id_fk" FOREIGN KEY ("extension_id") REFERENCES "public"."extensions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "extension_daily" ADD CONSTRAINT "extension_daily_extension_id_extensions_id_fk" FOREIGN KEY ("extension_id") REFERENCES "public"."extensions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "extension_related" ADD CONSTRAINT "extension_related_extension_id_extensions_id_fk" FOREIGN KEY ("extension_id") REFERENCES "public"."extensions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "extension_related" ADD CONSTRAINT "extension_related_related_id_extensions_id_fk" FOREIGN KEY ("related_id") REFERENCES "public"."extensions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "extension_users" ADD CONSTRAINT "extension_users_extension_id_extensions_id_fk" FOREIGN KEY ("extension_id") REFERENCES "public"."extensions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "extension_users" ADD CONSTRAINT "extension_users_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "abuse_reports" ADD CONSTRAINT "abuse_reports_extension_id_extensions_id_fk" FOREIGN KEY ("extension_id") REFERENCES "public"."extensions"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "abuse_reports" ADD CONSTRAINT "abuse_reports_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "abuse_reports" ADD CONSTRAINT "abuse_reports_decided_by_users_id_fk" FOREIGN KEY ("decided_by") REFERENCES "public"."users"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "appeals" ADD CONSTRAINT "appeals_submission_id_submissions_id_fk" FOREIGN KEY ("submission_id") REFERENCES "public"."submissions"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "appeals" ADD CONSTRAINT "appeals_extension_id_extensions_id_fk" FOREIGN KEY ("extension_id") REFERENCES "public"."extensions"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "appeals" ADD CONSTRAINT "appeals_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "appeals" ADD CONSTRAINT "appeals_decided_by_users_id_fk" FOREIGN KEY ("decided_by") REFERENCES "public"."users"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "submission_events" ADD CONSTRAINT "submission_events_submission_id_submissions_id_fk" FOREIGN KEY ("submission_id") REFERENCES "public"."submissions"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "submissions" ADD CONSTRAINT "submissions_publisher_id_publishers_id_fk" FOREIGN KEY ("publisher_id") REFERENCES "public"."publishers"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "submissions" ADD CONSTRAINT "submissions_extension_id_extensions_id_fk" FOREIGN KEY ("extension_id") REFERENCES "public"."extensions"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "submissions" ADD CONSTRAINT "submissions_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "submissions" ADD CONSTRAINT "submissions_decided_by_users_id_fk" FOREIGN KEY ("decided_by") REFERENCES "public"."users"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "submissions" ADD CONSTRAINT "submissions_published_version_id_extension_versions_id_fk" FOREIGN KEY ("published_version_id") REFERENCES "public"."extension_versions"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "extension_events_extension_id_idx" ON "extension_events" USING btree ("extension_id","id");--> statement-breakpoint
CREATE INDEX "extension_events_publisher_id_idx" ON "extension_events" USING btree ("publisher_id","id");--> statement-breakpoint
CREATE UNIQUE INDEX "extension_versions_identity_key" ON "extension_versions" USING btree ("extension_id","version","target_platform");--> statement-breakpoint
CREATE INDEX "extension_versions_newest_idx" ON "extension_versions" USING btree ("extension_id","version_order" DESC NULLS LAST,"target_platform");--> statement-breakpoint
CREATE UNIQUE INDEX "extension_versions_submission_id_key" ON "extension_versions" USING btree ("submission_id");--> statement-breakpoint
CREATE INDEX "extension_versions_published_by_idx" ON "extension_versions" USING btree ("published_by");--> statement-breakpoint
CREATE UNIQUE INDEX "extensions_uuid_key" ON "extensions" USING btree ("uuid");--> statement-breakpoint
CREATE UNIQUE INDEX "extensions_identifier_key" ON "extensions" USING btree ("identifier");--> statement-breakpoint
CREATE INDEX "extensions_publisher_id_idx" ON "extensions" USING btree ("publisher_id");--> statement-breakpoint
CREATE INDEX "extensions_malicious_idx" ON "extensions" USING btree ("identifier") WHERE "extensions"."malicious_at" is not null;--> statement-breakpoint
CREATE INDEX "extensions_deprecated_idx" ON "extensions" USING btree ("identifier") WHERE "extensions"."deprecated_at" is not null;--> statement-breakpoint
CREATE INDEX "extensions_popular_names_idx" ON "extensions" USING gin ("name_skeleton" gin_trgm_ops) WHERE "extensions"."status" = 'published' and "extensions"."installs" >= 1000;--> statement-breakpoint
CREATE INDEX "extensions_popular_display_names_idx" ON "extensions" USING gin ("display_name_skeleton" gin_trgm_ops) WHERE "extensions"."status" = 'published' and "extensions"."installs" >= 1000;--> statement-breakpoint
CREATE INDEX "publisher_members_user_id_idx" ON "publisher_members" USING btree ("user_id","publisher_id");--> statement-breakpoint
CREATE UNIQUE INDEX "publishers_uuid_key" ON "publishers" USING btree ("uuid");--> statement-breakpoint
CREATE UNIQUE INDEX "publishers_name_key" ON "publishers" USING btree ("name_key");--> statement-breakpoint
CREATE INDEX "publishers_squashed_name_idx" ON "publishers" USING btree (replace("name_key", '-', ''));--> statement-breakpoint
CREATE UNIQUE INDEX "publishers_verified_domain_key" ON "publishers" USING btree ("domain") WHERE "publishers"."domain_verified_at" is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "ratings_extension_user_key" ON "ratings" USING btree ("extension_id","user_id");--> statement-breakpoint
CREATE INDEX "ratings_user_id_idx" ON "ratings" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "review_flags_user_id_idx" ON "review_flags" USING btree ("user_id");--> statement-breakpoint
CREATE UNIQUE INDEX "reviews_rating_id_key" ON "reviews" USING btree ("rating_id");--> statement-breakpoint
CREATE INDEX "reviews_extension_id_idx" ON "reviews" USING btree ("extension_id","id") WHERE not "reviews"."hidden";--> statement-breakpoint
CREATE INDEX "reviews_extension_stars_idx" ON "reviews" USING btree ("extension_id","stars","id") WHERE not "reviews"."hidden";--> statement-breakpoint
CREATE INDEX "reviews_extension_fewest_idx" ON "reviews" USING btree ("extension_id",(5 - "stars"),"id") WHERE not "reviews"."hidden";--> statement-breakpoint
CREATE INDEX "reviews_flagged_idx" ON "reviews" USING btree ("flags","id") WHERE "reviews"."flags" > 0 and not "reviews"."hidden";--> statement-breakpoint
CREATE UNIQUE INDEX "extension_prices_current_key" ON "extension_prices" USING btree ("extension_id") WHERE "extension_prices"."ended_at" is null;--> statement-breakpoint
CREATE INDEX "extension_prices_extension_id_idx" ON "extension_prices" USING btree ("extension_id","id");--> statement-breakpoint
CREATE INDEX "extension_prices_unsynced_idx" ON "extension_prices" USING btree ("created_at") WHERE "extension_prices"."stripe_price_id" is null and "extension_prices"."ended_at" is null;--> statement-breakpoint
CREATE UNIQUE INDEX "extension_sales_payment_id_key" ON "extension_sales" USING btree ("payment_id");--> statement-breakpoint
CREATE INDEX "extension_sales_publisher_id_idx" ON "extension_sales" USING btree ("publisher_id","id");--> statement-breakpoint
CREATE INDEX "extension_sales_extension_id_idx" ON "extension_sales" USING btree ("extension_id","id");--> statement-breakpoint
CREATE INDEX "extension_sales_unsettled_idx" ON "extension_sales" USING btree ("publisher_id","currency") WHERE "extension_sales"."share_minor" <> "extension_sales"."transferred_minor";--> statement-breakpoint
CREATE UNIQUE INDEX "payout_accounts_open_key" ON "payout_accounts" USING btree ("publisher_id") WHERE "payout_accounts"."closed_at" is null;--> statement-breakpoint
CREATE UNIQUE INDEX "payout_accounts_stripe_account_id_key" ON "payout_accounts" USING btree ("stripe_account_id");--> statement-breakpoint
CREATE INDEX "payout_accounts_publisher_id_idx" ON "payout_accounts" USING btree ("publisher_id","id");--> statement-breakpoint
CREATE INDEX "sale_entries_sale_id_idx" ON "sale_entries" USING btree ("sale_id");--> statement-breakpoint
CREATE INDEX "sale_entries_publisher_at_idx" ON "sale_entries" USING btree ("publisher_id","at","id");--> statement-breakpoint
CREATE UNIQUE INDEX "share_reversals_stripe_reversal_id_key" ON "share_reversals" USING btree ("stripe_reversal_id");--> statement-breakpoint
CREATE INDEX "share_reversals_transfer_id_idx" ON "share_reversals" USING btree ("transfer_id");--> statement-breakpoint
CREATE INDEX "share_reversals_sale_id_idx" ON "share_reversals" USING btree ("sale_id","id");--> statement-breakpoint
CREATE INDEX "share_reversals_requested_idx" ON "share_reversals" USING btree ("created_at") WHERE "share_reversals"."status" = 'requested';--> statement-breakpoint
CREATE UNIQUE INDEX "share_transfers_stripe_transfer_id_key" ON "share_transfers" USING btree ("stripe_transfer_id");--> statement-breakpoint
CREATE INDEX "share_transfers_sale_id_idx" ON "share_transfers" USING btree ("sale_id","id");--> statement-breakpoint
CREATE INDEX "share_transfers_payout_account_id_idx" ON "share_transfers" USING btree ("payout_account_id");--> statement-breakpoint
CREATE INDEX "share_transfers_requested_idx" ON "share_transfers" USING btree ("created_at") WHERE "share_transfers"."status" = 'requested';--> statement-breakpoint
CREATE UNIQUE INDEX "extension_search_extension_id_key" ON "extension_search" USING btree ("extension_id");--> statement-breakpoint
CREATE UNIQUE INDEX "extension_search_identifier_key" ON "extension_search" USING btree ("identifier");--> statement-breakpoint
CREATE INDEX "extension_search_title_idx" ON "extension_search" USING btree ("title_squash","prior");--> statement-breakpoint
CREATE INDEX "extension_search_name_idx" ON "extension_search" USING btree ("name_squash","prior");--> statement-breakpoint
CREATE INDEX "extension_search_by_prior" ON "extension_search" USING btree ("prior","no");--> statement-breakpoint
CREATE INDEX "extension_search_by_installs" ON "extension_search" USING btree ("installs","no");--> statement-breakpoint
CREATE INDEX "extension_search_by_rating" ON "extension_search" USING btree ("rating","no");--> statement-breakpoint
CREATE INDEX "extension_search_by_trending" ON "extension_search" USING btree ("trending","no");--> statement-breakpoint
CREATE INDEX "extension_search_by_released" ON "extension_search" USING btree ("released_at","no");--> statement-breakpoint
CREATE INDEX "extension_search_by_published" ON "extension_search" USING btree ("published_at","no");--> statement-breakpoint
CREATE INDEX "extension_search_by_title" ON "extension_search" USING btree ("title_key","no");--> statement-breakpoint
CREATE INDEX "extension_search_by_publisher" ON "extension_search" USING btree ("publisher_key","no");--> statement-breakpoint
CREATE INDEX "extension_search_words_0" ON "extension_search" USING gin ("document") WITH (fastupdate=false) WHERE tier = 0;--> statement-breakpoint
CREATE INDEX "extension_search_words_1" ON "extension_search" USING gin ("document") WITH (fastupdate=false) WHERE tier = 1;--> statement-breakpoint
CREATE INDEX "extension_search_words_2" ON "extension_search" USING gin ("document") WITH (fastupdate=false) WHERE tier = 2;--> statement-breakpoint
CREATE INDEX "extension_search_words_3" ON "extension_search" USING gin ("document") WITH (fastupdate=false) WHERE tier = 3;--> statement-breakpoint
CREATE INDEX "extension_search_words_4" ON "extension_search" USING gin ("document") WITH (fastupdate=false) WHERE tier = 4;--> statement-breakpoint
CREATE INDEX "extension_search_words_5" ON "extension_search" USING gin ("document") WITH (fastupdate=false) WHERE tier = 5;--> statement-breakpoint
CREATE INDEX "extension_search_words_6" ON "extension_search" USING gin ("document") WITH (fastupdate=false) WHERE tier = 6;--> statement-breakpoint
CREATE INDEX "search_words_trigrams" ON "search_words" USING gin ("word" gin_trgm_ops);--> statement-breakpoint
CREATE INDEX "extension_clients_client_idx" ON "extension_clients" USING btree ("client");--> statement-breakpoint
CREATE INDEX "extension_daily_day_idx" ON "extension_daily" USING btree ("day");--> statement-breakpoint
CREATE INDEX "extension_related_related_id_idx" ON "extension_related" USING btree ("related_id");--> statement-breakpoint
CREATE INDEX "extension_users_user_id_idx" ON "extension_users" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "usage_seen_network_idx" ON "usage_seen" USING btree ("day","extension_id","network");--> statement-breakpoint
CREATE UNIQUE INDEX "abuse_reports_open_key" ON "abuse_reports" USING btree ("extension_id","user_id") WHERE "abuse_reports"."status" = 'open';--> statement-breakpoint
CREATE INDEX "abuse_reports_user_id_idx" ON "abuse_reports" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "abuse_reports_status_idx" ON "abuse_reports" USING btree ("status","created_at");--> statement-breakpoint
CREATE UNIQUE INDEX "appeals_open_submission_key" ON "appeals" USING btree ("submission_id") WHERE "appeals"."status" = 'open';--> statement-breakpoint
CREATE UNIQUE INDEX "appeals_open_extension_key" ON "appeals" USING btree ("extension_id") WHERE "appeals"."status" = 'open';--> statement-breakpoint
CREATE INDEX "appeals_user_id_idx" ON "appeals" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "appeals_status_idx" ON "appeals" USING btree ("status","created_at");--> statement-breakpoint
CREATE INDEX "submission_events_submission_id_idx" ON "submission_events" USING btree ("submission_id","sequence");--> statement-breakpoint
CREATE UNIQUE INDEX "submissions_open_key" ON "submissions" USING btree ("identifier","version","target_platform") WHERE "submissions"."status" <> 'rejected';--> statement-breakpoint
CREATE UNIQUE INDEX "submissions_user_idempotency_key" ON "submissions" USING btree ("user_id","idempotency_key");--> statement-breakpoint
CREATE INDEX "submissions_publisher_id_idx" ON "submissions" USING btree ("publisher_id","id");--> statement-breakpoint
CREATE INDEX "submissions_user_id_idx" ON "submissions" USING btree ("user_id","id");--> statement-breakpoint
CREATE INDEX "submissions_sha256_idx" ON "submissions" USING btree ("sha256");--> statement-breakpoint
CREATE INDEX "submissions_extension_id_idx" ON "submissions" USING btree ("extension_id");--> statement-breakpoint
CREATE INDEX "submissions_queue_idx" ON "submissions" USING btree ("status","created_at") WHERE "submissions"."status" in ('received', 'scanning', 'scan_failed', 'needs_review', 'approved');--> statement-breakpoint
CREATE INDEX "submissions_leftovers_idx" ON "submissions" USING btree ("id") WHERE "submissions"."status" = 'rejected' and "submissions"."publish_prefix" is not null;--> statement-breakpoint
CREATE INDEX "checkouts_extension_id_idx" ON "checkouts" USING btree ("extension_id") WHERE "checkouts"."extension_id" is not null;--> statement-breakpoint
ALTER TABLE "checkouts" ADD CONSTRAINT "checkouts_item_by_kind" CHECK (("checkouts"."kind" = 'plan' and "checkouts"."plan_slug" is not null) or ("checkouts"."kind" = 'renewal' and "checkouts"."renews_license_id" is not null) or ("checkouts"."kind" = 'extension' and "checkouts"."extension_id" is not null and "checkouts"."extension_price_id" is not null)) NOT VALID;--> statement-breakpoint
ALTER TABLE "checkouts" VALIDATE CONSTRAINT "checkouts_item_by_kind";--> statement-breakpoint
CREATE INDEX "extensions_name_idx" ON "extensions" USING btree (lower("name"));
