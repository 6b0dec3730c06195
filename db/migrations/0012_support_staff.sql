DROP INDEX "tickets_unassigned_idx";--> statement-breakpoint
ALTER TABLE "ticket_messages" ADD COLUMN "moved_through" text[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "tickets" ADD COLUMN "before_merge" jsonb;--> statement-breakpoint
CREATE INDEX "tickets_waiting_idx" ON "tickets" USING btree ("queue_id","next_due_at","priority" DESC NULLS LAST,"id") WHERE "tickets"."assignee_id" is null and "tickets"."status" in ('new', 'open');--> statement-breakpoint
CREATE INDEX "tickets_rated_idx" ON "tickets" USING btree ("assignee_id","rated_at","satisfaction_score") WHERE "tickets"."satisfaction_score" is not null;