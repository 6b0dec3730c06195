ALTER TABLE "ticket_attachments" ALTER COLUMN "sha256" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "ticket_attachments" ALTER COLUMN "storage_key" DROP NOT NULL;--> statement-breakpoint
CREATE INDEX "ticket_attachments_doomed_idx" ON "ticket_attachments" USING btree ("id") WHERE "ticket_attachments"."deleted_at" is not null and "ticket_attachments"."storage_key" is not null;