import { createTwoFilesPatch } from 'diff'
import type { Ctx } from '../../../context.ts'
import { AppError } from '../../../errors.ts'
import { toPage } from '../../../wire.ts'
import {
  type ArticleContent,
  findVersion,
  findWritten,
  pageVersions,
  pageWritten,
  type WrittenArticle,
} from '../queries/articles.ts'
import { contentOf, differing } from './content.ts'
import { renderArticle } from './render.ts'

const missing = (article: string) => new AppError('ARTICLE_NOT_FOUND', { article })

/** An article as lists of writers show it: its newest version, without the text. */
function presentListed({ article, version, author }: WrittenArticle) {
  return {
    id: article.id,
    slug: article.slug,
    locale: article.locale,
    status: article.status,
    title: version.title,
    category: version.category,
    visibility: version.visibility,
    version: article.version,
    publishedVersion: article.publishedVersion,
    author,
    helpful: article.helpful,
    notHelpful: article.notHelpful,
    solved: article.solved,
    ticketId: article.ticketId,
    publishedAt: article.publishedAt,
    createdAt: article.createdAt,
    updatedAt: article.updatedAt,
  }
}

const presentContent = (content: ArticleContent) => ({ ...content, html: renderArticle(content.body).html })

export type Article = ReturnType<typeof presentListed> & ReturnType<typeof presentContent>

/** An article with its newest version, in whatever state. @throws ARTICLE_NOT_FOUND */
export async function readArticle(ctx: Ctx, { id }: { id: string }): Promise<Article> {
  const row = await findWritten(ctx.db, id)
  if (!row) throw missing(id)
  return { ...presentListed(row), ...presentContent(contentOf(row.version)) }
}

/** Articles of any state, newest first. */
export async function listArticles(ctx: Ctx, input: Parameters<typeof pageWritten>[1]) {
  return toPage(await pageWritten(ctx.db, input), input.limit, presentListed)
}

/** One version as it was. @throws ARTICLE_NOT_FOUND */
export async function readVersion(ctx: Ctx, { id, number }: { id: string; number: number }) {
  const version = await findVersion(ctx.db, id, number)
  if (!version) throw missing(`${id}@${number}`)
  return { articleId: id, number, at: version.at, ...presentContent(contentOf(version)) }
}

/** The time to compare two texts grows with the square of what is different: beyond this they are told to be others. */
const MAX_CHANGED_LINES = 1_000
const MAX_COMPARING_MS = 100

/** How the text of one version became that of the next, as a unified difference; null where it is longer than anybody reads. */
function patchOf(before: ArticleContent | undefined, after: ArticleContent): string | null {
  const patch = createTwoFilesPatch('before', 'after', before?.body ?? '', after.body, '', '', {
    context: 3,
    maxEditLength: MAX_CHANGED_LINES,
    timeout: MAX_COMPARING_MS,
  })
  return patch ?? null
}

/** All versions of an article, newest first, each with its author and what it changed. @throws ARTICLE_NOT_FOUND */
export async function listVersions(
  ctx: Ctx,
  { id, cursor, limit }: { id: string; cursor?: string | undefined; limit: number },
) {
  const written = await findWritten(ctx.db, id)
  if (!written) throw missing(id)
  // One more tells whether there is another page, and what the last one of this page changed.
  const before = cursor === undefined ? null : Number(cursor)
  const rows = await pageVersions(ctx.db, { articleId: id, before, limit: limit + 1 })
  const items = rows.slice(0, limit).map(({ version, author }, place) => {
    const after = contentOf(version)
    const previous = rows[place + 1]
    const earlier = previous && contentOf(previous.version)
    const fields = earlier ? differing(earlier, after) : []
    return {
      number: version.number,
      title: version.title,
      author,
      note: version.note,
      restoredFrom: version.restoredFrom,
      published:
        written.article.status === 'published' && written.article.publishedVersion === version.number,
      at: version.at,
      difference: {
        fields,
        patch: earlier && !fields.includes('body') ? '' : patchOf(earlier, after),
      },
    }
  })
  const last = items.at(-1)
  return { items, nextCursor: rows.length > limit && last ? String(last.number) : null }
}
