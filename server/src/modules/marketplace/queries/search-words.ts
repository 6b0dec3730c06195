import type { Sql } from '@devforge/db'

export interface SimilarWord {
  misspelt: string
  word: string
  documents: number
}

/** So many per word are looked at more closely. */
const SIMILAR_LIMIT = 40

/** Words of the catalog that share trigrams with those of the given ones that it does not know. */
export async function similarWords(sql: Sql, words: string[]): Promise<SimilarWord[]> {
  return sql<SimilarWord[]>`
    select asked.word as misspelt, found.word, found.documents
    from unnest(${words}::text[]) as asked(word), similar_words(asked.word, ${SIMILAR_LIMIT}) found
    where not exists (select from search_words known where known.word = asked.word)`
}
