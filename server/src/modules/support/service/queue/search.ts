import { DAY } from '../../../../clock.ts'
import { openCursor, sealCursor } from '../../../../cursor.ts'
import { type Condition, listByIds } from '../../queries/queue.ts'
import {
  BLOCK,
  type Candidate,
  countInNewest,
  matchingTickets,
  type TextQuery,
  ticketNamed,
  ticketsOfPeople,
} from '../../queries/ticket-search.ts'
import { findView } from '../views.ts'
import type { StaffCtx } from '../work.ts'
import type { Filters } from './conditions.ts'
import { askedBy, conditionsTogether, presentQueued } from './list.ts'

export interface TicketSearch extends Omit<Filters, 'sort'> {
  text: string
  savedView?: string | undefined
  cursor?: string | undefined
  limit: number
}

/**
 * Where a page ended. Matches are ranked in blocks of the newest 60 (below `bound`), then the 60 before those: within a block by how well
 * they fit and how new they are, at the time of the first page.
 */
interface Place {
  asOf: number
  bound: number
  score: number | null
  number: number
  /** Whether the last word was taken for whole, which the newest tickets of another moment may say otherwise; null: not asked yet. */
  isWhole: boolean | null
}

/** A ticket of someone of that name counts as much as one whose subject holds it. */
const PERSON_RANK = 0.3
const HALF_LIFE_DAYS = 60

const scoreOf = ({ rank, createdAt }: Candidate, asOf: number): number => {
  const ageDays = Math.max(0, asOf - createdAt.getTime()) / DAY
  return (rank ?? PERSON_RANK) * (0.2 + 0.8 * 0.5 ** (ageDays / HALF_LIFE_DAYS))
}

