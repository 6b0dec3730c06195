import { articleSearch, articleWordLists, type Db } from '@devforge/db'
import { eq, inArray, sql } from 'drizzle-orm'

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

/** What was counted of an article, and for whom. `words` is null where that was not written down: it was those of its published text. */
export interface Counted {
  audience: number
  words: string[] | null
}

/** What was counted of articles. Those that were not have no entry. */
export async function findCounted(db: Db, articleIds: string[]): Promise<Map<string, Counted>> {
  const rows = await db
    .select({
      id: articleSearch.articleId,
      lineAudience: articleSearch.audience,
      audience: articleWordLists.audience,
      words: articleWordLists.words,
    })
    .from(articleSearch)
    .leftJoin(articleWordLists, eq(articleWordLists.articleId, articleSearch.articleId))
    .where(inArray(articleSearch.articleId, articleIds))
  return new Map(
    rows.map(({ id, lineAudience, audience, words }) => [id, { audience: audience ?? lineAudience, words }]),
  )
}

/** Writes down what was counted. */
export async function saveCounted(
  db: Db,
  articleId: string,
  counted: { audience: number; words: string[] },
): Promise<void> {
  await db
    .insert(articleWordLists)
    .values({ articleId, ...counted })
    .onConflictDoUpdate({ target: articleWordLists.articleId, set: counted })
}

export async function deleteIndexed(db: Db, articleId: string): Promise<void> {
  await db.delete(articleSearch).where(eq(articleSearch.articleId, articleId))
  await db.delete(articleWordLists).where(eq(articleWordLists.articleId, articleId))
}

/** By how much the counts of a word change. */
export interface WordChange {
  locale: string
  word: string
  /** Null where it is only counted less: then it is known already. */
  stem: string | null
  publicBy: number
  customerBy: number
  agentBy: number
}

/** Changes counts of words. With the index locked. */
export async function countWords(db: Db, changes: WordChange[]): Promise<void> {
  if (changes.length === 0) return
  const column = <K extends keyof WordChange>(key: K) => sql.param(changes.map((change) => change[key]))
  await db.execute(sql`
    insert into article_words as w (locale, word, stem, public_count, customer_count, agent_count)
    select c.locale, c.word, coalesce(c.stem, ''), c.public_by, c.customer_by, c.agent_by
    from unnest(${column('locale')}::text[], ${column('word')}::text[], ${column('stem')}::text[], ${column('publicBy')}::int[],
      ${column('customerBy')}::int[], ${column('agentBy')}::int[]) c(locale, word, stem, public_by, customer_by, agent_by)
    on conflict (locale, word) do update set
      public_count = w.public_count + excluded.public_count,
      customer_count = w.customer_count + excluded.customer_count,
      agent_count = w.agent_count + excluded.agent_count`)
  const fewer = changes.filter(({ agentBy }) => agentBy < 0)
  if (fewer.length === 0) return
  await db.execute(sql`
    delete from article_words w
    using unnest(${sql.param(fewer.map(({ locale }) => locale))}::text[], ${sql.param(fewer.map(({ word }) => word))}::text[]) c(locale, word)
    where w.locale = c.locale and w.word = c.word and w.agent_count <= 0`)
}

/** Sets stems of known words that are others than before: the dictionary of their language is another. With the index locked. */
export async function setStems(db: Db, locale: string, stems: Map<string, string>): Promise<void> {
  await db.execute(sql`
    update article_words w set stem = s.stem
    from unnest(${sql.param([...stems.keys()])}::text[], ${sql.param([...stems.values()])}::text[]) s(word, stem)
    where w.locale = ${locale} and w.word = s.word and w.stem <> s.stem`)
}

/**
 * Brings what readers say of an article into its rank: 0.87 … 1.27. Helpful or not moves it by a tenth, starting as if two of three had
 * said yes; solved problems lift it by up to a fifth on a logarithmic scale that is full at a hundred. Bounded, so that no crowd makes
 * an article an answer to everything. Each account counts once, and whatever else is said (by strangers, of whom one can be many, or again)
 * no more than ten accounts: half of what there is to be had.
 */
export const PRIOR = sql`(
  0.9 + 0.2 * (a.helpful + 2) / (a.helpful + a.not_helpful + 3.0)
  + 0.2 * least(1.0, ln(1 + a.solved_by_accounts + least(10, greatest(0, a.solved - a.solved_by_accounts))) / ln(101.0)) - 0.0333)`

export async function refreshPriors(db: Db, articleIds: string[]): Promise<void> {
  await db.execute(sql`
    update article_search s set prior = ${PRIOR}
    from articles a
    where a.id = any(${sql.param(articleIds)}::text[]) and s.article_id = a.id and s.prior is distinct from (${PRIOR})::real`)
}
