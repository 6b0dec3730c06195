import type { Ctx } from '../../../../context.ts'
import type { Deps } from '../../../../deps.ts'
import { COUNT_LIMIT, type CountQuery, countMatches } from '../../queries/search.ts'

const REMEMBERED_MS = 60_000
const MAX_REMEMBERED = 2_000

/**
 * Questions that were seen to have more than 1,000 answers. Only this is remembered, and only for a minute: it stays true unless the
 * catalog shrinks below that meanwhile. Numbers that are told exactly are counted each time.
 */
const plentiful = new WeakMap<Deps, Map<string, number>>()

function remembered({ deps }: Pick<Ctx, 'deps'>): Map<string, number> {
  let known = plentiful.get(deps)
  if (!known) {
    known = new Map()
    plentiful.set(deps, known)
  }
  return known
}

export function isPlentiful(ctx: Pick<Ctx, 'deps'>, condition: string): boolean {
  return (remembered(ctx).get(condition) ?? 0) > performance.now()
}

/** The condition was seen to match more than 1,000. */
export function rememberPlentiful(ctx: Pick<Ctx, 'deps'>, condition: string): void {
  const known = remembered(ctx)
  if (known.size >= MAX_REMEMBERED) known.clear()
  known.set(condition, performance.now() + REMEMBERED_MS)
}

export const capped = (count: number): { count: number; exact: boolean } =>
  count > COUNT_LIMIT ? { count: COUNT_LIMIT, exact: false } : { count, exact: true }

/** How many match: exact up to 1,000. */
export async function countAnswers(
  ctx: Pick<Ctx, 'deps'>,
  query: CountQuery,
): Promise<{ count: number; exact: boolean }> {
  const { condition, engine } = query
  const key = `${condition ?? ''} ${engine}`
  if (isPlentiful(ctx, key)) return { count: COUNT_LIMIT, exact: false }
  const total = capped(await countMatches(ctx.deps.sql, query))
  if (!total.exact) rememberPlentiful(ctx, key)
  return total
}
