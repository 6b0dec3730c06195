-- Histories are append-only: not even our own code may rewrite what happened.
CREATE TRIGGER sale_entries_append_only BEFORE UPDATE OR DELETE ON "sale_entries" FOR EACH ROW EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
-- Checkouts name extensions and prices; the schema files must not import each other, so the keys are added here.
ALTER TABLE "checkouts" ADD CONSTRAINT "checkouts_extension_id_fk" FOREIGN KEY ("extension_id") REFERENCES "extensions"("id") ON DELETE RESTRICT;
--> statement-breakpoint
ALTER TABLE "checkouts" ADD CONSTRAINT "checkouts_extension_price_id_fk" FOREIGN KEY ("extension_price_id") REFERENCES "extension_prices"("id") ON DELETE RESTRICT;
--> statement-breakpoint
-- What licenses of paid extensions hang on. It is never sold itself: an extension's price is its publisher's.
INSERT INTO "plans" ("slug", "name", "kind", "amount_minor", "currency", "max_devices", "entitlements", "active", "position") VALUES
  ('extension', 'Extension', 'perpetual', 0, 'usd', 3, '{}', false, 100)
ON CONFLICT ("slug") DO NOTHING;