const quote = (word: string): string => `'${word.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
/** Beginnings that are shorter fit half the language. */
const MIN_BEGINNING = 3

/** The last word may still be being typed, unless something else was meant by it: a phrase, or one word or another. */
export function textQuery(text: string): TextQuery {
  const last = /(?<=^|\s)[\p{L}\p{N}][^\s"]*$/u.exec(text)?.[0]
  const isOpen = last !== undefined && last.length >= MIN_BEGINNING && !/"|(?<=^|\s)or(?=\s|$)/i.test(text)
  return isOpen
    ? { whole: text.slice(0, text.length - last.length), beginning: `${quote(last)}:*` }
    : { whole: text, beginning: null }
}

/** Of `SAMPLE` tickets: a word is common, a text is frequent. */
const COMMON_WORD = 4
const FREQUENT = 16

/**
 * As `textQuery`, but a last word that is common is taken for whole: all words that begin like it ("the", "not", "work") would have to be
 * gathered from the whole desk, only to be compared with the few tickets that hold the others.
 */
async function queryOf({ deps: { sql } }: StaffCtx, text: string, known: boolean | null = null) {
  const typed = textQuery(text)
  const isAlone = typed.beginning === null || typed.whole.trim() === ''
  const last = { whole: text.slice(typed.whole.length), beginning: null }
  const whole = { whole: text, beginning: null }
  const counts = await countInNewest(sql, isAlone ? [typed] : [typed, last, whole])
  const [asTyped = 0, ofLast = 0, asWhole = 0] = counts ?? []
  const isWhole = known ?? ofLast >= COMMON_WORD
  return isWhole
    ? { query: whole, isWhole, isFrequent: asWhole >= FREQUENT }
    : { query: typed, isWhole, isFrequent: asTyped >= FREQUENT }
}

/** A ticket that the text names: #1042, 1042, or its id. */
function namedBy(text: string): { id: string } | { number: number } | null {
  const number = /^#?(\d{1,15})$/.exec(text)?.[1]
  if (number !== undefined) return { number: Number(number) }
  return /^tkt_\w{10,40}$/.test(text) ? { id: text } : null
}

/** Tickets that hold the words of a text, or whose requester it names: what fits best and is newest first. @throws NOT_FOUND (the saved view), INVALID_INPUT (the cursor) */
export async function searchTickets(
  ctx: StaffCtx,
  { text, cursor, limit, savedView, ...filters }: TicketSearch,
) {
  const { secrets, sql, clock } = ctx.deps
  const saved = savedView === undefined ? null : await findView(ctx, savedView)
  const conditions = conditionsTogether(ctx, saved, filters)
  const asked = askedBy(ctx, 'search', { saved, filters, text })
  const named = namedBy(text)
  const direct = named && (await ticketNamed(sql, { by: named, conditions }))
  const ids: string[] = []
  if (direct && cursor === undefined) ids.push(direct.id)
  let place: Place | null =
    cursor === undefined
      ? { asOf: clock.now().getTime(), bound: Number.MAX_SAFE_INTEGER, score: null, number: 0, isWhole: null }
      : toPlace(openCursor(secrets, asked, cursor))
  const { query, isWhole, isFrequent } = await queryOf(ctx, text, place.isWhole)
  while (place !== null && ids.length < limit) {
    const page = await readBlock(ctx, {
      text,
      query,
      isFrequent,
      conditions,
      place,
      except: direct?.id,
      limit: limit - ids.length,
    })
    ids.push(...page.ids)
    place = page.next && { ...page.next, isWhole }
  }
  return {
    items: (await listByIds(sql, ids)).map((row) => presentQueued(ctx, row)),
    nextCursor: place && sealCursor(secrets, asked, fromPlace(place)),
  }
}

const fromPlace = ({ asOf, bound, score, number, isWhole }: Place): (string | number)[] => [
  asOf,
  bound,
  score ?? '',
  number,
  Number(isWhole),
]

function toPlace(place: (string | number)[]): Place {
  const [asOf, bound, score, number, isWhole] = place
  return {
    asOf: Number(asOf),
    bound: Number(bound),
    score: score === '' ? null : Number(score),
    number: Number(number),
    isWhole: isWhole === undefined ? null : Number(isWhole) === 1,
  }
}

async function readBlock(
  ctx: StaffCtx,
  {
    text,
    query,
    isFrequent,
    conditions,
    place,
    except,
    limit,
  }: {
    text: string
    query: TextQuery
    isFrequent: boolean
    conditions: readonly Condition[]
    place: Place
    except: string | undefined
    limit: number
  },
): Promise<{ ids: string[]; next: Omit<Place, 'isWhole'> | null }> {
  const { asOf, bound } = place
  const sources = await Promise.all([
    matchingTickets(ctx.deps.sql, {
      text: query,
      isCommon: isFrequent,
      readerId: ctx.actor.userId,
      conditions,
      bound,
    }),
    text.trim().length < MIN_BEGINNING ? [] : ticketsOfPeople(ctx.deps.sql, { text, conditions, bound }),
  ])
  // A source that was cut off says nothing of what lies below its last one: that is for the next block.
  const floor = Math.max(
    0,
    ...sources.map((all) => (all.length < BLOCK ? 0 : Math.min(...all.map((c) => c.number)))),
  )
  const scored = new Map<string, { id: string; number: number; score: number }>()
  for (const candidate of sources.flat()) {
    const { id, number } = candidate
    if (number < floor || id === except) continue
    const score = scoreOf(candidate, asOf)
    if (score > (scored.get(id)?.score ?? -1)) scored.set(id, { id, number, score })
  }
  const left = [...scored.values()]
    .sort((a, b) => b.score - a.score || b.number - a.number)
    .filter(
      ({ score, number }) =>
        place.score === null || score < place.score || (score === place.score && number < place.number),
    )
  const page = left.slice(0, limit)
  const last = page.at(-1)
  const ids = page.map(({ id }) => id)
  if (left.length > limit && last)
    return { ids, next: { asOf, bound, score: last.score, number: last.number } }
  return { ids, next: floor === 0 ? null : { asOf, bound: floor, score: null, number: 0 } }
}
