CREATE INDEX "ticket_events_at_idx" ON "ticket_events" USING brin ("at");--> statement-breakpoint
CREATE INDEX "tickets_first_response_at_idx" ON "tickets" USING btree ("first_response_at") WHERE "tickets"."first_response_at" is not null;--> statement-breakpoint
CREATE INDEX "tickets_last_solved_at_idx" ON "tickets" USING btree ("last_solved_at") WHERE "tickets"."last_solved_at" is not null;