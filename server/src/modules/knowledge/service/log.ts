import { newId } from '@devforge/db'
import type { Ctx } from '../../../context.ts'
import type { Deps } from '../../../deps.ts'
import { networkOf } from '../../../limits.ts'
import { createTokenBucket, type TokenBucket } from '../../../token-bucket.ts'
import { insertSearch } from '../queries/searches.ts'
import { normalizeQuery } from '../text/normalize.ts'

/** More than people type; what is beyond is answered and not written down, so that nobody fills the table. */
const LOGGED_PER_MINUTE = 120

const buckets = new WeakMap<Deps, TokenBucket>()

function bucketOf(deps: Deps): TokenBucket {
  const known = buckets.get(deps) ?? createTokenBucket(LOGGED_PER_MINUTE)
  buckets.set(deps, known)
  return known
}

/** Writes down what was looked for and what was shown. @returns what the reader can refer to, null when it was not kept */
export async function logSearch(
  ctx: Ctx,
  search: { kind: 'search' | 'suggest'; text: string | null; locale: string; found: number; shown: string[] },
): Promise<string | null> {
  if (bucketOf(ctx.deps).take(networkOf(ctx.ip), 1) > 0) return null
  const { kind, text, locale, found, shown } = search
  const id = newId('kse')
  const query = text === null ? null : normalizeQuery(text) || null
  await insertSearch(ctx.db, { id, kind, query, locale, found, shown, at: ctx.deps.clock.now() })
  return id
}
