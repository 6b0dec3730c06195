import { SEARCH_TIERS } from '@devforge/db'
import type { Ctx } from '../../../../context.ts'
import {
  deeperMatches,
  type RankedFound,
  type RankedPlace,
  type RankedQuery,
  type RankedRow,
  rankedMatches,
} from '../../queries/search.ts'
import type { Check } from '../catalog-cache.ts'
import { completionsOf } from './completions.ts'
import { capped, isPlentiful, PLENTY, rememberPlentiful } from './counts.ts'
import type { FoundPage, Question } from './search.ts'
import { both, type Completions, type TextQueries, textQueries, type WantedChunk } from './tsquery.ts'
import { correct } from './typos.ts'

/** A page is chosen from at least twice as many matches, the most popular ones. */
const enoughFor = (limit: number): number => Math.max(60, 2 * limit)

/** With fewer matches than this, what was typed may not be what was meant. */
const FEW = 3

/** In a list that is sorted by relevance, a page ended in the ranked part (0) or in what lies deeper (tier + 1). */
interface Place extends RankedPlace {
  part: number
  /** What was enough on the first page: the parts must be the same on all. */
  enough: number
}

/** Finds what fits the words best. @param check is answered by the way */
export async function searchRanked(
  ctx: Pick<Ctx, 'deps'>,
  question: Question,
  check: Check,
): Promise<FoundPage> {
  const { parsed, filters } = question
  const completions = await completionsOf(ctx, parsed, filters)
  const exact = textQueries(parsed.chunks, { lastIsOpen: parsed.lastIsOpen, completions })
  const first = await read(ctx, question, queryOf(question, exact, null), check)
  if (exact === null || first.found >= FEW || first.identified) return first.page
  return (await readAnew(ctx, question, { exact, completions, foundAny: first.found > 0 })) ?? first.page
}

/** Too little was found: tries what the words may be misspellings of, then any of the words. */
async function readAnew(
  ctx: Pick<Ctx, 'deps'>,
  question: Question,
  {
    exact,
    completions,
    foundAny,
  }: { exact: TextQueries; completions: Completions | undefined; foundAny: boolean },
): Promise<FoundPage | undefined> {
  const { chunks, lastIsOpen } = question.parsed
  const corrected = await correct(ctx, chunks)
  if (corrected) {
    const queries = textQueries(corrected, { lastIsOpen, completions })
    const again = await read(ctx, question, {
      ...queryOf(question, queries, exact.all),
      // Where something was found as it was typed, names are compared with that.
      ...(foundAny
        ? {}
        : { squashed: corrected.map(({ whole, instead }) => instead?.[0] ?? whole).join('') }),
    })
    if (again.found > 0) return again.page
  }
  if (chunks.length < 2) return undefined
  const wanted: WantedChunk[] = corrected ?? chunks
  const relaxed = await read(ctx, question, {
    ...queryOf(question, textQueries(wanted, { lastIsOpen, completions, relaxed: true }), exact.all),
  })
  return relaxed.page
}

function queryOf(question: Question, text: TextQueries | null, strict: string | null): RankedQuery {
  const { parsed, filters, engine } = question
  // A query without lexemes matches nothing: only the identifier is asked for.
  const { all, names, title, rank } = text ?? { all: '', names: '', title: '', rank: '' }
  return {
    all: text ? (both(all, filters) ?? '') : '',
    names: text ? (both(names, filters) ?? '') : '',
    title,
    rank,
    filters,
    strict,
    squashed: parsed.squashed,
    identifier: parsed.identifier ?? null,
    words: Math.max(1, parsed.chunks.length),
    engine,
  }
}

interface Read {
  page: FoundPage
  /** Of the ranked part. */
  found: number
  /** The very extension that was named is among them. */
  identified: boolean
}

async function read(
  ctx: Pick<Ctx, 'deps'>,
  question: Question,
  query: RankedQuery,
  check?: Check,
): Promise<Read> {
  const { sql } = ctx.deps
  const { limit, offset } = question
  const after = placeOf(question.after)
  const inRanked = after === null || after.part === 0
  const enough = after?.enough ?? enoughFor(limit)
  const plentiful = isPlentiful(ctx, query.all, query.engine)
  const ranked = await rankedMatches(sql, query, {
    after: inRanked ? after : null,
    // Even from deeper down: how far the tiers were walked must be known.
    limit: inRanked ? limit + 1 : 1,
    offset: inRanked ? offset : 0,
    enough,
    counts: !plentiful,
    since: check?.since ?? null,
  })
  check?.answer(ranked.changes)
  const total = plentiful || ranked.total === null ? PLENTY : capped(ranked.total)
  if (!total.exact && !plentiful) rememberPlentiful(ctx, query.all, query.engine)
  const rows: (RankedRow & { part: number })[] = inRanked
    ? ranked.rows.map((row) => ({ ...row, part: 0 }))
    : []
  const skipped = Math.max(0, offset - ranked.found)
  await readDeeper(ctx, { query, ranked, after, offset: skipped, rows, limit })
  const page = rows.slice(0, limit)
  const last = page.at(-1)
  return {
    found: ranked.found,
    identified: query.identifier !== null && (ranked.rows[0]?.score ?? 0) >= 1e6,
    page: {
      ids: page.map(({ extensionId }) => extensionId),
      next: rows.length > limit && last ? [last.part, last.score, last.no, enough] : null,
      total,
    },
  }
}

/** Goes on with the tiers that the ranked part left out, while the page is not full. Nobody but those who read to the end gets here. */
async function readDeeper(
  ctx: Pick<Ctx, 'deps'>,
  {
    query,
    ranked,
    after,
    offset,
    rows,
    limit,
  }: {
    query: RankedQuery
    ranked: RankedFound
    after: Place | null
    offset: number
    rows: (RankedRow & { part: number })[]
    limit: number
  },
): Promise<void> {
  let skip = offset
  const start = Math.max(ranked.fullTo, (after?.part ?? 0) - 1)
  for (let tier = start; tier < SEARCH_TIERS && rows.length <= limit; tier++) {
    const more = await deeperMatches(ctx.deps.sql, query, {
      tier,
      named: tier < ranked.namesTo,
      after: after?.part === tier + 1 ? after : null,
      limit: limit + 1 - rows.length,
      offset: skip,
    })
    rows.push(...more.rows.map((row) => ({ ...row, part: tier + 1 })))
    skip = Math.max(0, skip - more.found)
  }
}

function placeOf(after: Question['after']): Place | null {
  if (after === null) return null
  const [part, score, no, enough] = after
  return { part: Number(part), score: Number(score), no: Number(no), enough: Number(enough) }
}
