import type { Ctx } from '../../../../context.ts'
import {
  COLLECT_LIMIT,
  collectSorted,
  type SortColumn,
  type SortedPlace,
  type SortedQuery,
  type SortedRow,
  walkSorted,
} from '../../queries/search-sorted.ts'
import { completionsOf } from './completions.ts'
import { capped, countAnswers, isPlentiful, rememberPlentiful } from './counts.ts'
import type { SearchSort } from './parse.ts'
import type { FoundPage, Question } from './search.ts'
import { both, textQueries } from './tsquery.ts'

const COLUMNS: Record<SearchSort, SortColumn> = {
  relevance: 'prior',
  installs: 'installs',
  rating: 'rating',
  trending: 'trending',
  updated: 'released_at',
  published: 'published_at',
  name: 'title_key',
  publisher: 'publisher_key',
}

/** Lists by something else than relevance. A page costs the same wherever in the list it is. */
export async function searchSorted(ctx: Pick<Ctx, 'deps'>, question: Question): Promise<FoundPage> {
  const { parsed, filters, engine, limit, offset } = question
  const completions = await completionsOf(ctx, parsed, filters)
  const text = textQueries(parsed.chunks, { lastIsOpen: parsed.lastIsOpen, completions })
  const condition = both(text?.all ?? null, filters)
  const query: SortedQuery = {
    column: COLUMNS[question.sort],
    direction: question.direction,
    condition,
    engine,
    after: placeOf(question.after),
    limit: limit + 1,
    offset,
  }
  const isSelective = text !== null || question.selective
  const { rows, total } =
    condition === null || !isSelective
      ? await listAll(ctx, query, isSelective)
      : await list(ctx, { ...query, condition })
  const page = rows.slice(0, limit)
  const last = page.at(-1)
  return {
    ids: page.map(({ extensionId }) => extensionId),
    next: rows.length > limit && last ? [last.value, last.no] : null,
    total,
  }
}

interface Listed {
  rows: SortedRow[]
  total: FoundPage['total']
}

async function listAll(ctx: Pick<Ctx, 'deps'>, query: SortedQuery, isSelective: boolean): Promise<Listed> {
  const [rows, total] = await Promise.all([
    walkSorted(ctx.deps.sql, query),
    countAnswers(ctx, { ...query, isSelective }),
  ])
  return { rows, total }
}

async function list(ctx: Pick<Ctx, 'deps'>, query: SortedQuery & { condition: string }): Promise<Listed> {
  // Remembered longer than it may be true, it would still be answered rightly, only slower.
  const common = `common ${query.condition}`
  if (!isPlentiful(ctx, common, query.engine)) {
    const { rows, found } = await collectSorted(ctx.deps.sql, query)
    if (found < COLLECT_LIMIT) return { rows, total: capped(found) }
    rememberPlentiful(ctx, common, query.engine)
  }
  return listAll(ctx, query, true)
}

function placeOf(after: Question['after']): SortedPlace | null {
  if (after === null) return null
  const [value, no] = after
  return { value: String(value), no: Number(no) }
}
