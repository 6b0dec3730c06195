import type { Ctx } from '../../../context.ts'
import { AppError } from '../../../errors.ts'
import { localeChain } from '../locales.ts'
import { findShown, findShownAmong, knownSlugs, type ShownArticle } from '../queries/articles.ts'
import { noteOpened } from '../queries/searches.ts'
import { audienceOf, type Viewer, type Visibility } from '../viewer.ts'
import { settleSearch } from './log.ts'
import { renderArticle } from './render.ts'

/** The best translation for a reader: one of the chain, else whichever there is. */
function choose(rows: ShownArticle[], locale: string | undefined): ShownArticle | undefined {
  for (const wanted of localeChain(locale)) {
    const found = rows.find(({ article }) => article.locale === wanted)
    if (found) return found
  }
  return rows[0]
}

/**
 * A published article in the reader's language, or the nearest that there is.
 * @param searchId the search that led here, if any: writers learn that it was opened
 * @throws ARTICLE_NOT_FOUND also for what the reader may not see
 */
export async function getArticle(
  ctx: Ctx,
  viewer: Viewer,
  { slug, locale, searchId }: { slug: string; locale?: string | undefined; searchId?: string | undefined },
) {
  const rows = await findShown(ctx.db, slug.toLowerCase(), viewer.audience)
  const chosen = choose(rows, locale)
  if (!chosen) throw new AppError('ARTICLE_NOT_FOUND', { article: slug })
  const { article, version } = chosen
  if (searchId !== undefined) {
    await settleSearch(ctx.deps, searchId)
    await noteOpened(ctx.db, { searchId, articleId: article.id })
  }
  const { html, headings } = renderArticle(version.body)
  return {
    id: article.id,
    slug: article.slug,
    locale: article.locale,
    /** In which languages there is one. */
    locales: rows.map((row) => row.article.locale),
    title: version.title,
    summary: version.summary,
    category: version.category,
    tags: version.tags,
    visibility: version.visibility,
    minVersion: version.minVersion,
    maxVersion: version.maxVersion,
    body: version.body,
    html,
    headings,
    helpful: article.helpful,
    notHelpful: article.notHelpful,
    publishedAt: article.publishedAt ?? version.at,
    updatedAt: article.revisedAt ?? version.at,
  }
}

/** Those of some articles that are there and that such a reader does not see. */
export async function hiddenArticles(
  ctx: Pick<Ctx, 'db'>,
  slugs: string[],
  visibility: Visibility,
): Promise<string[]> {
  const shown = new Set(
    (await findShownAmong(ctx.db, slugs, audienceOf(visibility))).map(({ article }) => article.slug),
  )
  return (await knownSlugs(ctx.db, slugs)).filter((slug) => !shown.has(slug))
}

export interface ArticleLink {
  id: string
  slug: string
  title: string
  url: string
}

/**
 * Links to articles for a reply, in the order of the references. What whoever gets the reply may not read is left out.
 * @param references slugs or ids
 * @param reader whom the reply is for
 */
export async function articleLinks(
  ctx: Pick<Ctx, 'db' | 'deps'>,
  references: string[],
  reader: { visibility: Visibility; locale?: string | undefined },
): Promise<ArticleLink[]> {
  if (references.length === 0) return []
  const rows = await findShownAmong(ctx.db, references, audienceOf(reader.visibility))
  return [...new Set(references)].flatMap((reference) => {
    const chosen =
      rows.find(({ article }) => article.id === reference) ??
      choose(
        rows.filter(({ article }) => article.slug === reference),
        reader.locale,
      )
    if (!chosen) return []
    const { id, slug, locale } = chosen.article
    const language = locale === 'en' ? '' : `?locale=${encodeURIComponent(locale)}`
    return [
      { id, slug, title: chosen.version.title, url: `${ctx.deps.env.PUBLIC_URL}/help/${slug}${language}` },
    ]
  })
}
