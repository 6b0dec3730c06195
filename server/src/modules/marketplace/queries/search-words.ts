import type { Sql } from '@devforge/db'

/** A word of the catalog's names and tags; `documents` tells how many well-known extensions have it. */
export interface KnownWord {
  word: string
  documents: number
}

export interface SimilarWord extends KnownWord {
  misspelt: string
}

/** So many per word are looked at more closely. */
const SIMILAR_LIMIT = 40

/** Behind every other, bytewise. */
const LAST_CHARACTER = '\u{10ffff}'

/** Those of the given words that the catalog knows. */
export const knownWords = (sql: Sql, words: string[]): Promise<KnownWord[]> =>
  sql<KnownWord[]>`select word, documents from search_words where word = any(${words}::text[])`

/** Words of the catalog that share trigrams with the given ones. */
export const similarWords = (sql: Sql, words: string[]): Promise<SimilarWord[]> =>
  sql<SimilarWord[]>`
    select asked.word as misspelt, found.word, found.documents
    from unnest(${words}::text[]) as asked(word), similar_words(asked.word, ${SIMILAR_LIMIT}) found`

/** A beginning, and a word of the catalog's names and tags that has it. */
interface Completion {
  beginning: string
  word: string
}

/** Words that begin so, whatever the collation; at most `limit` of each beginning. */
export const completions = (sql: Sql, beginnings: string[], limit: number): Promise<Completion[]> =>
  sql<Completion[]>`
    select asked.beginning, found.word
    from unnest(${beginnings}::text[]) as asked(beginning), lateral (
      select word from search_words
      where word ~>=~ asked.beginning and word ~<=~ (asked.beginning || ${LAST_CHARACTER}::text)
      limit ${limit}
    ) found`
