import { newId } from '@devforge/db'
import { actorLabel, type Ctx, type SessionActor } from '../../../context.ts'
import { AppError } from '../../../errors.ts'
import { inTx } from '../../../tx.ts'
import {
  type ArticleContent,
  type ArticleRow,
  findVersion,
  insertArticle,
  insertArticleEvent,
  insertVersion,
  lockArticle,
  setArticle,
  type VersionRow,
} from '../queries/articles.ts'
import { assertVersions, type ContentChange, changed, contentOf, differing } from './content.ts'
import { indexArticle, unindexArticle } from './index-article.ts'
import { type Article, readArticle } from './manage.ts'

export type WriterCtx = Ctx<Extract<SessionActor, { type: 'agent' | 'admin' }>>

const missing = (article: string) => new AppError('ARTICLE_NOT_FOUND', { article })

/** Writes down what happened to an article, in the caller's transaction. */
async function record(
  ctx: Ctx,
  articleId: string,
  type: `article.${string}`,
  { before, after }: { before?: Record<string, unknown>; after?: Record<string, unknown> } = {},
): Promise<void> {
  await insertArticleEvent(ctx.db, {
    articleId,
    type,
    actor: actorLabel(ctx.actor),
    at: ctx.deps.clock.now(),
    ...(before ? { before } : {}),
    ...(after ? { after } : {}),
  })
}

/** Holds an article that somebody looked at as this version. @throws ARTICLE_NOT_FOUND, CONFLICT */
async function hold(ctx: Ctx, { id, version }: { id: string; version: number }): Promise<ArticleRow> {
  const article = await lockArticle(ctx.db, id)
  if (!article) throw missing(id)
  if (article.version !== version) throw new AppError('CONFLICT')
  return article
}

async function versionOf(ctx: Ctx, articleId: string, number: number): Promise<VersionRow> {
  const version = await findVersion(ctx.db, articleId, number)
  if (!version) throw missing(`${articleId}@${number}`)
  return version
}

/** `Ask for a refund` → `ask-for-a-refund`. */
export function slugOf(title: string): string {
  const plain = title
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll('ß', 'ss')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 80)
    .replace(/-+$/, '')
  return /[a-z0-9]/.test(plain) ? plain : 'article'
}

export interface NewArticle extends ArticleContent {
  slug?: string | undefined
  locale: string
  note?: string | undefined
  ticketId?: string | undefined
}

/** Starts a draft. @throws ARTICLE_SLUG_TAKEN, INVALID_INPUT */
export async function createArticle(ctx: WriterCtx, input: NewArticle): Promise<Article> {
  const { slug = slugOf(input.title), locale, note, ticketId, ...content } = input
  assertVersions(content)
  const id = await inTx(ctx, async (ctx) => {
    const now = ctx.deps.clock.now()
    const { userId } = ctx.actor
    const article = await insertArticle(ctx.db, {
      id: newId('art'),
      slug,
      locale,
      createdBy: userId,
      ticketId,
      createdAt: now,
      updatedAt: now,
    })
    if (!article) throw new AppError('ARTICLE_SLUG_TAKEN', { slug, locale })
    await insertVersion(ctx.db, {
      ...content,
      articleId: article.id,
      number: 1,
      note,
      authorId: userId,
      at: now,
    })
    await record(ctx, article.id, 'article.created', {
      after: { slug, locale, ...(ticketId === undefined ? {} : { ticketId }) },
    })
    return article.id
  })
  return readArticle(ctx, { id })
}

/** Adds a version to an article that is held. */
async function addVersion(
  ctx: WriterCtx,
  article: ArticleRow,
  content: ArticleContent,
  { note, restoredFrom }: { note?: string | undefined; restoredFrom?: number },
): Promise<void> {
  const now = ctx.deps.clock.now()
  const number = article.version + 1
  await insertVersion(ctx.db, {
    ...content,
    articleId: article.id,
    number,
    note,
    restoredFrom,
    authorId: ctx.actor.userId,
    at: now,
  })
  await setArticle(ctx.db, article.id, { version: number, updatedAt: now })
}

