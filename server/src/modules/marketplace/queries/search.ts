import type { Sql } from '@devforge/db'
import { SEARCH_TIERS } from '@devforge/db'
import { type ChangesSince, changesSinceSql, type Snapshot } from './catalog-changes.ts'

/**
 * The statements of the search, written by hand: each is one prepared statement whose work is bounded, however large the catalog is and
 * however common a word. Tiers are walked from the most popular down, each by its own text index, until enough has been found; a tier
 * that is not needed is never touched (a one-time filter).
 */

/** What a ranked search asks for; literals of type tsquery. */
export interface RankedQuery {
  all: string
  names: string
  /** As `names`, without tags. */
  title: string
  rank: string
  /** The filters alone, for what is found by its exact name. */
  filters: string | null
  /** In what was typed, without corrections: what matches only the corrections comes after all others. */
  strict: string | null
  squashed: string
  identifier: string | null
  words: number
  engine: number
}

/** Where a ranked page begins: below this score, and at equal scores below this number. */
export interface RankedPlace {
  score: number
  no: number
}

export interface RankedRow {
  extensionId: string
  no: number
  score: number
}

/** How far the tiers were walked. */
export interface RankedFound {
  rows: RankedRow[]
  /** Everything found, on this page and others. */
  found: number
  /** Tiers in which every match was taken; in those up to `namesTo` only matches of names. */
  fullTo: number
  namesTo: number
  /** How many match in all, up to one more than `COUNT_LIMIT`; null where that was not asked. */
  total: number | null
  /** Of the catalog, up to this very statement. */
  changes: ChangesSince
}

/** Of a tier that is full of a word. */
const TIER_LIMIT = 4_000
/** Extensions of the very same name. */
const SAME_NAME_LIMIT = 20
/** Counts are exact up to here. */
export const COUNT_LIMIT = 1_000

const tiers = Array.from({ length: SEARCH_TIERS }, (_, tier) => tier)

/**
 * Text score × prior. Words in names count by how much of the display name they are, words in tags do not. An exact name counts four times, so that a plain extension of that name beats a well-known one that only
 * mentions it; yet what nobody knows and was published yesterday has a prior eight times smaller than an original's.
 */
const SCORE = `
  (prior
    * (0.02 + ts_rank(document, $3::tsquery)
      + case
          when document @@ $10::tsquery then 0.2 + 0.3 * least(1.0, $8::real / title_words)
          when document @@ $2::tsquery then 0.2
          else 0
        end)
    * case
        when title_squash = $6 or name_squash = $6 then 4.0
        when starts_with(title_squash, $6) then least(2.5, 1.0 + 0.5 * $8::real)
        else 1.0
      end
    * case when $5::tsquery is null or document @@ $5::tsquery then 1.0 else 0.05 end
    + case when identifier = $7 then 1e6 else 0 end)::float8`

/** What is kept of a candidate: carrying documents from step to step costs more than spelling the score out in each. */
const CANDIDATE = `no, extension_id, ${SCORE} as score`

/**
 * Tier by tier: until enough were found every match, then, until twice as many were, matches of names only. `n` counts them up to here.
 * Both questions are answered once per tier, before it is touched.
 */
const tierQuery = (tier: number): string => `
t${tier} as materialized (
  select ${CANDIDATE}
  from extension_search
  where tier = ${tier} and engine_floor <= $9
    and ${
      tier === 0
        ? 'document @@ $1::tsquery'
        : `(select n from n${tier - 1}) < 2 * $15::int
    and document @@ (case when (select n from n${tier - 1}) < $15::int then $1::tsquery else $2::tsquery end)`
    }
  limit ${TIER_LIMIT}
),
n${tier} as materialized (
  select ${tier === 0 ? '' : `(select n from n${tier - 1}) + `}count(*) as n from t${tier}
)`

/** Found by its name or identifier, wherever it stands. */
const EXACT = `
exact as materialized (
  select ${CANDIDATE}
  from extension_search
  where no in (
      select no from extension_search where identifier = $7
      union all (select no from extension_search where title_squash = $6 order by prior desc limit ${SAME_NAME_LIMIT})
      union all (select no from extension_search where name_squash = $6 order by prior desc limit ${SAME_NAME_LIMIT})
    )
    and ($4::tsquery is null or document @@ $4::tsquery) and engine_floor <= $9
)`

/** A page of what was found, beside what there is to tell of all of it. */
const PAGE = (told: string): string => `
select told.*, paged.*
from (select ${told}) told
left join (
  select extension_id as "extensionId", no::float8 as no, score
  from found
  where $11::float8 is null or score < $11 or (score = $11 and found.no < $12::bigint)
  order by score desc, found.no desc
  limit $13 offset $14
) paged on true
order by paged.score desc, paged.no desc`

/** How many were found when there were enough: the matches of the tiers that were taken in full. */
const IN_FULL = `least(${tiers.map((tier) => `(select case when n >= $15::int then n end from n${tier})`).join(', ')})`

/** Goes on counting in the tiers that were not taken in full, up to $17 in all. Without any, all that was found is all there is. */
const COUNTED = `
counted as materialized (
  select count(*) as n from (
    ${tiers
      .slice(1)
      .map(
        (tier) => `select 1 from extension_search
    where tier = ${tier} and (select n from n${tier - 1}) >= $15::int and document @@ $1::tsquery and engine_floor <= $9`,
      )
      .join(' union all ')}
    limit greatest(0, $17::int - coalesce(${IN_FULL}, 0))
  ) more
)`

