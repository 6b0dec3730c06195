-- Words of names and tags that share trigrams with a misspelt one, the likeliest first. Two letters that changed places leave a word of
-- six letters with only a quarter of its trigrams: hence the low threshold, set for this function alone.
CREATE FUNCTION similar_words(misspelt text, wanted integer)
RETURNS TABLE (word text, documents integer)
LANGUAGE sql STABLE PARALLEL SAFE
SET pg_trgm.similarity_threshold = 0.2
AS $$
  SELECT w.word, w.documents
  FROM search_words w
  WHERE w.word % misspelt AND length(w.word) BETWEEN length(misspelt) - 2 AND length(misspelt) + 2
  ORDER BY similarity(w.word, misspelt) DESC, w.documents DESC
  LIMIT wanted
$$;
