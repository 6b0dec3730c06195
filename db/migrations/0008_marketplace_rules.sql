-- Histories are append-only: not even our own code may rewrite what happened.
CREATE TRIGGER extension_events_append_only BEFORE UPDATE OR DELETE ON "extension_events" FOR EACH ROW EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER submission_events_append_only BEFORE UPDATE OR DELETE ON "submission_events" FOR EACH ROW EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER sale_entries_append_only BEFORE UPDATE OR DELETE ON "sale_entries" FOR EACH ROW EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
-- Checkouts name extensions and prices; the schema files must not import each other, so the keys are added here.
ALTER TABLE "checkouts" ADD CONSTRAINT "checkouts_extension_id_fk" FOREIGN KEY ("extension_id") REFERENCES "extensions"("id") ON DELETE RESTRICT NOT VALID;
--> statement-breakpoint
ALTER TABLE "checkouts" VALIDATE CONSTRAINT "checkouts_extension_id_fk";
--> statement-breakpoint
ALTER TABLE "checkouts" ADD CONSTRAINT "checkouts_extension_price_id_fk" FOREIGN KEY ("extension_price_id") REFERENCES "extension_prices"("id") ON DELETE RESTRICT NOT VALID;
--> statement-breakpoint
ALTER TABLE "checkouts" VALIDATE CONSTRAINT "checkouts_extension_price_id_fk";
--> statement-breakpoint
-- What licenses of paid extensions hang on. It is never sold itself: an extension's price is its publisher's.
INSERT INTO "plans" ("slug", "name", "kind", "amount_minor", "currency", "max_devices", "entitlements", "active", "position") VALUES
  ('extension', 'Extension', 'perpetual', 0, 'usd', 3, '{}', false, 100)
ON CONFLICT ("slug") DO NOTHING;
--> statement-breakpoint
-- Words of names and tags that share trigrams with a misspelt one, the likeliest first. Two letters that changed places leave a word of
-- six letters with only a quarter of its trigrams: hence the low threshold, set for this function alone.
CREATE FUNCTION similar_words(misspelt text, wanted integer)
RETURNS TABLE (word text, documents integer)
LANGUAGE sql STABLE PARALLEL SAFE
SET pg_trgm.similarity_threshold = 0.2
AS $$
  SELECT w.word, w.documents
  FROM search_words w
  WHERE w.word % misspelt AND length(w.word) BETWEEN length(misspelt) - 2 AND length(misspelt) + 2
  ORDER BY similarity(w.word, misspelt) DESC, w.documents DESC
  LIMIT wanted
$$;
--> statement-breakpoint
-- Whoever keeps answers about the catalog learns from these that one may have changed; each transaction is noted once.
CREATE FUNCTION note_catalog_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO catalog_changes DEFAULT VALUES ON CONFLICT DO NOTHING;
  RETURN NULL;
END
$$;
--> statement-breakpoint
CREATE TRIGGER extensions_note_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON extensions FOR EACH STATEMENT EXECUTE FUNCTION note_catalog_change();
--> statement-breakpoint
CREATE TRIGGER extension_search_note_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON extension_search FOR EACH STATEMENT EXECUTE FUNCTION note_catalog_change();
--> statement-breakpoint
CREATE TRIGGER publishers_note_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON publishers FOR EACH STATEMENT EXECUTE FUNCTION note_catalog_change();
--> statement-breakpoint
CREATE TRIGGER extension_prices_note_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON extension_prices FOR EACH STATEMENT EXECUTE FUNCTION note_catalog_change();
--> statement-breakpoint
CREATE TRIGGER extension_listings_note_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON extension_listings FOR EACH STATEMENT EXECUTE FUNCTION note_catalog_change();
