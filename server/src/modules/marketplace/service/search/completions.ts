import type { Ctx } from '../../../../context.ts'
import type { Deps } from '../../../../deps.ts'
import { completions } from '../../queries/search-words.ts'
import type { ParsedText } from './parse.ts'
import { beginningsOf, type Completions } from './tsquery.ts'

/** Beginnings of more words than this are looked up as such: by then that is no slower. */
const MAX_COMPLETIONS = 16
const MAX_REMEMBERED = 10_000

/** Beginnings of more words than `MAX_COMPLETIONS`. Words are only ever added: it stays true. */
const common = new WeakMap<Deps, Set<string>>()

/**
 * The words that the last one may be the beginning of, where they are few. To look up a beginning, Postgres gathers whatever has any
 * word of it, in each tier anew; words themselves are met in passing. Worth a question of its own where much has to be walked: with
 * other words or filters beside it.
 */
export async function completionsOf(
  { deps }: Pick<Ctx, 'deps'>,
  { chunks, lastIsOpen }: ParsedText,
  filters: string | null,
): Promise<Completions | undefined> {
  if (!lastIsOpen || (chunks.length < 2 && filters === null)) return undefined
  const known = common.get(deps) ?? new Set()
  common.set(deps, known)
  const beginnings = beginningsOf(chunks).filter((word) => !known.has(word))
  if (beginnings.length === 0) return undefined
  const found = Map.groupBy(
    await completions(deps.sql, beginnings, MAX_COMPLETIONS + 1),
    ({ beginning }) => beginning,
  )
  const few = new Map<string, string[]>()
  for (const beginning of beginnings) {
    const words = (found.get(beginning) ?? []).map(({ word }) => word)
    // Words of two letters are not kept, yet may be in names.
    if (words.length <= MAX_COMPLETIONS) few.set(beginning, [...new Set([beginning, ...words])])
    else if (known.size < MAX_REMEMBERED) known.add(beginning)
  }
  return few
}
