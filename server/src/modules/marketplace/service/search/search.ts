import type { Ctx } from '../../../../context.ts'
import { openCursor, sealCursor } from '../../../../cursor.ts'
import { catalogCache } from '../catalog-cache.ts'
import { type ParsedText, parseText, type SearchSort } from './parse.ts'
import { searchRanked } from './ranked.ts'
import { searchSorted } from './sorted.ts'
import { type Filters, filterQuery } from './tsquery.ts'

/** What is looked for. All of it must hold; of several categories, tags or publishers one suffices. */
export interface ExtensionSearch {
  /** As typed; may hold `publisher:"x"`, `category:`, `tag:`, `@id:`, `@sort:` and the like. */
  text?: string | undefined
  /** In any case. */
  categories?: string[] | undefined
  tags?: string[] | undefined
  /** Name or display name. */
  publisher?: string | undefined
  price?: 'free' | 'paid' | undefined
  /** Universal extensions match too. */
  targetPlatform?: string | undefined
  /** Version of the editor, such as `1.95.0`: what needs a newer one is left out. */
  engine?: string | undefined
  featured?: boolean | undefined
  /** Default true: deprecated ones are found, but rank low. */
  includeDeprecated?: boolean | undefined
  /** Ids of paid extensions (`ext_…`) that the caller has: then other paid ones are left out. */
  entitled?: Iterable<string> | undefined
  /** Default `relevance`, which is popularity when there is no text. */
  sort?: SearchSort | undefined
  /** Default: the best, newest, most first; names from A. */
  direction?: 'asc' | 'desc' | undefined
  limit: number
  cursor?: string | undefined
  /** Instead of a cursor: so many are skipped. */
  offset?: number | undefined
}

export interface SearchResult {
  /** `ext_…`, in order. */
  ids: string[]
  nextCursor: string | null
  /** Exact up to 1,000; beyond, `{ count: 1000, exact: false }`. */
  total: { count: number; exact: boolean }
}

/** A search that is understood: what both ways of answering it need. */
export interface Question {
  parsed: ParsedText
  /** Names the question whatever way it was spelled; cursors and counts are kept by it. */
  key: string
  filters: string | null
  /** Whether the filters name something that must be there. */
  selective: boolean
  engine: number
  sort: SearchSort
  direction: 'asc' | 'desc'
  limit: number
  offset: number
  after: (string | number)[] | null
}

/** What finding a page gives; `next` tells where it ended. */
export interface FoundPage {
  ids: string[]
  next: (string | number)[] | null
  total: { count: number; exact: boolean }
}

/** Deeper than anybody reads; a list that is read to its end uses cursors. */
const MAX_OFFSET = 10_000

/**
 * Searches the catalog, for the SDK and for the doors of other clients alike. Answers are kept while they are true.
 * @throws INVALID_INPUT for a cursor that was not given out for this very search
 */
export async function searchExtensions(
  ctx: Pick<Ctx, 'deps'>,
  search: ExtensionSearch,
): Promise<SearchResult> {
  const question = understand(ctx, search)
  const { key, parsed, limit, offset, after } = question
  const hasText = parsed.chunks.length > 0 || parsed.identifier !== undefined
  const isRanked = question.sort === 'relevance' && hasText
  return catalogCache(ctx.deps).read(
    `found ${key} ${JSON.stringify([limit, offset, after])}`,
    // An id is a tenth of an item.
    limit / 10,
    async (check) => {
      const page = await (isRanked ? searchRanked(ctx, question, check) : searchSorted(ctx, question))
      return {
        ids: page.ids,
        nextCursor: page.next && sealCursor(ctx.deps.secrets, key, page.next),
        total: page.total,
      }
    },
    { answersCheck: isRanked },
  )
}

function understand(ctx: Pick<Ctx, 'deps'>, search: ExtensionSearch): Question {
  const parsed = parseText(search.text ?? '')
  const filters: Filters = {
    categories: [...(search.categories ?? []), ...parsed.categories],
    tags: [...(search.tags ?? []), ...parsed.tags],
    publishers: [...(search.publisher === undefined ? [] : [search.publisher]), ...parsed.publishers],
    price: search.price,
    targetPlatform: search.targetPlatform,
    featured: search.featured === true || parsed.featured,
    deprecated: parsed.deprecated ? 'only' : search.includeDeprecated === false ? 'without' : 'with',
    entitled: search.entitled,
  }
  const { query: filtered, selective } = filterQuery(filters)
  const engine = search.engine === undefined ? Number.MAX_SAFE_INTEGER : engineNumber(search.engine)
  const asked = search.sort === undefined || search.sort === 'relevance' ? parsed.sort : search.sort
  const sort = asked ?? 'relevance'
  const direction = search.direction ?? (sort === 'name' || sort === 'publisher' ? 'asc' : 'desc')
  const { chunks, lastIsOpen, identifier } = parsed
  const key = JSON.stringify([
    chunks.map(({ whole, parts }) => [whole, ...parts]),
    lastIsOpen,
    identifier ?? null,
    filtered,
    engine,
    sort,
    direction,
  ])
  return {
    parsed,
    key,
    filters: filtered,
    selective,
    engine,
    sort,
    direction,
    limit: search.limit,
    offset: Math.min(search.offset ?? 0, MAX_OFFSET),
    after: search.cursor === undefined ? null : openCursor(ctx.deps.secrets, key, search.cursor),
  }
}

/** `1.95.0` as `extensions.engine_floor` counts: major·10^12 + minor·10^6 + patch. Anything else limits nothing. */
function engineNumber(version: string): number {
  const parts = /^\s*[v^~>=]*(\d{1,3})(?:\.(\d{1,5}))?(?:\.(\d{1,5}))?/.exec(version)
  if (!parts) return Number.MAX_SAFE_INTEGER
  const [major, minor, patch] = parts.slice(1).map((part) => Number(part ?? 0))
  return (major ?? 0) * 1e12 + (minor ?? 0) * 1e6 + (patch ?? 0)
}
