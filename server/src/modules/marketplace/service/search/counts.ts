import type { Ctx } from '../../../../context.ts'
import type { Deps } from '../../../../deps.ts'
import { COUNT_LIMIT, type CountQuery, countMatches } from '../../queries/search.ts'

const REMEMBERED_MS = 60_000
const MAX_REMEMBERED = 2_000

/** A question that was seen to have more than 1,000 answers in an editor of this version. */
interface Plentiful {
  engine: number
  until: number
}

/**
 * What was seen to have more than 1,000 answers: newer editors have at least as many. Only this is remembered, and only for a minute: it
 * stays true unless the catalog shrinks below that meanwhile. Numbers that are told exactly are counted each time.
 */
const plentiful = new WeakMap<Deps, Map<string, Plentiful>>()

function remembered({ deps }: Pick<Ctx, 'deps'>): Map<string, Plentiful> {
  let known = plentiful.get(deps)
  if (!known) {
    known = new Map()
    plentiful.set(deps, known)
  }
  return known
}

export function isPlentiful(ctx: Pick<Ctx, 'deps'>, condition: string, engine: number): boolean {
  const seen = remembered(ctx).get(condition)
  return seen !== undefined && seen.engine <= engine && seen.until > performance.now()
}

/** The condition was seen to match more than 1,000. */
export function rememberPlentiful(ctx: Pick<Ctx, 'deps'>, condition: string, engine: number): void {
  const known = remembered(ctx)
  if (known.size >= MAX_REMEMBERED) known.clear()
  known.set(condition, { engine, until: performance.now() + REMEMBERED_MS })
}

/** More than are counted. */
export const PLENTY = { count: COUNT_LIMIT, exact: false }

export const capped = (count: number): { count: number; exact: boolean } =>
  count > COUNT_LIMIT ? PLENTY : { count, exact: true }

/** How many match: exact up to 1,000. */
export async function countAnswers(
  ctx: Pick<Ctx, 'deps'>,
  query: CountQuery,
): Promise<{ count: number; exact: boolean }> {
  const { engine } = query
  const condition = query.condition ?? ''
  if (isPlentiful(ctx, condition, engine)) return PLENTY
  const total = capped(await countMatches(ctx.deps.sql, query))
  if (!total.exact) rememberPlentiful(ctx, condition, engine)
  return total
}