const ranked = (counts: boolean): string => `
with ${tiers.map(tierQuery).join(',')},
${EXACT},
${counts ? `${COUNTED},` : ''}
found as materialized (
  select no, extension_id, max(score) as score
  from (${tiers.map((tier) => `select * from t${tier}`).join(' union all ')} union all select * from exact) candidates
  group by no, extension_id
)
${PAGE(`(select count(*) from found)::int as found, ${counts ? '(select n from counted)::int' : '0'} as more,
  array[${tiers.map((tier) => `(select n from n${tier})::int`).join(', ')}] as walked, ${changesSinceSql('$16')}`)}`
const RANKED = ranked(false)
const RANKED_AND_COUNTED = ranked(true)

/** Where nothing is on the page, there is one row without an extension. */
type Told<T> = (RankedRow | { extensionId: null }) & T
const onPage = <T>(rows: Told<T>[]): (RankedRow & T)[] =>
  rows.filter((row): row is RankedRow & T => row.extensionId !== null)

const parameters = (query: RankedQuery) => [
  query.all,
  query.names,
  query.rank,
  query.filters,
  query.strict,
  query.squashed,
  query.identifier,
  query.words,
  query.engine,
  query.title,
]

/** The best matches, from as many tiers as it takes to find `enough` to choose from. @param counts also tell how many there are in all @param since tell whether the catalog changed since then */
export async function rankedMatches(
  sql: Sql,
  query: RankedQuery,
  {
    after,
    limit,
    offset,
    enough,
    counts,
    since,
  }: {
    after: RankedPlace | null
    limit: number
    offset: number
    enough: number
    counts: boolean
    since: Snapshot | null
  },
): Promise<RankedFound> {
  const rows = await sql.unsafe<Told<{ found: number; more: number; walked: number[] } & ChangesSince>[]>(
    counts ? RANKED_AND_COUNTED : RANKED,
    [
      ...parameters(query),
      after?.score ?? null,
      after?.no ?? null,
      limit,
      offset,
      enough,
      since,
      ...(counts ? [COUNT_LIMIT + 1] : []),
    ],
    { prepare: true },
  )
  const [told] = rows
  if (!told) throw new Error('a select without rows')
  const { found, more, walked, snapshot, changed } = told
  const reached = (wanted: number): number => {
    const tier = walked.findIndex((count) => count >= wanted)
    return tier === -1 ? SEARCH_TIERS : tier + 1
  }
  const fullTo = reached(enough)
  const inFull = walked[fullTo - 1] ?? 0
  return {
    rows: onPage(rows),
    found,
    fullTo,
    namesTo: reached(2 * enough),
    // Found by its name alone, an extension need not match the words.
    total: fullTo === SEARCH_TIERS ? found : counts ? Math.max(found, inFull + more) : null,
    changes: { snapshot, changed },
  }
}

/** One tier that the ranked search did not need, for those who read on: what it left out there, by the same score. */
const deeper = (tier: number, named: boolean): string => `
with ${EXACT},
found as materialized (
  select no, extension_id, ${SCORE} as score
  from extension_search
  where tier = ${tier} and document @@ $1::tsquery ${named ? 'and not document @@ $2::tsquery' : ''} and engine_floor <= $9
    and no not in (select no from exact)
  limit ${2 * TIER_LIMIT}
)
${PAGE('(select count(*) from found)::int as found')}`
const DEEPER = tiers.map((tier) => [deeper(tier, false), deeper(tier, true)] as const)

/** @param named whether the ranked search had taken the names of this tier */
export async function deeperMatches(
  sql: Sql,
  query: RankedQuery,
  {
    tier,
    named,
    after,
    limit,
    offset,
  }: { tier: number; named: boolean; after: RankedPlace | null; limit: number; offset: number },
): Promise<{ rows: RankedRow[]; found: number }> {
  const text = DEEPER[tier]?.[named ? 1 : 0] ?? ''
  const rows = await sql.unsafe<Told<{ found: number }>[]>(
    text,
    [...parameters(query), after?.score ?? null, after?.no ?? null, limit, offset],
    { prepare: true },
  )
  return { rows: onPage(rows), found: rows[0]?.found ?? 0 }
}

const COUNT = `
select count(*)::int as count from (
  ${tiers.map((tier) => `select 1 from extension_search where tier = ${tier} and document @@ $1::tsquery and engine_floor <= $2`).join(' union all ')}
  limit ${COUNT_LIMIT + 1}
) found`
/** For conditions that nearly all meet. */
const COUNT_ALL = `
select count(*)::int as count from (
  select 1 from extension_search
  where engine_floor <= $2 and ($1::tsquery is null or document @@ $1::tsquery)
  limit ${COUNT_LIMIT + 1}
) found`

export interface CountQuery {
  condition: string | null
  engine: number
  /** Whether the text indexes can look the condition up. */
  isSelective: boolean
}

/** How many match, up to one more than `COUNT_LIMIT`. */
export async function countMatches(
  sql: Sql,
  { condition, engine, isSelective }: CountQuery,
): Promise<number> {
  const [row] = await sql.unsafe<{ count: number }[]>(
    condition !== null && isSelective ? COUNT : COUNT_ALL,
    [condition, engine],
    { prepare: true },
  )
  return row?.count ?? 0
}
