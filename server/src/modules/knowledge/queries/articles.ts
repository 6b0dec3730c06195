import { articleEvents, articles, articleVersions, type Db, users } from '@devforge/db'
import { and, desc, eq, inArray, lt, lte, type SQL, sql } from 'drizzle-orm'

export type ArticleRow = typeof articles.$inferSelect
export type VersionRow = typeof articleVersions.$inferSelect
/** What a version says. */
export type ArticleContent = Pick<
  VersionRow,
  'title' | 'summary' | 'body' | 'category' | 'tags' | 'visibility' | 'minVersion' | 'maxVersion'
>

export async function insertArticle(
  db: Db,
  row: typeof articles.$inferInsert,
): Promise<ArticleRow | undefined> {
  const [inserted] = await db.insert(articles).values(row).onConflictDoNothing().returning()
  return inserted
}

/** Holds an article for the rest of the transaction. */
export async function lockArticle(db: Db, id: string): Promise<ArticleRow | undefined> {
  const [row] = await db.select().from(articles).where(eq(articles.id, id)).for('update')
  return row
}

export async function setArticle(
  db: Db,
  id: string,
  values: Partial<typeof articles.$inferInsert> & { updatedAt: Date },
): Promise<void> {
  await db.update(articles).set(values).where(eq(articles.id, id))
}

export async function insertVersion(db: Db, row: typeof articleVersions.$inferInsert): Promise<VersionRow> {
  const [inserted] = await db.insert(articleVersions).values(row).returning()
  if (!inserted) throw new Error('no version was inserted')
  return inserted
}

export async function findVersion(
  db: Db,
  articleId: string,
  number: number,
): Promise<VersionRow | undefined> {
  const [row] = await db
    .select()
    .from(articleVersions)
    .where(and(eq(articleVersions.articleId, articleId), eq(articleVersions.number, number)))
  return row
}

/** Versions with their authors, newest first. */
export async function pageVersions(
  db: Db,
  { articleId, before, limit }: { articleId: string; before: number | null; limit: number },
) {
  return db
    .select({ version: articleVersions, author: { id: users.id, name: users.name } })
    .from(articleVersions)
    .innerJoin(users, eq(users.id, articleVersions.authorId))
    .where(
      and(
        eq(articleVersions.articleId, articleId),
        before === null ? undefined : lt(articleVersions.number, before),
      ),
    )
    .orderBy(desc(articleVersions.number))
    .limit(limit)
}

/** An article with its newest version and who made it, as writers see it. */
const written = {
  article: articles,
  version: articleVersions,
  author: { id: users.id, name: users.name },
}

const selectWritten = (db: Db) =>
  db
    .select(written)
    .from(articles)
    .innerJoin(
      articleVersions,
      and(eq(articleVersions.articleId, articles.id), eq(articleVersions.number, articles.version)),
    )
    .innerJoin(users, eq(users.id, articleVersions.authorId))

export type WrittenArticle = Awaited<ReturnType<typeof selectWritten>>[number]

export async function findWritten(db: Db, id: string): Promise<WrittenArticle | undefined> {
  const [row] = await selectWritten(db).where(eq(articles.id, id))
  return row
}

/** Articles of any state, newest first, one more than `limit`. */
export async function pageWritten(
  db: Db,
  query: {
    status?: ArticleRow['status'] | undefined
    locale?: string | undefined
    category?: string | undefined
    cursor?: string | undefined
    limit: number
  },
): Promise<WrittenArticle[]> {
  const { status, locale, category, cursor, limit } = query
  return selectWritten(db)
    .where(
      and(
        status === undefined ? undefined : eq(articles.status, status),
        locale === undefined ? undefined : eq(articles.locale, locale),
        category === undefined ? undefined : sql`lower(${articleVersions.category}) = lower(${category})`,
        cursor === undefined ? undefined : lt(articles.id, cursor),
      ),
    )
    .orderBy(desc(articles.id))
    .limit(limit + 1)
}

/** Published articles with the text that readers see, in the order of their ids, for jobs that look at all. */
export async function pagePublished(db: Db, { after, limit }: { after: string; limit: number }) {
  return db
    .select({ article: articles, version: articleVersions })
    .from(articles)
    .innerJoin(
      articleVersions,
      and(eq(articleVersions.articleId, articles.id), eq(articleVersions.number, articles.publishedVersion)),
    )
    .where(and(eq(articles.status, 'published'), sql`${articles.id} > ${after}`))
    .orderBy(articles.id)
    .limit(limit)
}

export async function insertArticleEvent(db: Db, row: typeof articleEvents.$inferInsert): Promise<void> {
  await db.insert(articleEvents).values(row)
}

/** A published article with the text that readers see. */
const shown = { article: articles, version: articleVersions }

function selectShown(db: Db, condition: SQL | undefined) {
  return db
    .select(shown)
    .from(articles)
    .innerJoin(
      articleVersions,
      and(eq(articleVersions.articleId, articles.id), eq(articleVersions.number, articles.publishedVersion)),
    )
    .where(and(eq(articles.status, 'published'), condition))
}

export type ShownArticle = Awaited<ReturnType<typeof selectShown>>[number]

const readable = (audience: number): SQL =>
  lte(
    sql`array_position(array['public', 'customers', 'agents']::article_visibility[], ${articleVersions.visibility})`,
    audience + 1,
  )

/** The translations of a slug that somebody may read. */
export const findShown = (db: Db, slug: string, audience: number): Promise<ShownArticle[]> =>
  selectShown(db, and(eq(articles.slug, slug), readable(audience))).orderBy(articles.locale)

/** One that somebody may read, by its id. */
export async function findShownById(
  db: Db,
  id: string,
  audience: number,
): Promise<Pick<ArticleRow, 'id' | 'slug' | 'locale'> | undefined> {
  const [row] = await selectShown(db, and(eq(articles.id, id), readable(audience)))
  return row?.article
}

/** Those of some slugs that there are articles of, in whatever state. */
export async function knownSlugs(db: Db, slugs: string[]): Promise<string[]> {
  const rows = await db
    .selectDistinct({ slug: articles.slug })
    .from(articles)
    .where(inArray(articles.slug, slugs))
  return rows.map(({ slug }) => slug)
}

/** Those of some ids or slugs that somebody may read. */
export const findShownAmong = (db: Db, references: string[], audience: number): Promise<ShownArticle[]> =>
  selectShown(
    db,
    and(
      sql`(${inArray(articles.id, references)} or ${inArray(articles.slug, references)})`,
      readable(audience),
    ),
  )
