import type { Ctx } from '../../../../context.ts'
import { type KnownWord, knownWords, similarWords } from '../../queries/search-words.ts'
import type { WantedChunk } from './tsquery.ts'
import type { Chunk } from './words.ts'

/** Shorter words are as near to one another as to their misspellings. */
const MIN_LENGTH = 3
const MAX_ALTERNATIVES = 3

/** One slip in short words, two in longer ones. */
const slipsAllowed = (word: string): number => (word.length <= 4 ? 1 : 2)

/** Adds to each word that no name or tag knows what it may be a misspelling of. Undefined when there is nothing to set right. */
export async function correct(ctx: Pick<Ctx, 'deps'>, chunks: Chunk[]): Promise<WantedChunk[] | undefined> {
  const words = [...new Set(chunks.map(({ whole }) => whole).filter((word) => word.length >= MIN_LENGTH))]
  if (words.length === 0) return undefined
  const known = new Set((await knownWords(ctx.deps.sql, words)).map(({ word }) => word))
  const unknown = words.filter((word) => !known.has(word))
  if (unknown.length === 0) return undefined
  const meant = await meantBy(ctx, unknown)
  if (meant.size === 0) return undefined
  return chunks.map((chunk): WantedChunk => {
    const instead = meant.get(chunk.whole)
    return instead === undefined ? chunk : { ...chunk, instead }
  })
}

/**
 * What each of these words may have been meant to be. Most slips are a single one: what a word becomes by one is looked up, which costs
 * a fraction of what it costs to look for all that is like it.
 */
async function meantBy({ deps }: Pick<Ctx, 'deps'>, words: string[]): Promise<Map<string, string[]>> {
  const edits = new Set(
    words.filter((word) => word.length <= MAX_EDITED).flatMap((word) => [...oneSlipOff(word)]),
  )
  const near = edits.size > 0 ? await knownWords(deps.sql, [...edits]) : []
  const meant = new Map<string, string[]>()
  const choose = (word: string, among: KnownWord[]): void => {
    const instead = nearest(word, among)
    if (instead.length > 0) meant.set(word, instead)
  }
  for (const word of words) choose(word, near)
  const left = words.filter((word) => !meant.has(word) && mayBeFarther(word))
  const similar = left.length > 0 ? await similarWords(deps.sql, left) : []
  for (const word of left) {
    choose(
      word,
      similar.filter(({ misspelt }) => misspelt === word),
    )
  }
  return meant
}

/** Fewest slips first, then the best known. */
const nearest = (misspelt: string, words: KnownWord[]): string[] =>
  words
    .map(({ word, documents }) => ({ word, documents, slips: slipsBetween(misspelt, word) }))
    .filter(({ slips }) => slips <= slipsAllowed(misspelt))
    .toSorted((a, b) => a.slips - b.slips || b.documents - a.documents)
    .slice(0, MAX_ALTERNATIVES)
    .map(({ word }) => word)

const LETTERS = [...'abcdefghijklmnopqrstuvwxyz0123456789']
const ASCII_WORD = /^[a-z0-9]*$/
/** Longer words become too many others by one slip. */
const MAX_EDITED = 16

/** Whether a word may be what is not among `oneSlipOff` of it. */
const mayBeFarther = (word: string): boolean =>
  slipsAllowed(word) > 1 || word.length > MAX_EDITED || !ASCII_WORD.test(word)

/** Every word that is one slip away: a letter left out, swapped with its neighbor, replaced, or added. */
export function* oneSlipOff(word: string): Generator<string> {
  for (let at = 0; at <= word.length; at++) {
    const before = word.slice(0, at)
    const after = word.slice(at)
    const [first = '', second = ''] = after
    if (first !== '') yield before + after.slice(first.length)
    if (second !== '') yield before + second + first + after.slice(first.length + second.length)
    for (const letter of LETTERS) {
      yield before + letter + after
      if (first !== '') yield before + letter + after.slice(first.length)
    }
  }
}

/** Letters added, left out, replaced, or swapped with their neighbor (optimal string alignment). */
export function slipsBetween(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1
      let least = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + cost)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, (beforeLast[j - 2] ?? 0) + 1)
      row.push(least)
    }
    beforeLast = last
    last = row
  }
  return last[b.length] ?? 0
}
