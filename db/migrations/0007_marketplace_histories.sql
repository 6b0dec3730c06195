-- Histories are append-only: not even our own code may rewrite what happened.
CREATE TRIGGER extension_events_append_only BEFORE UPDATE OR DELETE ON "extension_events" FOR EACH ROW EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER submission_events_append_only BEFORE UPDATE OR DELETE ON "submission_events" FOR EACH ROW EXECUTE FUNCTION refuse_change();
