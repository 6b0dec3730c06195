DROP INDEX "ticket_search_document_idx";--> statement-breakpoint
ALTER TABLE "ticket_search" ADD COLUMN "tier" smallint DEFAULT 0 NOT NULL;--> statement-breakpoint
-- Tickets from before: their tiers, by how many are newer, instead of blocks of numbers (modules/support/queries/ticket-search.ts).
UPDATE "ticket_search" SET
  "tier" = CASE WHEN age <= 16384 THEN 0 WHEN age <= 81920 THEN 1 WHEN age <= 344064 THEN 2 ELSE 3 END,
  "document" = ts_delete("document", ARRAY['=s' || ("number" >> 10), '=m' || ("number" >> 13), '=l' || ("number" >> 16)])
  FROM (SELECT "ticket_id" AS id, max("number") OVER () - "number" AS age FROM "ticket_search") ages
  WHERE ages.id = "ticket_id";--> statement-breakpoint
CREATE INDEX "ticket_search_tier_idx" ON "ticket_search" USING btree ("tier","number");--> statement-breakpoint
CREATE INDEX "ticket_search_words_0" ON "ticket_search" USING gin ("document") WITH (fastupdate=false) WHERE tier = 0;--> statement-breakpoint
CREATE INDEX "ticket_search_words_1" ON "ticket_search" USING gin ("document") WITH (fastupdate=false) WHERE tier = 1;--> statement-breakpoint
CREATE INDEX "ticket_search_words_2" ON "ticket_search" USING gin ("document") WITH (fastupdate=false) WHERE tier = 2;--> statement-breakpoint
CREATE INDEX "ticket_search_words_3" ON "ticket_search" USING gin ("document") WITH (fastupdate=false) WHERE tier = 3;