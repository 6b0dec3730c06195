-- Histories are append-only: not even our own code may rewrite what happened.
CREATE TRIGGER article_events_append_only BEFORE UPDATE OR DELETE ON "article_events" FOR EACH ROW EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER article_versions_append_only BEFORE UPDATE OR DELETE ON "article_versions" FOR EACH ROW EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
-- Ranking looks into the document of every candidate: it stays in the row as long as it fits, instead of being fetched from elsewhere.
ALTER TABLE "article_search" ALTER COLUMN "document" SET STORAGE MAIN;
--> statement-breakpoint
-- Words of published articles that share trigrams with a misspelt one, the likeliest first. The threshold is set for this function alone.
CREATE FUNCTION similar_article_words(wanted_locale text, misspelt text, wanted integer)
RETURNS SETOF article_words
LANGUAGE sql STABLE PARALLEL SAFE
SET pg_trgm.similarity_threshold = 0.3
AS $$
  SELECT w.*
  FROM article_words w
  WHERE w.word % misspelt AND w.locale = wanted_locale AND length(w.word) BETWEEN length(misspelt) - 2 AND length(misspelt) + 2
  ORDER BY similarity(w.word, misspelt) DESC, w.agent_count DESC
  LIMIT wanted
$$;
