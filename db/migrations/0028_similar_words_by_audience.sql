-- Words that share trigrams with a misspelt one, of those that the reader may see (0 everybody, 1 whoever is signed in, 2 agents): others must
-- not take their places.
CREATE FUNCTION similar_article_words(wanted_locale text, misspelt text, wanted integer, audience integer)
RETURNS SETOF article_words
LANGUAGE sql STABLE PARALLEL SAFE
SET pg_trgm.similarity_threshold = 0.3
AS $$
  SELECT w.*
  FROM article_words w, LATERAL (
    SELECT CASE audience WHEN 0 THEN w.public_count WHEN 1 THEN w.customer_count ELSE w.agent_count END AS seen
  ) s
  WHERE w.word % misspelt AND w.locale = wanted_locale AND length(w.word) BETWEEN length(misspelt) - 2 AND length(misspelt) + 2
    AND s.seen > 0
  ORDER BY similarity(w.word, misspelt) DESC, s.seen DESC
  LIMIT wanted
$$;
--> statement-breakpoint
DROP FUNCTION similar_article_words(text, text, integer);
