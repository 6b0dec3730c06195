import type { Ctx } from '../../../context.ts'
import { quoted } from '../../marketplace/service/search/lexemes.ts'
import { ANY_VERSION, versionNumber } from '../editor-version.ts'
import { dictionaryOf } from '../locales.ts'
import { type ArticleRow, findVersion, type VersionRow } from '../queries/articles.ts'
import {
  type Counted,
  countWords,
  deleteIndexed,
  findCounted,
  type IndexedArticle,
  lockIndex,
  refreshPriors,
  saveCounted,
  setStems,
  stemsOf,
  upsertIndexed,
  type WordChange,
} from '../queries/index-words.ts'
import { cutArticle, excerptOf, type WeighedWord } from '../text/cut.ts'
import { audienceOf } from '../viewer.ts'

/** Stems are kept apart by language: `en/licens`. */
export const lexemeOf = (locale: string, stem: string): string => `${locale}/${stem}`
/** The same where it tells what an article is about, in its title or tags: few have it, however common the word. */
export const topicLexemeOf = (locale: string, stem: string): string => `t/${lexemeOf(locale, stem)}`

type Placed = Pick<ArticleRow, 'id' | 'slug' | 'locale' | 'publishedVersion' | 'revisedAt'>

interface Cut {
  words: WeighedWord[]
  stems: Map<string, string>
}

/** An article's line of the index. */
function lineOf(
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
        if (stem === undefined) return []
        const topic = /[AB]/.test(marks) ? [quoted(topicLexemeOf(locale, stem))] : []
        return [`${quoted(lexemeOf(locale, stem))}:${marks}`, ...topic]
      })
      .join(' '),
  }
}

/** A text that becomes what readers find of an article. */
export interface Fresh {
  article: Placed
  version: VersionRow
}

/** The stems of many words, a question per language. */
async function stemsByLocale(ctx: Ctx, cuts: { locale: string; words: WeighedWord[] }[]) {
  const words = new Map<string, Set<string>>()
  for (const cut of cuts) {
    const known = words.get(cut.locale) ?? new Set<string>()
    words.set(cut.locale, known)
    for (const { word } of cut.words) known.add(word)
  }
  const stems = new Map<string, Map<string, string>>()
  for (const [locale, all] of words) stems.set(locale, await stemsOf(ctx.db, dictionaryOf(locale), [...all]))
  return stems
}

/** Sums up how counts change, so that they are written once, in an order that is always the same. */
class Tally {
  readonly #changes = new Map<string, WordChange>()

  /** Counts an article's words, and the article itself as the empty word, once more or once less. */
  add(
    locale: string,
    { audience, words }: { audience: number; words: Iterable<string> },
    by: 1 | -1,
    stems?: Map<string, string>,
  ): void {
    for (const word of [...words, '']) {
      const key = `${locale}/${word}`
      const change = this.#changes.get(key) ?? {
        locale,
        word,
        stem: null,
        publicBy: 0,
        customerBy: 0,
        agentBy: 0,
      }
      this.#changes.set(key, change)
      // Counts include the audiences before: what everybody may read, agents may, too.
      if (audience <= 0) change.publicBy += by
      if (audience <= 1) change.customerBy += by
      change.agentBy += by
      if (stems) change.stem = stems.get(word) ?? ''
    }
  }

  get changes(): WordChange[] {
    return [...this.#changes.values()]
      .filter(({ publicBy, customerBy, agentBy }) => publicBy !== 0 || customerBy !== 0 || agentBy !== 0)
      .sort((a, b) => (a.locale === b.locale ? (a.word < b.word ? -1 : 1) : a.locale < b.locale ? -1 : 1))
  }
}

/** What was counted of an article before; undefined: nothing. */
async function countedBefore(ctx: Ctx, article: Placed, counted: Counted | undefined) {
  if (!counted) return undefined
  const { audience, words } = counted
  if (words !== null) return { audience, words }
  const { id, locale, publishedVersion } = article
  const version = publishedVersion === null ? undefined : await findVersion(ctx.db, id, publishedVersion)
  if (!version) return undefined
  const stems = await stemsOf(
    ctx.db,
    dictionaryOf(locale),
    cutArticle(version).map(({ word }) => word),
  )
  return { audience, words: [...stems.keys()] }
}

/**
 * Makes texts what readers find of articles; those that are as they were cost no write. With the index locked.
 * @param fresh each `article` as it was before: its `publishedVersion` is what the index holds
 */
export async function indexTexts(ctx: Ctx, fresh: Fresh[]): Promise<void> {
  const counted = await findCounted(
    ctx.db,
    fresh.map(({ article }) => article.id),
  )
  const cuts = fresh.map((one) => ({ ...one, locale: one.article.locale, words: cutArticle(one.version) }))
  const stemsOfLocale = await stemsByLocale(ctx, cuts)
  const tally = new Tally()
  for (const { article, version, locale, words } of cuts) {
    const known = stemsOfLocale.get(locale) ?? new Map<string, string>()
    const stems = new Map(words.flatMap(({ word }) => [[word, known.get(word)] as const]).filter(hasStem))
    const after = { audience: audienceOf(version.visibility), words: [...stems.keys()] }
    const entry = counted.get(article.id)
    const before = await countedBefore(ctx, article, entry)
    await upsertIndexed(ctx.db, lineOf(article, version, { words, stems }))
    if (before) tally.add(locale, before, -1)
    tally.add(locale, after, 1, stems)
    const isWritten =
      entry?.words != null && entry.audience === after.audience && sameWords(entry.words, after.words)
    if (!isWritten) await saveCounted(ctx.db, article.id, after)
  }
  await countWords(ctx.db, tally.changes)
  for (const [locale, stems] of stemsOfLocale) await setStems(ctx.db, locale, stems)
  await refreshPriors(
    ctx.db,
    fresh.map(({ article }) => article.id),
  )
}

const hasStem = (pair: readonly [string, string | undefined]): pair is [string, string] =>
  pair[1] !== undefined

const sameWords = (a: string[], b: string[]): boolean =>
  a.length === b.length && a.every((word, i) => word === b[i])

/**
 * Makes a version the one that readers find. In the caller's transaction, which holds the article.
 * @param article as it was before
 */
export async function indexArticle(ctx: Ctx, article: Placed, version: VersionRow): Promise<void> {
  await lockIndex(ctx.db)
  await indexTexts(ctx, [{ article, version }])
}

/** Takes an article out of what readers find. In the caller's transaction, which holds the article. */
export async function unindexArticle(ctx: Ctx, article: Placed): Promise<void> {
  await lockIndex(ctx.db)
  const counted = await findCounted(ctx.db, [article.id])
  const before = await countedBefore(ctx, article, counted.get(article.id))
  if (!before) return
  const tally = new Tally()
  tally.add(article.locale, before, -1)
  await countWords(ctx.db, tally.changes)
  await deleteIndexed(ctx.db, article.id)
}
