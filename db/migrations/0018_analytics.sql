CREATE TABLE "analytics_days" (
	"day" date NOT NULL,
	"metric" text NOT NULL,
	"key" text NOT NULL,
	"value" bigint NOT NULL,
	CONSTRAINT "analytics_days_metric_day_key_pk" PRIMARY KEY("metric","day","key")
);
--> statement-breakpoint
CREATE TABLE "analytics_event_days" (
	"day" date NOT NULL,
	"name" text NOT NULL,
	"property" text NOT NULL,
	"value" text NOT NULL,
	"events" integer NOT NULL,
	"clients" integer NOT NULL,
	CONSTRAINT "analytics_event_days_day_name_property_value_pk" PRIMARY KEY("day","name","property","value")
);
--> statement-breakpoint
CREATE TABLE "analytics_events" (
	"client" "bytea" NOT NULL,
	"id" uuid NOT NULL,
	"name" text NOT NULL,
	"day" date NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"properties" jsonb NOT NULL,
	"received_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "analytics_events_client_id_pk" PRIMARY KEY("client","id")
);
--> statement-breakpoint
CREATE TABLE "analytics_runs" (
	"name" text PRIMARY KEY NOT NULL,
	"at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
DROP INDEX "audit_log_subject_idx";--> statement-breakpoint
DROP INDEX "audit_log_actor_idx";--> statement-breakpoint
CREATE INDEX "analytics_events_day_idx" ON "analytics_events" USING btree ("day");--> statement-breakpoint
CREATE INDEX "analytics_events_received_at_idx" ON "analytics_events" USING btree ("received_at");--> statement-breakpoint
CREATE INDEX "users_created_at_idx" ON "users" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "license_events_at_idx" ON "license_events" USING brin ("at");--> statement-breakpoint
CREATE INDEX "trials_started_at_idx" ON "trials" USING btree ("started_at");--> statement-breakpoint
CREATE INDEX "audit_log_at_idx" ON "audit_log" USING btree ("at","id");--> statement-breakpoint
CREATE INDEX "audit_log_action_idx" ON "audit_log" USING btree ("action","at","id");--> statement-breakpoint
CREATE INDEX "disputes_created_at_idx" ON "disputes" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "payments_paid_at_idx" ON "payments" USING btree ("paid_at","currency","amount_minor") WHERE "payments"."paid_at" is not null;--> statement-breakpoint
CREATE INDEX "refunds_created_at_idx" ON "refunds" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "sale_entries_at_idx" ON "sale_entries" USING btree ("at");--> statement-breakpoint
CREATE INDEX "submission_events_at_idx" ON "submission_events" USING brin ("at");--> statement-breakpoint
CREATE INDEX "submissions_decided_at_idx" ON "submissions" USING btree ("decided_at") WHERE "submissions"."decided_at" is not null;--> statement-breakpoint
CREATE INDEX "audit_log_subject_idx" ON "audit_log" USING btree ("subject","at","id");--> statement-breakpoint
CREATE INDEX "audit_log_actor_idx" ON "audit_log" USING gin ("actor" gin_trgm_ops);