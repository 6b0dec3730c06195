ALTER TABLE "extensions" DROP COLUMN "prior";--> statement-breakpoint
ALTER TABLE "extensions" DROP COLUMN "search";