import type { Sql } from '@devforge/db'
import type { Ctx } from '../../../context.ts'
import { openCursor, sealCursor } from '../../../cursor.ts'
import { versionNumber } from '../editor-version.ts'
import { localeChain } from '../locales.ts'
import {
  type ArticleFilters,
  countCategories,
  type FoundArticle,
  type FoundPage,
  listedArticles,
  type RankedQuery,
  rankedArticles,
  similarTitles,
} from '../queries/search.ts'
import type { Viewer } from '../viewer.ts'
import { admitSearch } from './admit.ts'
import { logSearch } from './log.ts'
import { type Question, type QuestionWord, understand } from './question.ts'

/** With fewer articles that have all words, those that have some are looked at, too. */
const FEW = 3
/** Of what was asked, an article that is found by some of the words must answer so much. */
const LEAST_COVERED = 0.4
/**
 * So many articles are enough to choose from: each that is ranked is read. Of words that more have, those are looked at that are about them,
 * and the others are listed after them.
 */
const ENOUGH = 300

const either = ({ exact, near }: QuestionWord): string =>
  `(${[exact, near].filter((query) => query !== null).join(' | ')})`

const allOf = (words: QuestionWord[]): string => words.map(either).join(' & ')
const aboutAnyOf = (words: QuestionWord[]): string => words.map(({ topic }) => `(${topic})`).join(' | ')

/** A query that is met by at least one of the rarest words, and by as many articles as are worth ranking. */
export function someOf(words: QuestionWord[], enough = ENOUGH): string {
  const chosen: string[] = []
  let documents = 0
  for (const word of words.toSorted((a, b) => a.documents - b.documents)) {
    if (chosen.length >= 2 && documents + word.documents > enough) break
    chosen.push(word.documents > enough ? `(${word.topic})` : either(word))
    documents += word.documents
  }
  return chosen.join(' | ')
}

export function filtersOf(
  viewer: Viewer,
  input: { locale?: string | undefined; editorVersion?: string | undefined; category?: string | undefined },
): ArticleFilters {
  const { locale, editorVersion, category } = input
  return {
    audience: viewer.audience,
    locales: localeChain(locale),
    version: editorVersion === undefined ? null : versionNumber(editorVersion),
    category: category ?? null,
  }
}

export const presentFound = ({
  articleId,
  slug,
  locale,
  title,
  summary,
  category,
  revisedAt,
}: FoundArticle) => ({
  id: articleId,
  slug,
  locale,
  title,
  summary,
  category,
  updatedAt: new Date(revisedAt),
})

export interface SearchArticles {
  query: string
  category?: string | undefined
  locale?: string | undefined
  editorVersion?: string | undefined
  cursor?: string | undefined
  limit: number
}

/** Where a page ended: in which way of searching, and after which article. */
type Way = 'all' | 'rest' | 'some' | 'listed'
interface Place {
  way: Way
  score: number
  no: number
  /** As the first page told it: what comes after it does not count anew. */
  total: FoundPage['total']
}

/**
 * Searches what the viewer may read: articles that have all words first; where those are few, ones that have some. Without words, all of
 * them, what helped most first.
 * @throws INVALID_INPUT for a cursor of another search, RATE_LIMITED
 */
export async function searchArticles(ctx: Ctx, viewer: Viewer, input: SearchArticles) {
  const { query, limit } = input
  if (query.trim() !== '') admitSearch(ctx, viewer)
  const filters = filtersOf(viewer, input)
  const asked = JSON.stringify(['knowledge', query, filters])
  const after = input.cursor === undefined ? null : placeOf(openCursor(ctx.deps.secrets, asked, input.cursor))
  const { way, page } = await find(ctx, { query, filters, after, limit: limit + 1 })
  const rows = page.rows.slice(0, limit)
  const last = rows.at(-1)
  const total = after?.total ?? page.total
  const items = rows.map(presentFound)
  const isFirst = after === null && query.trim() !== ''
  return {
    items,
    nextCursor:
      page.rows.length > limit && last
        ? sealCursor(ctx.deps.secrets, asked, [
            last.way ?? way,
            last.score,
            last.no,
            total.count,
            total.exact ? 1 : 0,
          ])
        : null,
    total,
    searchId: isFirst
      ? logSearch(ctx, {
          kind: 'search',
          text: query,
          locale: filters.locales[0] ?? 'en',
          found: total.count,
          shown: items.map(({ id }) => id),
        })
      : null,
  }
}

