import { lexeme, quoted } from './lexemes.ts'
import type { Chunk } from './words.ts'
import { otherNumber } from './words.ts'

/** A chunk as it is looked for: itself, and what else it may have meant. */
export interface WantedChunk extends Chunk {
  /** Words of the catalog that it may be a misspelling of. */
  instead?: string[]
}

/** Queries for the same words, as tsquery literals. */
export interface TextQueries {
  /** Every word, wherever it stands. */
  all: string
  /** Every word in names or tags. */
  names: string
  /** Every word in names. */
  title: string
  /** Any of the words: what the ranking weighs. */
  rank: string
}

/** Shorter beginnings match nearly everything. */
const MIN_PREFIX = 2

const any = (queries: string[]): string =>
  queries.length === 1 ? `${queries[0]}` : `(${queries.join(' | ')})`
const every = (queries: string[]): string =>
  queries.length === 1 ? `${queries[0]}` : `(${queries.join(' & ')})`

/** By what it begins with: the words that it may become, itself among them. */
export type Completions = ReadonlyMap<string, readonly string[]>

/** What begins with a word in names: the words themselves where they are known, which is looked up much faster. */
const beginning = (word: string, completions: Completions): string[] =>
  completions.get(word)?.map((whole) => quoted(lexeme.name(whole))) ?? [`${quoted(lexeme.name(word))}:*`]

/** A word and its other number, or whatever begins with it in a name. */
const wordQueries = (word: string, open: Completions | null): string[] => {
  const other = otherNumber(word)
  return [
    quoted(word),
    ...(other === undefined ? [] : [quoted(other)]),
    ...(open ? beginning(word, open) : []),
  ]
}
const nameQueries = (word: string, open: Completions | null): string[] => {
  if (open) return beginning(word, open)
  const other = otherNumber(word)
  return [quoted(lexeme.name(word)), ...(other === undefined ? [] : [quoted(lexeme.name(other))])]
}

/** The same of words in names only: as `searchDocument` weighs them. */
const inTitle = (query: string): string => (query.endsWith(':*') ? `${query}A` : `${query}:A`)

/** The beginnings that are looked for when the last word may be one: of the whole, and of its last part. */
export const beginningsOf = (chunks: readonly Chunk[]): string[] => {
  const last = chunks.at(-1)
  if (!last) return []
  return [last.whole, ...last.parts.slice(-1)].filter((word) => word.length >= MIN_PREFIX)
}

/**
 * @param lastIsOpen the last word may be a beginning: search as you type
 * @param completions of beginnings of which all are known
 * @param relaxed any of the words will do
 */
export function textQueries(
  chunks: WantedChunk[],
  {
    lastIsOpen,
    completions = new Map(),
    relaxed = false,
  }: { lastIsOpen: boolean; completions?: Completions | undefined; relaxed?: boolean },
): TextQueries | null {
  const all: string[] = []
  const names: string[] = []
  const title: string[] = []
  const rank: string[] = []
  for (const [place, { whole, parts, instead = [] }] of chunks.entries()) {
    const isLast = place === chunks.length - 1
    const open = lastIsOpen && isLast
    const isPrefix = open && (whole.length >= MIN_PREFIX || chunks.length === 1)
    const inAll = wordQueries(whole, isPrefix ? completions : null)
    const inNames = nameQueries(whole, isPrefix ? completions : null)
    const inTitles = inNames.map(inTitle)
    // Without beginnings: `pyt` would count once for each of `python` and `pythonindent`.
    rank.push(...wordQueries(whole, null))
    if (parts.length > 0) {
      const isOpenPart = (i: number): Completions | null =>
        open && i === parts.length - 1 && (parts[i]?.length ?? 0) >= MIN_PREFIX ? completions : null
      inAll.push(every(parts.map((part, i) => any(wordQueries(part, isOpenPart(i))))))
      inNames.push(every(parts.map((part, i) => any(nameQueries(part, isOpenPart(i))))))
      inTitles.push(every(parts.map((part, i) => any(nameQueries(part, isOpenPart(i)).map(inTitle)))))
      rank.push(...parts.map(quoted))
    }
    for (const word of instead) {
      inAll.push(quoted(word))
      inNames.push(quoted(lexeme.name(word)))
      inTitles.push(inTitle(quoted(lexeme.name(word))))
      rank.push(quoted(word))
    }
    // A single letter being typed after other words says nothing yet.
    if (open && place > 0 && whole.length < MIN_PREFIX) continue
    all.push(any(inAll))
    names.push(any(inNames))
    title.push(any(inTitles))
  }
  if (all.length === 0) return null
  return {
    all: relaxed ? any(all) : every(all),
    names: relaxed ? any(names) : every(names),
    title: relaxed ? any(title) : every(title),
    rank: [...new Set(rank)].join(' | '),
  }
}

/** What is filtered by, without the text. */
export interface Filters {
  categories: string[]
  tags: string[]
  publishers: string[]
  price?: 'free' | 'paid' | undefined
  targetPlatform?: string | undefined
  featured: boolean
  deprecated: 'with' | 'without' | 'only'
  /** Paid ones other than these are left out; undefined leaves none out. */
  entitled?: Iterable<string> | undefined
}

/** More paid extensions than anybody owns; the rest is left out of lists, not out of reach. */
const MAX_ENTITLED = 1_000

/**
 * Filters as a tsquery literal, null when there are none.
 * @returns `selective`: something must be there, so that a text index can find it; what only must not be there cannot be looked up
 */
export function filterQuery(filters: Filters): { query: string | null; selective: boolean } {
  const terms: string[] = []
  const anyOf = (values: string[], spell: (value: string) => string): void => {
    if (values.length > 0) terms.push(any(values.map((value) => quoted(spell(value)))))
  }
  anyOf(filters.categories, lexeme.category)
  anyOf(filters.tags, lexeme.tag)
  anyOf(filters.publishers, lexeme.publisher)
  if (filters.price) terms.push(quoted(lexeme.price(filters.price)))
  if (filters.targetPlatform) anyOf([filters.targetPlatform, 'universal'], lexeme.platform)
  if (filters.featured) terms.push(quoted(lexeme.featured))
  if (filters.deprecated === 'only') terms.push(quoted(lexeme.deprecated))
  const selective = terms.length > 0
  if (filters.deprecated === 'without') terms.push(`!${quoted(lexeme.deprecated)}`)
  if (filters.entitled !== undefined) {
    const bought = [...filters.entitled].slice(0, MAX_ENTITLED).toSorted()
    terms.push(any([`!${quoted(lexeme.price('paid'))}`, ...bought.map((id) => quoted(lexeme.bought(id)))]))
  }
  return { query: terms.length === 0 ? null : terms.join(' & '), selective }
}

export const both = (a: string | null, b: string | null): string | null =>
  a === null ? b : b === null ? a : `(${a}) & (${b})`
