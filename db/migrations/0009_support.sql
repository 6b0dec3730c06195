CREATE TYPE "public"."assignment_mode" AS ENUM('manual', 'round_robin', 'least_loaded', 'skill');--> statement-breakpoint
CREATE TYPE "public"."support_plan" AS ENUM('free', 'pro', 'enterprise');--> statement-breakpoint
CREATE TYPE "public"."ticket_category" AS ENUM('billing', 'license', 'bug', 'extension', 'feature', 'other');--> statement-breakpoint
CREATE TYPE "public"."ticket_priority" AS ENUM('low', 'normal', 'high', 'urgent');--> statement-breakpoint
CREATE TYPE "public"."message_author" AS ENUM('customer', 'agent', 'publisher', 'system');--> statement-breakpoint
CREATE TYPE "public"."message_kind" AS ENUM('message', 'note');--> statement-breakpoint
CREATE TYPE "public"."sla_metric" AS ENUM('first_response', 'next_response', 'resolution');--> statement-breakpoint
CREATE TYPE "public"."ticket_source" AS ENUM('editor', 'web', 'mail', 'api', 'system');--> statement-breakpoint
CREATE TYPE "public"."ticket_status" AS ENUM('new', 'open', 'pending', 'on_hold', 'solved', 'closed');--> statement-breakpoint
CREATE TABLE "business_calendars" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"time_zone" text NOT NULL,
	"hours" jsonb NOT NULL,
	"holidays" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sla_policies" (
	"id" text PRIMARY KEY NOT NULL,
	"plan" "support_plan" NOT NULL,
	"priority" "ticket_priority" NOT NULL,
	"first_response_minutes" integer,
	"next_response_minutes" integer,
	"resolution_minutes" integer,
	"calendar_id" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "sla_policies_minutes_positive" CHECK (coalesce("sla_policies"."first_response_minutes", 1) > 0 and coalesce("sla_policies"."next_response_minutes", 1) > 0 and coalesce("sla_policies"."resolution_minutes", 1) > 0)
);
--> statement-breakpoint
CREATE TABLE "support_agents" (
	"user_id" text PRIMARY KEY NOT NULL,
	"active" boolean DEFAULT true NOT NULL,
	"available" boolean DEFAULT true NOT NULL,
	"capacity" integer DEFAULT 10 NOT NULL,
	"skills" text[] DEFAULT '{}' NOT NULL,
	"signature" text,
	"last_assigned_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "support_agents_capacity_not_negative" CHECK ("support_agents"."capacity" >= 0)
);
--> statement-breakpoint
CREATE TABLE "support_queue_agents" (
	"queue_id" text NOT NULL,
	"agent_id" text NOT NULL,
	CONSTRAINT "support_queue_agents_queue_id_agent_id_pk" PRIMARY KEY("queue_id","agent_id")
);
--> statement-breakpoint
CREATE TABLE "support_queues" (
	"id" text PRIMARY KEY NOT NULL,
	"slug" text NOT NULL,
	"name" text NOT NULL,
	"assignment" "assignment_mode" DEFAULT 'least_loaded' NOT NULL,
	"categories" "ticket_category"[] DEFAULT '{}' NOT NULL,
	"is_default" boolean DEFAULT false NOT NULL,
	"active" boolean DEFAULT true NOT NULL,
	"position" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "ticket_macros" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"body" text,
	"as_note" boolean DEFAULT false NOT NULL,
	"actions" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"owner_id" text,
	"active" boolean DEFAULT true NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "ticket_views" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"owner_id" text,
	"filters" jsonb NOT NULL,
	"position" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sla_breaches" (
	"ticket_id" text NOT NULL,
	"metric" "sla_metric" NOT NULL,
	"cycle" integer NOT NULL,
	"due_at" timestamp (3) with time zone NOT NULL,
	"assignee_id" text,
	"at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "sla_breaches_ticket_id_metric_cycle_pk" PRIMARY KEY("ticket_id","metric","cycle")
);
--> statement-breakpoint
CREATE TABLE "ticket_attachments" (
	"id" text PRIMARY KEY NOT NULL,
	"ticket_id" text,
	"message_id" text,
	"uploader_id" text,
	"file_name" text NOT NULL,
	"content_type" text NOT NULL,
	"size_bytes" integer NOT NULL,
	"sha256" "bytea" NOT NULL,
	"storage_key" text NOT NULL,
	"deleted_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "ticket_diagnostics" (
	"ticket_id" text PRIMARY KEY NOT NULL,
	"data" jsonb NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "ticket_events" (
	"sequence" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "ticket_events_sequence_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"ticket_id" text NOT NULL,
	"requester_id" text NOT NULL,
	"type" text NOT NULL,
	"version" integer NOT NULL,
	"actor" text NOT NULL,
	"is_public" boolean NOT NULL,
	"message_id" text,
	"reason" text,
	"before" jsonb,
	"after" jsonb,
	"request_id" text,
	"at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "ticket_links" (
	"ticket_id" text NOT NULL,
	"kind" text NOT NULL,
	"target_id" text NOT NULL,
	"target_version" text,
	"created_by" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "ticket_links_ticket_id_kind_target_id_pk" PRIMARY KEY("ticket_id","kind","target_id")
);
--> statement-breakpoint
CREATE TABLE "ticket_messages" (
	"id" text PRIMARY KEY NOT NULL,
	"sequence" bigint GENERATED ALWAYS AS IDENTITY (sequence name "ticket_messages_sequence_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"ticket_id" text NOT NULL,
	"kind" "message_kind" NOT NULL,
	"author_type" "message_author" NOT NULL,
	"author_id" text,
	"body" text NOT NULL,
	"source" "ticket_source" NOT NULL,
	"is_auto" boolean DEFAULT false NOT NULL,
	"mail_message_id" text,
	"idempotency_key" text,
	"moved_from_id" text,
	"created_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "ticket_search" (
	"ticket_id" text PRIMARY KEY NOT NULL,
	"document" "tsvector" NOT NULL
);
--> statement-breakpoint
CREATE TABLE "tickets" (
	"id" text PRIMARY KEY NOT NULL,
	"number" bigint GENERATED ALWAYS AS IDENTITY (sequence name "tickets_number_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1000 CACHE 1),
	"requester_id" text NOT NULL,
	"subject" text NOT NULL,
	"category" "ticket_category" NOT NULL,
	"priority" "ticket_priority" DEFAULT 'normal' NOT NULL,
	"status" "ticket_status" DEFAULT 'new' NOT NULL,
	"source" "ticket_source" NOT NULL,
	"queue_id" text NOT NULL,
	"assignee_id" text,
	"plan" "support_plan" DEFAULT 'free' NOT NULL,
	"tags" text[] DEFAULT '{}' NOT NULL,
	"skills" text[] DEFAULT '{}' NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"hold_reason" text,
	"hold_until" timestamp (3) with time zone,
	"merged_into_id" text,
	"status_before_merge" "ticket_status",
	"follow_up_of_id" text,
	"split_from_id" text,
	"idempotency_key" text,
	"request_hash" "bytea",
	"status_changed_at" timestamp (3) with time zone NOT NULL,
	"first_assigned_at" timestamp (3) with time zone,
	"first_response_at" timestamp (3) with time zone,
	"last_customer_message_at" timestamp (3) with time zone,
	"last_agent_message_at" timestamp (3) with time zone,
	"waiting_since" timestamp (3) with time zone,
	"first_solved_at" timestamp (3) with time zone,
	"last_solved_at" timestamp (3) with time zone,
	"reopened_at" timestamp (3) with time zone,
	"reopen_count" integer DEFAULT 0 NOT NULL,
	"closed_at" timestamp (3) with time zone,
	"first_response_due_at" timestamp (3) with time zone,
	"next_response_due_at" timestamp (3) with time zone,
	"resolution_due_at" timestamp (3) with time zone,
	"next_due_at" timestamp (3) with time zone,
	"breached" boolean DEFAULT false NOT NULL,
	"sla" jsonb,
	"satisfaction_score" integer,
	"satisfaction_comment" text,
	"rated_at" timestamp (3) with time zone,
	"publisher_id" text,
	"publisher_share" text[] DEFAULT '{}' NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "tickets_merged_is_closed" CHECK ("tickets"."merged_into_id" is null or "tickets"."status" = 'closed'),
	CONSTRAINT "tickets_not_merged_into_itself" CHECK ("tickets"."merged_into_id" <> "tickets"."id"),
	CONSTRAINT "tickets_hold_has_end" CHECK (("tickets"."status" = 'on_hold') = ("tickets"."hold_until" is not null)),
	CONSTRAINT "tickets_closed_has_time" CHECK (("tickets"."status" = 'closed') = ("tickets"."closed_at" is not null)),
	CONSTRAINT "tickets_score_range" CHECK ("tickets"."satisfaction_score" between 1 and 5)
);
--> statement-breakpoint
ALTER TABLE "sla_policies" ADD CONSTRAINT "sla_policies_calendar_id_business_calendars_id_fk" FOREIGN KEY ("calendar_id") REFERENCES "public"."business_calendars"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "support_agents" ADD CONSTRAINT "support_agents_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "support_queue_agents" ADD CONSTRAINT "support_queue_agents_queue_id_support_queues_id_fk" FOREIGN KEY ("queue_id") REFERENCES "public"."support_queues"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "support_queue_agents" ADD CONSTRAINT "support_queue_agents_agent_id_support_agents_user_id_fk" FOREIGN KEY ("agent_id") REFERENCES "public"."support_agents"("user_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "ticket_macros" ADD CONSTRAINT "ticket_macros_owner_id_users_id_fk" FOREIGN KEY ("owner_id") REFERENCES "public"."users"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "ticket_views" ADD CONSTRAINT "ticket_views_owner_id_users_id_fk" FOREIGN KEY ("owner_id") REFERENCES "public"."users"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sla_breaches" ADD CONSTRAINT "sla_breaches_ticket_id_tickets_id_fk" FOREIGN KEY ("ticket_id") REFERENCES "public"."tickets"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "ticket_attachments" ADD CONSTRAINT "ticket_attachments_ticket_id_tickets_id_fk" FOREIGN KEY ("ticket_id") REFERENCES "public"."tickets"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "ticket_attachments" ADD CONSTRAINT "ticket_attachments_message_id_ticket_messages_id_fk" FOREIGN KEY ("message_id") REFERENCES "public"."ticket_messages"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "ticket_attachments" ADD CONSTRAINT "ticket_attachments_uploader_id_users_id_fk" FOREIGN KEY ("uploader_id") REFERENCES "public"."users"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "ticket_diagnostics" ADD CONSTRAINT "ticket_diagnostics_ticket_id_tickets_id_fk" FOREIGN KEY ("ticket_id") REFERENCES "public"."tickets"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "ticket_events" ADD CONSTRAINT "ticket_events_ticket_id_tickets_id_fk" FOREIGN KEY ("ticket_id") REFERENCES "public"."tickets"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "ticket_links" ADD CONSTRAINT "ticket_links_ticket_id_tickets_id_fk" FOREIGN KEY ("ticket_id") REFERENCES "public"."tickets"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "ticket_messages" ADD CONSTRAINT "ticket_messages_ticket_id_tickets_id_fk" FOREIGN KEY ("ticket_id") REFERENCES "public"."tickets"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "ticket_messages" ADD CONSTRAINT "ticket_messages_author_id_users_id_fk" FOREIGN KEY ("author_id") REFERENCES "public"."users"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "ticket_search" ADD CONSTRAINT "ticket_search_ticket_id_tickets_id_fk" FOREIGN KEY ("ticket_id") REFERENCES "public"."tickets"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tickets" ADD CONSTRAINT "tickets_requester_id_users_id_fk" FOREIGN KEY ("requester_id") REFERENCES "public"."users"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tickets" ADD CONSTRAINT "tickets_queue_id_support_queues_id_fk" FOREIGN KEY ("queue_id") REFERENCES "public"."support_queues"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tickets" ADD CONSTRAINT "tickets_assignee_id_users_id_fk" FOREIGN KEY ("assignee_id") REFERENCES "public"."users"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tickets" ADD CONSTRAINT "tickets_publisher_id_publishers_id_fk" FOREIGN KEY ("publisher_id") REFERENCES "public"."publishers"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "business_calendars_name_key" ON "business_calendars" USING btree ("name");--> statement-breakpoint
CREATE UNIQUE INDEX "sla_policies_plan_priority_key" ON "sla_policies" USING btree ("plan","priority");--> statement-breakpoint
CREATE INDEX "sla_policies_calendar_id_idx" ON "sla_policies" USING btree ("calendar_id");--> statement-breakpoint
CREATE INDEX "support_queue_agents_agent_id_idx" ON "support_queue_agents" USING btree ("agent_id");--> statement-breakpoint
CREATE UNIQUE INDEX "support_queues_slug_key" ON "support_queues" USING btree ("slug");--> statement-breakpoint
CREATE UNIQUE INDEX "support_queues_default_key" ON "support_queues" USING btree ("is_default") WHERE "support_queues"."is_default";--> statement-breakpoint
CREATE INDEX "ticket_macros_owner_id_idx" ON "ticket_macros" USING btree ("owner_id");--> statement-breakpoint
CREATE UNIQUE INDEX "ticket_macros_name_key" ON "ticket_macros" USING btree (coalesce("owner_id", ''),lower("name"));--> statement-breakpoint
CREATE INDEX "ticket_views_owner_id_idx" ON "ticket_views" USING btree ("owner_id");--> statement-breakpoint
CREATE UNIQUE INDEX "ticket_views_name_key" ON "ticket_views" USING btree (coalesce("owner_id", ''),lower("name"));--> statement-breakpoint
CREATE INDEX "sla_breaches_at_idx" ON "sla_breaches" USING btree ("at");--> statement-breakpoint
CREATE INDEX "ticket_attachments_ticket_idx" ON "ticket_attachments" USING btree ("ticket_id");--> statement-breakpoint
CREATE INDEX "ticket_attachments_message_idx" ON "ticket_attachments" USING btree ("message_id");--> statement-breakpoint
CREATE INDEX "ticket_attachments_uploader_idx" ON "ticket_attachments" USING btree ("uploader_id");--> statement-breakpoint
CREATE INDEX "ticket_attachments_loose_idx" ON "ticket_attachments" USING btree ("created_at") WHERE "ticket_attachments"."message_id" is null;--> statement-breakpoint
CREATE INDEX "ticket_diagnostics_expires_idx" ON "ticket_diagnostics" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "ticket_events_ticket_idx" ON "ticket_events" USING btree ("ticket_id","sequence");--> statement-breakpoint
CREATE INDEX "ticket_events_requester_idx" ON "ticket_events" USING btree ("requester_id","sequence") WHERE "ticket_events"."is_public";--> statement-breakpoint
CREATE INDEX "ticket_links_target_idx" ON "ticket_links" USING btree ("kind","target_id");--> statement-breakpoint
CREATE INDEX "ticket_messages_ticket_idx" ON "ticket_messages" USING btree ("ticket_id","sequence");--> statement-breakpoint
CREATE UNIQUE INDEX "ticket_messages_mail_message_id_key" ON "ticket_messages" USING btree ("mail_message_id");--> statement-breakpoint
CREATE UNIQUE INDEX "ticket_messages_author_idempotency_key" ON "ticket_messages" USING btree ("author_id","idempotency_key");--> statement-breakpoint
CREATE INDEX "ticket_messages_moved_from_idx" ON "ticket_messages" USING btree ("moved_from_id") WHERE "ticket_messages"."moved_from_id" is not null;--> statement-breakpoint
CREATE INDEX "ticket_search_document_idx" ON "ticket_search" USING gin ("document");--> statement-breakpoint
CREATE UNIQUE INDEX "tickets_number_key" ON "tickets" USING btree ("number");--> statement-breakpoint
CREATE UNIQUE INDEX "tickets_requester_idempotency_key" ON "tickets" USING btree ("requester_id","idempotency_key");--> statement-breakpoint
CREATE INDEX "tickets_requester_id_idx" ON "tickets" USING btree ("requester_id","id");--> statement-breakpoint
CREATE INDEX "tickets_queue_idx" ON "tickets" USING btree ("queue_id","status","next_due_at","id") WHERE "tickets"."status" <> 'closed';--> statement-breakpoint
CREATE INDEX "tickets_assignee_idx" ON "tickets" USING btree ("assignee_id","status","next_due_at","id") WHERE "tickets"."status" <> 'closed';--> statement-breakpoint
CREATE INDEX "tickets_unassigned_idx" ON "tickets" USING btree ("queue_id","id") WHERE "tickets"."assignee_id" is null and "tickets"."status" in ('new', 'open');--> statement-breakpoint
CREATE INDEX "tickets_status_idx" ON "tickets" USING btree ("status","id");--> statement-breakpoint
CREATE INDEX "tickets_due_idx" ON "tickets" USING btree ("next_due_at") WHERE "tickets"."next_due_at" is not null;--> statement-breakpoint
CREATE INDEX "tickets_hold_idx" ON "tickets" USING btree ("hold_until") WHERE "tickets"."status" = 'on_hold';--> statement-breakpoint
CREATE INDEX "tickets_pending_idx" ON "tickets" USING btree ("status_changed_at") WHERE "tickets"."status" = 'pending';--> statement-breakpoint
CREATE INDEX "tickets_solved_idx" ON "tickets" USING btree ("last_solved_at") WHERE "tickets"."status" = 'solved';--> statement-breakpoint
CREATE INDEX "tickets_updated_idx" ON "tickets" USING btree ("updated_at","id");--> statement-breakpoint
CREATE INDEX "tickets_publisher_idx" ON "tickets" USING btree ("publisher_id","id") WHERE "tickets"."publisher_id" is not null;--> statement-breakpoint
CREATE INDEX "tickets_merged_into_idx" ON "tickets" USING btree ("merged_into_id") WHERE "tickets"."merged_into_id" is not null;--> statement-breakpoint
CREATE INDEX "tickets_follow_up_of_idx" ON "tickets" USING btree ("follow_up_of_id") WHERE "tickets"."follow_up_of_id" is not null;--> statement-breakpoint
CREATE INDEX "tickets_split_from_idx" ON "tickets" USING btree ("split_from_id") WHERE "tickets"."split_from_id" is not null;