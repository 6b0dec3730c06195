import type { Sql } from '@devforge/db'

/** The statements of the search, written by hand: each is prepared once per connection and reads by its index alone. */

/** One word of the question, as tsqueries. */
export interface WantedWord {
  /** The word itself; null when no article has it. */
  exact: string | null
  /** What may stand for it, and how many those are. */
  near: string | null
  nearCount: number
  /** How much it tells: rare words more than common ones. */
  weight: number
  nearWeight: number
}

export interface ArticleFilters {
  audience: number
  /** Best first. */
  locales: string[]
  /** Of the editor, as a number. */
  version: number | null
  category: string | null
}

export interface RankedQuery extends ArticleFilters {
  /** What an article must match to be looked at. */
  candidates: string
  words: WantedWord[]
  /** The weights of all words that were asked, also of those that no article has. */
  totalWeight: number
  /** The least share of the weights that an article must match. */
  leastCovered: number
  after: { score: number; no: number } | null
  limit: number
}

export interface FoundArticle {
  no: number
  score: number
  articleId: string
  slug: string
  locale: string
  title: string
  summary: string
  category: string
  /** As the driver gives it. */
  revisedAt: string
}

/** Counts are exact up to here. */
export const COUNT_LIMIT = 1_000

const CARD = (of: string): string =>
  `${of}.article_id as "articleId", ${of}.slug, ${of}.locale, ${of}.title, ${of}.summary, ${of}.category, ${of}.revised_at as "revisedAt"`

/** $1 audience, $2 locales, $3 version of the editor, $4 category. */
const READABLE = (many: boolean): string => `
  s.audience <= $1 and s.locale = any($2::text[])
  and ($3::bigint is null or (s.version_floor <= $3 and s.version_ceiling >= $3))
  and ($4::text is null or lower(s.category) = lower($4))
  ${
    // A translation into a better language, if the reader may see it, stands for the others.
    many
      ? `and not exists (
    select from article_search better
    where better.slug = s.slug and better.audience <= $1
      and ($3::bigint is null or (better.version_floor <= $3 and better.version_ceiling >= $3))
      and array_position($2::text[], better.locale) < array_position($2::text[], s.locale))`
      : ''
  }`

/** D, C, B, A: a word of the title or the tags tells five times as much as one somewhere in the text. */
const FIELDS = `'{0.2, 0.6, 1.0, 1.0}'`

const FIRST = 11

/** Words with what they add to the score of an article. */
function scoreOf(words: number): string {
  const rows = Array.from({ length: words }, (_, i) => {
    const at = (offset: number): string => `$${FIRST + i * 5 + offset}`
    return `(greatest(
      ${at(3)}::float8 * coalesce(ts_rank(${FIELDS}, c.document, ${at(0)}::tsquery), 0),
      ${at(4)}::float8 * least(0.7, coalesce(ts_rank(${FIELDS}, c.document, ${at(1)}::tsquery) * ${at(2)}::float8, 0))
    ), ${at(3)}::float8)`
  })
  return `(select sum(hit) as hits, coalesce(sum(weight) filter (where hit > 0), 0) as covered
    from (values ${rows.join(', ')}) v(hit, weight))`
}

/** Long documents lie apart from their lines: put into an array each is fetched once, and not again for each word. */
const ranked = (words: number, many: boolean): string => `
with found as materialized (
  select c.no, (c.prior * w.hits * (0.4 + 0.6 * w.covered / $6::float8))::float8 as score
  from (
    select s.no, s.prior, (array[s.document])[1] as document
    from article_search s where s.document @@ $5::tsquery and ${READABLE(many)} offset 0
  ) c, lateral ${scoreOf(words)} w
  where w.covered >= $7::float8 * $6::float8
)
select told.total, paged.*
from (select least(count(*), ${COUNT_LIMIT + 1})::int as total from found) told
left join (
  select f.no::float8 as no, f.score, ${CARD('s')}
  from (
    select no, score from found
    where $8::float8 is null or score < $8 or (score = $8 and no < $9::bigint)
    order by score desc, no desc limit $10
  ) f join article_search s on s.no = f.no
) paged on true
order by paged.score desc, paged.no desc`

type Told = (FoundArticle | { no: null }) & { total: number }
const onPage = (rows: Told[]): FoundArticle[] =>
  rows.filter((row): row is FoundArticle & Told => row.no !== null)

