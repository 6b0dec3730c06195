import { SECOND } from './clock.ts'

export interface TokenBucket {
  /** Takes tokens for a caller. @returns 0, or the seconds after which as many will be there */
  take(key: string, tokens: number): number
}

interface Bucket {
  tokens: number
  at: number
}

/** More callers than this are forgotten, the quietest first, so that memory stays bounded. */
const MAX_CALLERS = 20_000

/**
 * A bucket per caller that holds `perMinute` tokens and refills evenly. In this process only and without a promise or timer:
 * it shields the hot procedures from a flood; what guards against guessing counts in Postgres (`limits.ts`).
 */
export function createTokenBucket(
  perMinute: number,
  now: () => number = () => performance.now(),
): TokenBucket {
  const perMs = perMinute / (60 * SECOND)
  // Two generations: whoever was not seen in the present or the last one has a full bucket again.
  let present = new Map<string, Bucket>()
  let last = new Map<string, Bucket>()
  let turnedAt = now()
  return {
    take(key, tokens) {
      const at = now()
      if (at - turnedAt > 60 * SECOND || present.size >= MAX_CALLERS) {
        last = present
        present = new Map()
        turnedAt = at
      }
      let bucket = present.get(key)
      if (!bucket) {
        bucket = last.get(key) ?? { tokens: perMinute, at }
        present.set(key, bucket)
      }
      bucket.tokens = Math.min(perMinute, bucket.tokens + (at - bucket.at) * perMs)
      bucket.at = at
      if (bucket.tokens >= tokens) {
        bucket.tokens -= tokens
        return 0
      }
      return Math.max(1, Math.ceil((tokens - bucket.tokens) / perMs / SECOND))
    },
  }
}
