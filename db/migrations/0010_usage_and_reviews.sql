CREATE TABLE "usage_seen" (
	"day" date NOT NULL,
	"extension_id" text NOT NULL,
	"version" text NOT NULL,
	"kind" "usage_kind" NOT NULL,
	"client" "bytea" NOT NULL,
	"network" "bytea" NOT NULL,
	CONSTRAINT "usage_seen_day_extension_id_version_kind_client_pk" PRIMARY KEY("day","extension_id","version","kind","client")
);
--> statement-breakpoint
ALTER TABLE "usage_events" ALTER COLUMN "client" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "extensions" ADD COLUMN "taken_down_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "reviews" ADD COLUMN "stars" integer NOT NULL;--> statement-breakpoint
ALTER TABLE "usage_events" ADD COLUMN "network" "bytea" NOT NULL;--> statement-breakpoint
CREATE INDEX "usage_seen_network_idx" ON "usage_seen" USING btree ("day","extension_id","network");--> statement-breakpoint
CREATE INDEX "extensions_malicious_idx" ON "extensions" USING btree ("identifier") WHERE "extensions"."malicious_at" is not null;--> statement-breakpoint
CREATE INDEX "extensions_deprecated_idx" ON "extensions" USING btree ("identifier") WHERE "extensions"."deprecated_at" is not null;--> statement-breakpoint
CREATE INDEX "reviews_extension_stars_idx" ON "reviews" USING btree ("extension_id","stars","id") WHERE not "reviews"."hidden";