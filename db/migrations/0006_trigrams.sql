-- Typos and look-alike names are found by trigrams.
CREATE EXTENSION IF NOT EXISTS pg_trgm;
