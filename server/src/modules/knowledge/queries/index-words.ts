import { articleSearch, articleWords, type Db } from '@devforge/db'
import { and, eq, inArray, sql } from 'drizzle-orm'

/** Changes of the index wait for each other: its words are counted across articles. Any number; it must be nobody else's. */
const INDEX_LOCK = 7_231_004

export async function lockIndex(db: Db): Promise<void> {
  await db.execute(sql`select pg_advisory_xact_lock(${INDEX_LOCK})`)
}

/** The stem of each word in a language; words without one (stop words) are left out. */
export async function stemsOf(db: Db, dictionary: string, words: string[]): Promise<Map<string, string>> {
  if (words.length === 0) return new Map()
  const rows = await db.execute<{ word: string; stem: string | null }>(sql`
    select word, (ts_lexize(${dictionary}::regdictionary, word))[1] as stem
    from unnest(${sql.param(words)}::text[]) word`)
  return new Map(rows.flatMap(({ word, stem }) => (stem ? [[word, stem] as const] : [])))
}

export type IndexedArticle = Omit<typeof articleSearch.$inferInsert, 'no'>

/** A line that says the same is not written: each write costs all indexes of it. */
export async function upsertIndexed(db: Db, row: IndexedArticle): Promise<void> {
  await db
    .insert(articleSearch)
    .values(row)
    .onConflictDoUpdate({
      target: articleSearch.articleId,
      set: row,
      setWhere: sql`(${articleSearch.document}, ${articleSearch.audience}, ${articleSearch.category}, ${articleSearch.title},
        ${articleSearch.summary}, ${articleSearch.versionFloor}, ${articleSearch.versionCeiling}, ${articleSearch.revisedAt})
        is distinct from (excluded.document, excluded.audience, excluded.category, excluded.title,
        excluded.summary, excluded.version_floor, excluded.version_ceiling, excluded.revised_at)`,
    })
}

/** @returns for whom it was indexed, undefined when it was not */
export async function findIndexed(db: Db, articleId: string): Promise<{ audience: number } | undefined> {
  const [row] = await db
    .select({ audience: articleSearch.audience })
    .from(articleSearch)
    .where(eq(articleSearch.articleId, articleId))
  return row
}

export async function deleteIndexed(db: Db, articleId: string): Promise<void> {
  await db.delete(articleSearch).where(eq(articleSearch.articleId, articleId))
}

/** Counts an article's words once more, or once less. With the index locked. */
export async function countWords(
  db: Db,
  {
    locale,
    audience,
    stems,
    by,
  }: { locale: string; audience: number; stems: Map<string, string>; by: 1 | -1 },
): Promise<void> {
  const words = [...stems.keys(), '']
  const none = { publicCount: 0, customerCount: 0, agentCount: 0 }
  if (by === 1) {
    const rows = words.map((word) => ({ locale, word, stem: stems.get(word) ?? '', ...none }))
    await db.insert(articleWords).values(rows).onConflictDoNothing()
  }
  // Counts include the audiences before: what everybody may read, agents may, too.
  await db
    .update(articleWords)
    .set({
      ...(audience <= 0 ? { publicCount: sql`${articleWords.publicCount} + ${by}` } : {}),
      ...(audience <= 1 ? { customerCount: sql`${articleWords.customerCount} + ${by}` } : {}),
      agentCount: sql`${articleWords.agentCount} + ${by}`,
    })
    .where(and(eq(articleWords.locale, locale), inArray(articleWords.word, words)))
}

export type WordCount = typeof articleWords.$inferInsert

const CHUNK = 2_000

/** Sets all counts anew. With the index locked. */
export async function replaceWords(db: Db, counts: WordCount[]): Promise<void> {
  await db.delete(articleWords)
  for (let at = 0; at < counts.length; at += CHUNK)
    await db.insert(articleWords).values(counts.slice(at, at + CHUNK))
}

/**
 * Brings what readers say of an article into its rank: 0.87 … 1.27. Helpful or not moves it by a tenth, starting as if two of three had
 * said yes; solved problems lift it by up to a fifth on a logarithmic scale that is full at a hundred. Bounded, so that no crowd makes
 * an article an answer to everything.
 */
export const PRIOR = sql`(
  0.9 + 0.2 * (a.helpful + 2) / (a.helpful + a.not_helpful + 3.0)
  + 0.2 * least(1.0, ln(1 + a.solved) / ln(101.0)) - 0.0333)`

export async function refreshPrior(db: Db, articleId: string): Promise<void> {
  await db.execute(sql`
    update article_search s set prior = ${PRIOR}
    from articles a where a.id = ${articleId} and s.article_id = a.id`)
}
