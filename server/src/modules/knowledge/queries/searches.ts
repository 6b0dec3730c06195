import { type Db, knowledgeSearches } from '@devforge/db'
import { and, desc, eq, gte, isNotNull, lt, sql } from 'drizzle-orm'

export type NewSearch = typeof knowledgeSearches.$inferInsert

/** Rows in one statement. */
const CHUNK = 500

export async function insertSearches(db: Db, rows: NewSearch[]): Promise<void> {
  for (let at = 0; at < rows.length; at += CHUNK)
    await db.insert(knowledgeSearches).values(rows.slice(at, at + CHUNK))
}

/** Notes that an article was opened from where it was shown; once per search. */
export async function noteOpened(
  db: Db,
  { searchId, articleId }: { searchId: string; articleId: string },
): Promise<void> {
  await db
    .update(knowledgeSearches)
    .set({ opened: sql`array_append(${knowledgeSearches.opened}, ${articleId})` })
    .where(
      and(
        eq(knowledgeSearches.id, searchId),
        sql`${articleId} = any(${knowledgeSearches.shown})`,
        sql`not ${articleId} = any(${knowledgeSearches.opened})`,
      ),
    )
}

/** Whether a search showed an article. */
export async function hasShown(
  db: Db,
  { searchId, articleId }: { searchId: string; articleId: string },
): Promise<boolean> {
  const [row] = await db
    .select({ id: knowledgeSearches.id })
    .from(knowledgeSearches)
    .where(and(eq(knowledgeSearches.id, searchId), sql`${articleId} = any(${knowledgeSearches.shown})`))
  return row !== undefined
}

/** Searches that found nothing, what was asked most first. */
export async function nothingFound(db: Db, { since, limit }: { since: Date; limit: number }) {
  return db
    .select({
      query: sql<string>`${knowledgeSearches.query}`,
      count: sql<number>`count(*)::int`,
      lastAt: sql<Date>`max(${knowledgeSearches.at})`.mapWith(knowledgeSearches.at),
    })
    .from(knowledgeSearches)
    .where(
      and(
        eq(knowledgeSearches.found, 0),
        isNotNull(knowledgeSearches.query),
        gte(knowledgeSearches.at, since),
      ),
    )
    .groupBy(knowledgeSearches.query)
    .orderBy(desc(sql`count(*)`), desc(sql`max(${knowledgeSearches.at})`))
    .limit(limit)
}

export async function deleteSearchesBefore(db: Db, before: Date): Promise<void> {
  await db.delete(knowledgeSearches).where(lt(knowledgeSearches.at, before))
}

/** Per article: how often it was shown and opened, and how often it solved the problem, what solved most first. */
export async function deflections(
  db: Db,
  { since, limit }: { since: Date; limit: number },
): Promise<
  {
    id: string
    slug: string
    locale: string
    title: string
    shown: number
    opened: number
    solved: number
    helpful: number
    notHelpful: number
  }[]
> {
  const rows = await db.execute<{
    id: string
    slug: string
    locale: string
    title: string
    shown: number
    opened: number
    solved: number
    helpful: number
    notHelpful: number
  }>(sql`
    with shown as (
      select article_id, count(*)::int as times
      from knowledge_searches, unnest(shown) article_id where at >= ${since.toISOString()}::timestamptz group by article_id
    ), opened as (
      select article_id, count(*)::int as times
      from knowledge_searches, unnest(opened) article_id where at >= ${since.toISOString()}::timestamptz group by article_id
    ), solved as (
      select article_id, count(*)::int as times
      from article_deflections where at >= ${since.toISOString()}::timestamptz group by article_id
    )
    select a.id, a.slug, a.locale, v.title, coalesce(s.times, 0) as shown, coalesce(o.times, 0) as opened,
      coalesce(d.times, 0) as solved, a.helpful, a.not_helpful as "notHelpful"
    from articles a
    join article_versions v on v.article_id = a.id and v.number = coalesce(a.published_version, a.version)
    left join shown s on s.article_id = a.id
    left join opened o on o.article_id = a.id
    left join solved d on d.article_id = a.id
    where a.status = 'published' or s.times > 0 or d.times > 0
    order by coalesce(d.times, 0) desc, coalesce(s.times, 0) desc, a.id
    limit ${limit}`)
  return [...rows]
}
