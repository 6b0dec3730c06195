import type { Ctx } from '../../../context.ts'
import { quoted } from '../../marketplace/service/search/lexemes.ts'
import { ANY_VERSION, versionNumber } from '../editor-version.ts'
import { dictionaryOf } from '../locales.ts'
import { type ArticleRow, findVersion, type VersionRow } from '../queries/articles.ts'
import {
  countWords,
  deleteIndexed,
  findIndexed,
  type IndexedArticle,
  lockIndex,
  refreshPrior,
  stemsOf,
  upsertIndexed,
} from '../queries/index-words.ts'
import { cutArticle, excerptOf, type WeighedWord } from '../text/cut.ts'
import { audienceOf } from '../viewer.ts'

/** Stems are kept apart by language: `en/licens`. */
export const lexemeOf = (locale: string, stem: string): string => `${locale}/${stem}`

type Placed = Pick<ArticleRow, 'id' | 'slug' | 'locale' | 'publishedVersion' | 'revisedAt'>

export interface Cut {
  words: WeighedWord[]
  stems: Map<string, string>
}

async function cut(ctx: Ctx, locale: string, version: VersionRow): Promise<Cut> {
  const words = cutArticle(version)
  const stems = await stemsOf(
    ctx.db,
    dictionaryOf(locale),
    words.map(({ word }) => word),
  )
  return { words, stems }
}

/** An article's line of the index. */
export function lineOf(
  { id, slug, locale, revisedAt }: Placed,
  version: VersionRow,
  { words, stems }: Cut,
): IndexedArticle {
  const { minVersion, maxVersion } = version
  return {
    articleId: id,
    slug,
    locale,
    audience: audienceOf(version.visibility),
    category: version.category,
    title: version.title,
    summary: version.summary || excerptOf(version.body),
    versionFloor: minVersion === null ? ANY_VERSION.floor : versionNumber(minVersion),
    versionCeiling: maxVersion === null ? ANY_VERSION.ceiling : versionNumber(maxVersion),
    revisedAt: revisedAt ?? version.at,
    document: words
      .flatMap(({ word, marks }) => {
        const stem = stems.get(word)
        return stem === undefined ? [] : [`${quoted(lexemeOf(locale, stem))}:${marks}`]
      })
      .join(' '),
  }
}

/** Takes what was indexed of an article out of the counts. */
async function uncount(ctx: Ctx, { id, locale, publishedVersion }: Placed): Promise<boolean> {
  const indexed = await findIndexed(ctx.db, id)
  if (!indexed) return false
  const version = publishedVersion === null ? undefined : await findVersion(ctx.db, id, publishedVersion)
  if (version) {
    const { stems } = await cut(ctx, locale, version)
    await countWords(ctx.db, { locale, audience: indexed.audience, stems, by: -1 })
  }
  return true
}

/**
 * Makes a version the one that readers find. In the caller's transaction, which holds the article.
 * @param article as it was before: its `publishedVersion` is what the index holds
 */
export async function indexArticle(ctx: Ctx, article: Placed, version: VersionRow): Promise<void> {
  await lockIndex(ctx.db)
  await uncount(ctx, article)
  const { id, locale } = article
  const fresh = await cut(ctx, locale, version)
  await upsertIndexed(ctx.db, lineOf(article, version, fresh))
  await countWords(ctx.db, { locale, audience: audienceOf(version.visibility), stems: fresh.stems, by: 1 })
  await refreshPrior(ctx.db, id)
}

/** Takes an article out of what readers find. In the caller's transaction, which holds the article. */
export async function unindexArticle(ctx: Ctx, article: Placed): Promise<void> {
  await lockIndex(ctx.db)
  if (await uncount(ctx, article)) await deleteIndexed(ctx.db, article.id)
}
