CREATE TYPE "public"."ticket_presence_state" AS ENUM('viewing', 'typing');--> statement-breakpoint
CREATE TABLE "ticket_presence" (
	"ticket_id" text NOT NULL,
	"user_id" text NOT NULL,
	"state" "ticket_presence_state" NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "ticket_presence_ticket_id_user_id_pk" PRIMARY KEY("ticket_id","user_id")
);
--> statement-breakpoint
-- Who is where lives for half a minute: no write-ahead log, and nobody anywhere after a crash.
ALTER TABLE "ticket_presence" SET UNLOGGED;--> statement-breakpoint
DROP INDEX "tickets_queue_idx";--> statement-breakpoint
DROP INDEX "tickets_assignee_idx";--> statement-breakpoint
DROP INDEX "tickets_status_idx";--> statement-breakpoint
DROP INDEX "ticket_search_document_idx";--> statement-breakpoint
DROP INDEX "tickets_updated_idx";--> statement-breakpoint
ALTER TABLE "ticket_search" ADD COLUMN "number" bigint;--> statement-breakpoint
-- Tickets from before: the blocks of numbers that they lie in, and whether they are not closed (modules/support/queries/ticket-search.ts).
UPDATE "ticket_search" s SET "number" = t."number", "document" = s."document"
  || format('%L %L %L', '=s' || (t."number" >> 10), '=m' || (t."number" >> 13), '=l' || (t."number" >> 16))::tsvector
  || (CASE WHEN t."status" <> 'closed' THEN '''=active''' ELSE '' END)::tsvector
  FROM "tickets" t WHERE t."id" = s."ticket_id";--> statement-breakpoint
ALTER TABLE "ticket_search" ALTER COLUMN "number" SET NOT NULL;--> statement-breakpoint
CREATE INDEX "ticket_presence_expires_idx" ON "ticket_presence" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "users_people_trgm_idx" ON "users" USING gin (lower("name") gin_trgm_ops,"email" gin_trgm_ops);--> statement-breakpoint
CREATE INDEX "ticket_search_number_idx" ON "ticket_search" USING btree ("number");--> statement-breakpoint
CREATE INDEX "tickets_desk_due_idx" ON "tickets" USING btree (coalesce("next_due_at", 'infinity'),"number") WHERE "tickets"."status" <> 'closed';--> statement-breakpoint
CREATE INDEX "tickets_desk_queue_idx" ON "tickets" USING btree ("queue_id",coalesce("next_due_at", 'infinity'),"number") WHERE "tickets"."status" <> 'closed';--> statement-breakpoint
CREATE INDEX "tickets_desk_assignee_idx" ON "tickets" USING btree ("assignee_id",coalesce("next_due_at", 'infinity'),"number") WHERE "tickets"."status" <> 'closed';--> statement-breakpoint
CREATE INDEX "tickets_desk_unassigned_idx" ON "tickets" USING btree (coalesce("next_due_at", 'infinity'),"number") WHERE "tickets"."assignee_id" is null and "tickets"."status" in ('new', 'open');--> statement-breakpoint
CREATE INDEX "tickets_desk_breached_idx" ON "tickets" USING btree (coalesce("next_due_at", 'infinity'),"number") WHERE "tickets"."breached" and "tickets"."status" <> 'closed';--> statement-breakpoint
CREATE INDEX "tickets_desk_hold_idx" ON "tickets" USING btree (coalesce("next_due_at", 'infinity'),"number") WHERE "tickets"."status" = 'on_hold';--> statement-breakpoint
CREATE INDEX "tickets_desk_created_idx" ON "tickets" USING btree ("created_at","number") WHERE "tickets"."status" <> 'closed';--> statement-breakpoint
CREATE INDEX "tickets_desk_updated_idx" ON "tickets" USING btree ("updated_at","number") WHERE "tickets"."status" <> 'closed';--> statement-breakpoint
CREATE INDEX "tickets_created_idx" ON "tickets" USING btree ("created_at","number");--> statement-breakpoint
CREATE INDEX "tickets_tags_idx" ON "tickets" USING gin ("tags") WITH (fastupdate=false);--> statement-breakpoint
CREATE INDEX "ticket_search_document_idx" ON "ticket_search" USING gin ("document") WITH (fastupdate=false);--> statement-breakpoint
CREATE INDEX "tickets_updated_idx" ON "tickets" USING btree ("updated_at","number");