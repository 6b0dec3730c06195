CREATE TYPE "public"."movement_status" AS ENUM('requested', 'sent', 'refused');--> statement-breakpoint
CREATE TYPE "public"."sale_entry_kind" AS ENUM('sale', 'refund', 'refund_failed', 'dispute_lost', 'dispute_returned');--> statement-breakpoint
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
ALTER TABLE "checkouts" DROP CONSTRAINT "checkouts_item_by_kind";--> statement-breakpoint
ALTER TABLE "license_revocations" ADD COLUMN "entitlement" text;--> statement-breakpoint
ALTER TABLE "publisher_members" ADD COLUMN "invited_email" text;--> statement-breakpoint
ALTER TABLE "publisher_members" ADD COLUMN "accepted_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "publishers" ADD COLUMN "domain_checked_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "publishers" ADD COLUMN "domain_missing_since" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "publishers" ADD COLUMN "removed_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "publishers" ADD COLUMN "removed_reason" text;--> statement-breakpoint
ALTER TABLE "checkouts" ADD COLUMN "extension_price_id" text;--> statement-breakpoint
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
CREATE INDEX "publishers_squashed_name_idx" ON "publishers" USING btree (replace("name_key", '-', ''));--> statement-breakpoint
CREATE UNIQUE INDEX "publishers_verified_domain_key" ON "publishers" USING btree ("domain") WHERE "publishers"."domain_verified_at" is not null;--> statement-breakpoint
CREATE INDEX "checkouts_extension_id_idx" ON "checkouts" USING btree ("extension_id") WHERE "checkouts"."extension_id" is not null;--> statement-breakpoint
ALTER TABLE "checkouts" ADD CONSTRAINT "checkouts_item_by_kind" CHECK (("checkouts"."kind" = 'plan' and "checkouts"."plan_slug" is not null) or ("checkouts"."kind" = 'renewal' and "checkouts"."renews_license_id" is not null) or ("checkouts"."kind" = 'extension' and "checkouts"."extension_id" is not null and "checkouts"."extension_price_id" is not null));