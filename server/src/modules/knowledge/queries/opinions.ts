import { articleDeflections, articleFeedback, articles, type Db } from '@devforge/db'
import { and, eq, ne, sql } from 'drizzle-orm'

/** An account, or a digest of where somebody reads from. */
export type Reader = { userId: string; reader: null } | { userId: null; reader: Buffer }

const by = ({ userId, reader }: Reader) =>
  userId === null ? eq(articleFeedback.reader, reader) : eq(articleFeedback.userId, userId)

/** With the article held. */
export async function findFeedback(db: Db, articleId: string, reader: Reader): Promise<boolean | undefined> {
  const [row] = await db
    .select({ helpful: articleFeedback.helpful })
    .from(articleFeedback)
    .where(and(eq(articleFeedback.articleId, articleId), by(reader)))
  return row?.helpful
}

/** Gives a reader's opinion, or changes it. With the article held. */
export async function writeFeedback(
  db: Db,
  { articleId, reader, helpful, now }: { articleId: string; reader: Reader; helpful: boolean; now: Date },
): Promise<void> {
  const changed = await db
    .update(articleFeedback)
    .set({ helpful, updatedAt: now })
    .where(and(eq(articleFeedback.articleId, articleId), by(reader)))
    .returning({ id: articleFeedback.id })
  if (changed.length > 0) return
  await db.insert(articleFeedback).values({ articleId, ...reader, helpful, createdAt: now, updatedAt: now })
}

/** Moves the counts of an article; nothing else of it, not even when it was changed. */
export async function addOpinions(
  db: Db,
  articleId: string,
  {
    helpful = 0,
    notHelpful = 0,
    solved = 0,
    solvedByAccounts = 0,
  }: { helpful?: number; notHelpful?: number; solved?: number; solvedByAccounts?: number },
): Promise<{ helpful: number; notHelpful: number; solved: number }> {
  const [row] = await db
    .update(articles)
    .set({
      helpful: sql`${articles.helpful} + ${helpful}`,
      notHelpful: sql`${articles.notHelpful} + ${notHelpful}`,
      solved: sql`${articles.solved} + ${solved}`,
      solvedByAccounts: sql`${articles.solvedByAccounts} + ${solvedByAccounts}`,
      updatedAt: sql`${articles.updatedAt}`,
    })
    .where(eq(articles.id, articleId))
    .returning({ helpful: articles.helpful, notHelpful: articles.notHelpful, solved: articles.solved })
  if (!row) throw new Error(`no article ${articleId}`)
  return row
}

/** Whether an account said so on another day. With the article held. */
export async function saidSolvedBefore(
  db: Db,
  { articleId, userId, day }: { articleId: string; userId: string; day: string },
): Promise<boolean> {
  const [row] = await db
    .select({ id: articleDeflections.id })
    .from(articleDeflections)
    .where(
      and(
        eq(articleDeflections.articleId, articleId),
        eq(articleDeflections.userId, userId),
        ne(articleDeflections.day, day),
      ),
    )
    .limit(1)
  return row !== undefined
}

/** @returns false when the reader said so today already */
export async function insertDeflection(
  db: Db,
  row: typeof articleDeflections.$inferInsert,
): Promise<boolean> {
  const inserted = await db
    .insert(articleDeflections)
    .values(row)
    .onConflictDoNothing()
    .returning({ id: articleDeflections.id })
  return inserted.length > 0
}

/** The voices of an account that is erased stay, and are nobody's. */
export async function forgetReader(db: Db, userId: string): Promise<void> {
  await db
    .update(articleFeedback)
    .set({ userId: null, updatedAt: sql`${articleFeedback.updatedAt}` })
    .where(eq(articleFeedback.userId, userId))
  await db.update(articleDeflections).set({ userId: null }).where(eq(articleDeflections.userId, userId))
}

/** Gives the voices of one account to another. Where both said something, the first one's stays, as nobody's. */
export async function moveReader(db: Db, { from, to }: { from: string; to: string }): Promise<void> {
  await db.execute(sql`
    update article_feedback f set user_id = ${to} where f.user_id = ${from}
      and not exists (select from article_feedback own where own.article_id = f.article_id and own.user_id = ${to})`)
  await db.execute(sql`
    update article_deflections d set user_id = ${to} where d.user_id = ${from}
      and not exists (
        select from article_deflections own where own.article_id = d.article_id and own.user_id = ${to} and own.day = d.day
      )`)
  await forgetReader(db, from)
}