export interface FoundPage {
  rows: FoundArticle[]
  total: { count: number; exact: boolean }
}

const totalOf = (count: number): FoundPage['total'] =>
  count > COUNT_LIMIT ? { count: COUNT_LIMIT, exact: false } : { count, exact: true }

/** What fits the words best. Words that are rare, in the title, or many of those that were asked count most. */
export async function rankedArticles(sql: Sql, query: RankedQuery): Promise<FoundPage> {
  const { words, after, locales } = query
  const rows = await sql.unsafe<Told[]>(
    ranked(words.length, locales.length > 1),
    [
      query.audience,
      locales,
      query.version,
      query.category,
      query.candidates,
      query.totalWeight,
      query.leastCovered,
      after?.score ?? null,
      after?.no ?? null,
      query.limit,
      ...words.flatMap(({ exact, near, nearCount, weight, nearWeight }) => [
        exact,
        near,
        nearCount,
        weight,
        nearWeight,
      ]),
    ],
    { prepare: true },
  )
  return { rows: onPage(rows), total: totalOf(rows[0]?.total ?? 0) }
}

/** Each language by the index of what helped most, and the best of those: one that begins with any of several languages has no order. */
const listed = (many: boolean, matching: boolean): string => `
select told.total, paged.*
from (${
  // How many match is not asked: to know, all of them would have to be read.
  matching
    ? 'select 0 as total'
    : `select count(*)::int as total from (select from article_search s where ${READABLE(many)} limit ${COUNT_LIMIT + 1}) counted`
}) told
left join (
  select best.no::float8 as no, best.prior::float8 as score, ${CARD('best')}
  from unnest($2::text[]) wanted(locale), lateral (
    select * from article_search s
    where s.locale = wanted.locale and ${READABLE(many)} ${matching ? 'and s.document @@ $8::tsquery and not s.document @@ $9::tsquery' : ''}
      and ($5::float8 is null or s.prior < $5 or (s.prior = $5 and s.no < $6::bigint))
    order by s.prior desc, s.no desc limit $7
  ) best
  order by best.prior desc, best.no desc limit $7
) paged on true
order by paged.score desc, paged.no desc`

/** Everything that one may read, what helped most first; of what matches (if that is asked) only what is not among `without`. */
export async function listedArticles(
  sql: Sql,
  {
    audience,
    locales,
    version,
    category,
    after,
    limit,
    matching,
  }: ArticleFilters & Pick<RankedQuery, 'after' | 'limit'> & { matching?: { all: string; without: string } },
): Promise<FoundPage> {
  const rows = await sql.unsafe<Told[]>(
    listed(locales.length > 1, matching !== undefined),
    [
      audience,
      locales,
      version,
      category,
      after?.score ?? null,
      after?.no ?? null,
      limit,
      ...(matching ? [matching.all, matching.without] : []),
    ],
    { prepare: true },
  )
  return { rows: onPage(rows), total: totalOf(rows[0]?.total ?? 0) }
}

const titled = (many: boolean): string => `
select s.no::float8 as no, word_similarity($5, lower(s.title))::float8 as score, ${CARD('s')}
from article_search s
where lower(s.title) %> $5 and ${READABLE(many)}
order by score desc, s.no desc limit $6`

/** Where no word led anywhere: titles that share trigrams with what was typed. */
export async function similarTitles(
  sql: Sql,
  { audience, locales, version, category, text, limit }: ArticleFilters & { text: string; limit: number },
): Promise<FoundArticle[]> {
  return sql.unsafe<FoundArticle[]>(
    titled(locales.length > 1),
    [audience, locales, version, category, text.toLowerCase(), limit],
    { prepare: true },
  )
}

/** How many articles a category has, of those that one may read. */
export async function countCategories(
  sql: Sql,
  { audience, locales }: Pick<ArticleFilters, 'audience' | 'locales'>,
): Promise<{ name: string; count: number }[]> {
  return sql.unsafe<{ name: string; count: number }[]>(
    locales.length > 1
      ? `select category as name, count(*)::int as count from (
           select distinct on (slug) category from article_search
           where audience <= $1 and locale = any($2::text[])
           order by slug, array_position($2::text[], locale)
         ) shown group by category order by category`
      : `select category as name, count(*)::int as count from article_search
         where audience <= $1 and locale = any($2::text[]) group by category order by category`,
    [audience, locales],
    { prepare: true },
  )
}
