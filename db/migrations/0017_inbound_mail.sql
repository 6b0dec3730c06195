CREATE TYPE "public"."inbound_mail_status" AS ENUM('received', 'processed', 'ignored', 'parked');--> statement-breakpoint
CREATE TABLE "inbound_mails" (
	"id" text PRIMARY KEY NOT NULL,
	"sha256" "bytea" NOT NULL,
	"identity" "bytea",
	"size_bytes" integer NOT NULL,
	"storage_key" text,
	"status" "inbound_mail_status" DEFAULT 'received' NOT NULL,
	"reason" text,
	"ticket_id" text,
	"message_id" text,
	"attempts" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "tickets" ADD COLUMN "mail_muted" boolean DEFAULT false NOT NULL;--> statement-breakpoint
CREATE UNIQUE INDEX "inbound_mails_sha256_key" ON "inbound_mails" USING btree ("sha256");--> statement-breakpoint
CREATE UNIQUE INDEX "inbound_mails_identity_key" ON "inbound_mails" USING btree ("identity");--> statement-breakpoint
CREATE INDEX "inbound_mails_waiting_idx" ON "inbound_mails" USING btree ("created_at") WHERE "inbound_mails"."status" = 'received';--> statement-breakpoint
CREATE INDEX "inbound_mails_parked_idx" ON "inbound_mails" USING btree ("id") WHERE "inbound_mails"."status" = 'parked';--> statement-breakpoint
CREATE INDEX "inbound_mails_stored_idx" ON "inbound_mails" USING btree ("created_at") WHERE "inbound_mails"."storage_key" is not null;--> statement-breakpoint
CREATE INDEX "inbound_mails_ticket_idx" ON "inbound_mails" USING btree ("ticket_id");