CREATE TABLE "releases" (
	"product" text DEFAULT 'editor' NOT NULL,
	"version" text NOT NULL,
	"released_at" timestamp (3) with time zone NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "releases_product_version_pk" PRIMARY KEY("product","version")
);
