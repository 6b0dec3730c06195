-- Compressed, documents of articles are hardly shorter, and unpacking them was half of what ranking costs. Rows are rewritten as they change.
ALTER TABLE "article_search" ALTER COLUMN "document" SET STORAGE EXTERNAL;--> statement-breakpoint
UPDATE articles a SET solved_by_accounts = d.accounts
FROM (SELECT article_id, count(DISTINCT user_id)::int AS accounts FROM article_deflections WHERE user_id IS NOT NULL GROUP BY article_id) d
WHERE d.article_id = a.id;
--> statement-breakpoint
-- Counts of words change with every article: room on the page spares the indexes, which do not hold them.
ALTER TABLE "article_words" SET (fillfactor = 70);
