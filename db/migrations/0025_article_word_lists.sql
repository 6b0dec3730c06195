CREATE TABLE "article_word_lists" (
	"article_id" text PRIMARY KEY NOT NULL,
	"audience" smallint NOT NULL,
	"words" text[] NOT NULL
);
--> statement-breakpoint
ALTER TABLE "articles" ADD COLUMN "solved_by_accounts" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "article_word_lists" ADD CONSTRAINT "article_word_lists_article_id_articles_id_fk" FOREIGN KEY ("article_id") REFERENCES "public"."articles"("id") ON DELETE cascade ON UPDATE no action;