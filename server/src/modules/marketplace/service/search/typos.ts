import type { Ctx } from '../../../../context.ts'
import { similarWords } from '../../queries/search-words.ts'
import type { WantedChunk } from './tsquery.ts'
import type { Chunk } from './words.ts'

/** Shorter words are as near to one another as to their misspellings. */
const MIN_LENGTH = 3
const MAX_ALTERNATIVES = 3

/** One slip in short words, two in longer ones. */
const slipsAllowed = (word: string): number => (word.length <= 4 ? 1 : 2)

/** Adds to each word that no name or tag knows what it may be a misspelling of. Undefined when there is nothing to set right. */
export async function correct(ctx: Pick<Ctx, 'deps'>, chunks: Chunk[]): Promise<WantedChunk[] | undefined> {
  const similar = await similarWords(
    ctx.deps.sql,
    chunks.map(({ whole }) => whole),
  )
  let corrected = false
  const wanted = chunks.map((chunk): WantedChunk => {
    const near = similar.filter(({ misspelt }) => misspelt === chunk.whole)
    if (chunk.whole.length < MIN_LENGTH) return chunk
    const instead = near
      .map(({ word, documents }) => ({ word, documents, slips: slipsBetween(chunk.whole, word) }))
      .filter(({ slips }) => slips <= slipsAllowed(chunk.whole))
      .toSorted((a, b) => a.slips - b.slips || b.documents - a.documents)
      .slice(0, MAX_ALTERNATIVES)
      .map(({ word }) => word)
    if (instead.length === 0) return chunk
    corrected = true
    return { ...chunk, instead }
  })
  return corrected ? wanted : undefined
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
