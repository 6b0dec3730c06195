import type { Sql } from '@devforge/db'
import { SEARCH_TIERS } from '@devforge/db'

/** What lists are sorted by; each has an index that ends in `no`. */
export const SORT_COLUMNS = {
  prior: 'real',
  installs: 'bigint',
  rating: 'real',
  trending: 'real',
  released_at: 'timestamptz',
  published_at: 'timestamptz',
  title_key: 'text',
  publisher_key: 'text',
} as const
export type SortColumn = keyof typeof SORT_COLUMNS

/** Where a sorted page begins: behind this value (as text, which loses nothing), and at equal values behind this number. */
export interface SortedPlace {
  value: string
  no: number
}

export interface SortedQuery {
  column: SortColumn
  direction: 'asc' | 'desc'
  /** A tsquery literal; null takes all. */
  condition: string | null
  engine: number
  after: SortedPlace | null
  limit: number
  offset: number
}

export interface SortedRow {
  extensionId: string
  no: number
  value: string
}

/** Up to so many matches are all fetched and sorted; where there are more, the sort's own index soon meets a page of them. */
export const COLLECT_LIMIT = 2_000

const tiers = Array.from({ length: SEARCH_TIERS }, (_, tier) => tier)

const page = (from: string, { column, direction, after }: SortedQuery, first: number): string => `
select extension_id as "extensionId", no::float8 as no, ${column}::text as value
from ${from}
${after === null ? '' : `where (${column}, no) ${direction === 'asc' ? '>' : '<'} ($${first + 2}::text::${SORT_COLUMNS[column]}, $${first + 3}::bigint)`}
order by ${column} ${direction}, no ${direction}
limit $${first} offset $${first + 1}`

const pageParameters = ({ after, limit, offset }: SortedQuery) =>
  after === null ? [limit, offset] : [limit, offset, after.value, after.no]

/** Walks the sort's index and leaves out what does not match. */
export function walkSorted(sql: Sql, query: SortedQuery): Promise<SortedRow[]> {
  const { condition, engine } = query
  const rows = condition === null ? 'engine_floor <= $1' : 'engine_floor <= $1 and document @@ $2::tsquery'
  const first = condition === null ? 2 : 3
  return sql.unsafe<SortedRow[]>(
    page(`(select * from extension_search where ${rows}) listed`, query, first),
    [engine, ...(condition === null ? [] : [condition]), ...pageParameters(query)],
    { prepare: true },
  )
}

/**
 * Fetches every match by the text indexes and sorts them.
 * @returns `found` reaches COLLECT_LIMIT when there are more: then the rows are not the answer
 */
export async function collectSorted(
  sql: Sql,
  query: SortedQuery & { condition: string },
): Promise<{ rows: SortedRow[]; found: number }> {
  const { column, condition, engine } = query
  const text = `
with collected as materialized (
  ${tiers
    .map(
      (tier) =>
        `select no, extension_id, ${column} from extension_search where tier = ${tier} and document @@ $2::tsquery and engine_floor <= $1`,
    )
    .join(' union all ')}
  limit ${COLLECT_LIMIT}
)
select paged.*, counted.found
from (select count(*)::int as found from collected) counted
left join (${page('collected', query, 3)}) paged on true`
  const rows = await sql.unsafe<((SortedRow | { extensionId: null }) & { found: number })[]>(
    text,
    [engine, condition, ...pageParameters(query)],
    { prepare: true },
  )
  return {
    rows: rows.filter((row): row is SortedRow & { found: number } => row.extensionId !== null),
    found: rows[0]?.found ?? 0,
  }
}
