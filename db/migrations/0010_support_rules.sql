-- Histories are append-only: not even our own code may rewrite what happened.
CREATE TRIGGER ticket_events_append_only BEFORE UPDATE OR DELETE ON "ticket_events" FOR EACH ROW EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER sla_breaches_append_only BEFORE UPDATE OR DELETE ON "sla_breaches" FOR EACH ROW EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
-- Tickets name each other.
ALTER TABLE "tickets" ADD CONSTRAINT "tickets_merged_into_id_fk" FOREIGN KEY ("merged_into_id") REFERENCES "tickets"("id") ON DELETE RESTRICT;
--> statement-breakpoint
ALTER TABLE "tickets" ADD CONSTRAINT "tickets_follow_up_of_id_fk" FOREIGN KEY ("follow_up_of_id") REFERENCES "tickets"("id") ON DELETE RESTRICT;
--> statement-breakpoint
ALTER TABLE "tickets" ADD CONSTRAINT "tickets_split_from_id_fk" FOREIGN KEY ("split_from_id") REFERENCES "tickets"("id") ON DELETE RESTRICT;
--> statement-breakpoint
-- Where tickets go on a fresh installation.
INSERT INTO "support_queues" ("id", "slug", "name", "assignment", "categories", "is_default", "position") VALUES
  ('que_general', 'general', 'General', 'least_loaded', '{bug,feature,other}', true, 0),
  ('que_billing', 'billing', 'Billing and licenses', 'least_loaded', '{billing,license}', false, 1),
  ('que_extensions', 'extensions', 'Extensions', 'least_loaded', '{extension}', false, 2)
ON CONFLICT DO NOTHING;
