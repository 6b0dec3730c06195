import type { Ctx } from '../../../context.ts'
import type { Deps } from '../../../deps.ts'
import { AppError } from '../../../errors.ts'
import { networkOf } from '../../../limits.ts'
import { createTokenBucket, type TokenBucket } from '../../../token-bucket.ts'
import type { Viewer } from '../viewer.ts'

/** What a search costs, in other calls: about so much more time of the database. */
const CALLS_PER_SEARCH = 10

const buckets = new WeakMap<Deps, TokenBucket>()

/**
 * Anybody may search without an account, and a search costs more than other calls: a flood is refused before it reaches the database, in each
 * process by itself, as calls are in general (`http/edge.ts`). Whoever is signed in has a bucket apart from those around.
 * @throws RATE_LIMITED
 */
export function admitSearch({ deps, ip }: Ctx, { userId }: Viewer): void {
  const perMinute = deps.env.REQUESTS_PER_MINUTE
  if (perMinute === 0) return
  const bucket = buckets.get(deps) ?? createTokenBucket(perMinute)
  buckets.set(deps, bucket)
  const retryAfterSeconds = bucket.take(userId ?? networkOf(ip), Math.min(CALLS_PER_SEARCH, perMinute))
  if (retryAfterSeconds > 0) throw new AppError('RATE_LIMITED', { retryAfterSeconds })
}