/** Articles, how they were found, and each by itself where that differs. */
interface Page {
  way: Way
  page: { rows: (FoundArticle & { way?: Way })[]; total: FoundPage['total'] }
}

const WAYS: Record<string, Way> = { all: 'all', rest: 'rest', some: 'some', listed: 'listed' }

const placeOf = ([way, score, no, count, exact]: (string | number)[]): Place => ({
  way: WAYS[String(way)] ?? 'some',
  score: Number(score),
  no: Number(no),
  total: { count: Number(count), exact: exact === 1 },
})

async function find(
  ctx: Ctx,
  {
    query,
    filters,
    after,
    limit,
  }: { query: string; filters: ArticleFilters; after: Place | null; limit: number },
): Promise<Page> {
  const { sql } = ctx.deps
  if (query.trim() === '')
    return { way: 'listed', page: await listedArticles(sql, { ...filters, after, limit }) }
  const question = await understand(ctx, query, { ...filters, lastIsOpen: true })
  const { words } = question
  const asked = { ...filters, after, limit }
  if (words.length > 0) {
    if (question.unknown === 0 && after?.way !== 'some') {
      // In one category there are few enough of any word.
      const isCommon = filters.category === null && words.every(({ documents }) => documents > ENOUGH)
      const { way, page } = isCommon
        ? await common(sql, question, asked)
        : {
            way: 'all' as const,
            page: await rankedArticles(sql, { ...rankedQuery(question, 'all'), ...asked }),
          }
      if (page.total.count >= FEW || words.length === 1 || after !== null) return { way, page }
    }
    const page = await rankedArticles(sql, { ...rankedQuery(question, 'some'), ...asked })
    if (page.total.count > 0 || after !== null) return { way: 'some', page }
  }
  const rows = await similarTitles(sql, {
    ...filters,
    text: query.replaceAll(/\p{Cc}/gu, ' '),
    limit: limit - 1,
  })
  return { way: 'some', page: { rows, total: { count: rows.length, exact: true } } }
}

type WordsOf = Pick<RankedQuery, 'candidates' | 'words' | 'totalWeight' | 'leastCovered'>

function rankedQuery({ words, totalWeight }: Question, way: 'all' | 'some'): WordsOf {
  return way === 'all'
    ? { candidates: allOf(words), words, totalWeight, leastCovered: 0 }
    : { candidates: someOf(words), words, totalWeight, leastCovered: LEAST_COVERED }
}

/** A page may be of two ways; the next goes on where its last article was. */
const on =
  (way: Way) =>
  (row: FoundArticle): FoundArticle & { way: Way } => ({ ...row, way })

/** Words that are everywhere: first what is about one of them, ranked; then the others that have all, what helped most first. */
async function common(
  sql: Sql,
  question: Question,
  asked: ArticleFilters & { after: Place | null; limit: number },
): Promise<Page> {
  const all = allOf(question.words)
  const about = aboutAnyOf(question.words)
  const { after, limit } = asked
  const first =
    after?.way === 'rest'
      ? null
      : await rankedArticles(sql, {
          ...rankedQuery(question, 'all'),
          candidates: `(${all}) & (${about})`,
          ...asked,
        })
  if (first && first.rows.length >= limit)
    return { way: 'all', page: { rows: first.rows, total: { ...first.total, exact: false } } }
  const before = first?.rows ?? []
  const rest = await listedArticles(sql, {
    ...asked,
    after: first ? null : after,
    limit: limit - before.length,
    matching: { all, without: about },
  })
  const rows = [...before.map(on('all')), ...rest.rows.map(on('rest'))]
  // How many there are besides is not counted: at least these.
  const count = (first?.total.count ?? 0) + rest.rows.length
  return { way: 'rest', page: { rows, total: { count, exact: rows.length < limit } } }
}

/** Categories with how many articles the viewer finds in them. */
export async function listCategories(ctx: Ctx, viewer: Viewer, { locale }: { locale?: string | undefined }) {
  return {
    items: await countCategories(ctx.deps.sql, { audience: viewer.audience, locales: localeChain(locale) }),
  }
}
