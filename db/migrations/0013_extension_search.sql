ALTER TABLE "extensions" ADD COLUMN "prior" real DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "extensions" ADD COLUMN "search" "tsvector";