/**
 * Makes a new version of a text. Readers see it once it is published. A change that changes nothing makes none.
 * @throws ARTICLE_NOT_FOUND, CONFLICT when somebody else changed it since `version`, INVALID_INPUT
 */
export async function updateArticle(
  ctx: WriterCtx,
  {
    id,
    version,
    note,
    ...change
  }: { id: string; version: number; note?: string | undefined } & ContentChange,
): Promise<Article> {
  await inTx(ctx, async (ctx) => {
    const article = await hold(ctx, { id, version })
    const before = contentOf(await versionOf(ctx, id, article.version))
    const after = changed(before, change)
    const fields = differing(before, after)
    if (fields.length === 0) return
    assertVersions(after)
    await addVersion(ctx, article, after, { note })
    await record(ctx, id, 'article.updated', { after: { version: article.version + 1, fields } })
  })
  return readArticle(ctx, { id })
}

/** Takes up an old text as the newest version. Throws like {@link updateArticle}. */
export async function restoreArticle(
  ctx: WriterCtx,
  { id, number, version }: { id: string; number: number; version: number },
): Promise<Article> {
  await inTx(ctx, async (ctx) => {
    const article = await hold(ctx, { id, version })
    const old = await versionOf(ctx, id, number)
    await addVersion(ctx, article, contentOf(old), { restoredFrom: number })
    await record(ctx, id, 'article.restored', { after: { version: article.version + 1, from: number } })
  })
  return readArticle(ctx, { id })
}

/** What customers and agents said to each other is nothing to be read by all, however well it was redacted. @throws ARTICLE_NOT_REVIEWED */
async function assertReviewed(ctx: Ctx, { id, ticketId }: ArticleRow, text: VersionRow): Promise<void> {
  if (ticketId === null) return
  const first = text.number === 1 ? text : await versionOf(ctx, id, 1)
  if (first.body === text.body) throw new AppError('ARTICLE_NOT_REVIEWED', { article: id })
}

/**
 * Lets readers see the newest version, also of an archived article. Publishing what is published changes nothing.
 * @throws ARTICLE_NOT_FOUND, CONFLICT, ARTICLE_NOT_REVIEWED
 */
export async function publishArticle(
  ctx: WriterCtx,
  { id, version }: { id: string; version: number },
): Promise<Article> {
  await inTx(ctx, async (ctx) => {
    const article = await hold(ctx, { id, version })
    const { status, publishedVersion } = article
    if (status === 'published' && publishedVersion === version) return
    const now = ctx.deps.clock.now()
    // What is merely shown again has not been revised.
    const revisedAt = publishedVersion === version && article.revisedAt ? article.revisedAt : now
    const text = await versionOf(ctx, id, version)
    await assertReviewed(ctx, article, text)
    await indexArticle(ctx, { ...article, revisedAt }, text)
    await setArticle(ctx.db, id, {
      status: 'published',
      publishedVersion: version,
      publishedAt: article.publishedAt ?? now,
      revisedAt,
      updatedAt: now,
    })
    await record(ctx, id, 'article.published', {
      before: { status, version: publishedVersion },
      after: { status: 'published', version },
    })
  })
  return readArticle(ctx, { id })
}

/** Takes an article away from readers. Its texts stay with the writers. @throws ARTICLE_NOT_FOUND, CONFLICT */
export async function archiveArticle(
  ctx: WriterCtx,
  { id, version }: { id: string; version: number },
): Promise<Article> {
  await inTx(ctx, async (ctx) => {
    const article = await hold(ctx, { id, version })
    const { status } = article
    if (status === 'archived') return
    await unindexArticle(ctx, article)
    await setArticle(ctx.db, id, { status: 'archived', updatedAt: ctx.deps.clock.now() })
    await record(ctx, id, 'article.archived', { before: { status }, after: { status: 'archived' } })
  })
  return readArticle(ctx, { id })
}
