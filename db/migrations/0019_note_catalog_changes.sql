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
