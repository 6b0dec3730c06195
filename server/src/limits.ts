import { createHash } from 'node:crypto'
import { isIPv6 } from 'node:net'
import type { Sql } from '@devforge/db'
import { RateLimiterMemory, RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible'
import { AppError } from './errors.ts'

const MINUTE_SECONDS = 60
const HOUR_SECONDS = 60 * MINUTE_SECONDS
const DAY_SECONDS = 24 * HOUR_SECONDS

interface Rule {
  /** Attempts within the window; the next one is refused. */
  points: number
  windowSeconds: number
}

/**
 * What is limited, and how much of it. Every key says in its name what it is counted by.
 * Numbers per address (IP) leave room for an office behind one address; numbers per account stop guessing.
 */
export const limitRules = {
  'sign-in:account+ip': { points: 10, windowSeconds: 15 * MINUTE_SECONDS },
  'sign-in:account': { points: 60, windowSeconds: 15 * MINUTE_SECONDS },
  'sign-in:ip': { points: 300, windowSeconds: 15 * MINUTE_SECONDS },
  'sign-up:ip': { points: 120, windowSeconds: HOUR_SECONDS },
  'sign-up:account': { points: 5, windowSeconds: HOUR_SECONDS },
  'mail:account': { points: 5, windowSeconds: HOUR_SECONDS },
  'mail:ip': { points: 60, windowSeconds: HOUR_SECONDS },
  'link:ip': { points: 60, windowSeconds: 15 * MINUTE_SECONDS },
  'password:account': { points: 10, windowSeconds: 15 * MINUTE_SECONDS },
  'totp:account': { points: 10, windowSeconds: 15 * MINUTE_SECONDS },
  'totp-day:account': { points: 100, windowSeconds: DAY_SECONDS },
  'publisher:account': { points: 30, windowSeconds: DAY_SECONDS },
  'member:account': { points: 60, windowSeconds: HOUR_SECONDS },
  'domain:account': { points: 60, windowSeconds: HOUR_SECONDS },
  'submit:account': { points: 600, windowSeconds: HOUR_SECONDS },
  'rating:account': { points: 60, windowSeconds: HOUR_SECONDS },
  'flag:account': { points: 60, windowSeconds: DAY_SECONDS },
  'appeal:account': { points: 20, windowSeconds: DAY_SECONDS },
  'report:account': { points: 20, windowSeconds: DAY_SECONDS },
  'ticket:account': { points: 30, windowSeconds: HOUR_SECONDS },
  'mail-in:sender': { points: 30, windowSeconds: HOUR_SECONDS },
  'ticket-reply:account': { points: 120, windowSeconds: HOUR_SECONDS },
  'ticket-change:account': { points: 240, windowSeconds: HOUR_SECONDS },
  'attachment:account': { points: 200, windowSeconds: HOUR_SECONDS },
  'search-log:ip': { points: 1_200, windowSeconds: HOUR_SECONDS },
  'opinion:ip': { points: 60, windowSeconds: HOUR_SECONDS },
  'opinion:account': { points: 120, windowSeconds: HOUR_SECONDS },
  'device-start:ip': { points: 60, windowSeconds: HOUR_SECONDS },
  'device-poll:ip': { points: 600, windowSeconds: 5 * MINUTE_SECONDS },
  'device-code:account': { points: 10, windowSeconds: 15 * MINUTE_SECONDS },
  'device-code:ip': { points: 30, windowSeconds: 15 * MINUTE_SECONDS },
  'analytics:client': { points: 240, windowSeconds: HOUR_SECONDS },
  'analytics:ip': { points: 6_000, windowSeconds: HOUR_SECONDS },
} as const satisfies Record<string, Rule>

export type LimitName = keyof typeof limitRules

/** Counters in Postgres, so that they hold across all copies of the server. */
export interface Limits {
  /** Counts one attempt, or several that came together. @returns seconds to wait when that is too many, else null */
  attempt(name: LimitName, key: string, attempts?: number): Promise<number | null>
  /** Counts one attempt under each rule. @throws AppError AUTH_RATE_LIMITED with the longest wait when one is exceeded */
  consume(entries: readonly (readonly [LimitName, string])[]): Promise<void>
  /** Takes one attempt back: it was a good one. */
  giveBack(name: LimitName, key: string): Promise<void>
  /** Forgets what was counted. */
  reset(name: LimitName, key: string): Promise<void>
}

/** The part of `pg`'s client that the limiter uses, over postgres.js. */
const asPgClient = (sql: Sql) => ({
  async query({ text, values }: { text: string; values: (string | number)[] }) {
    const rows = await sql.unsafe(text, values, { prepare: true })
    // bigint columns come as strings; the limiter calculates with them.
    return {
      rows: rows.map((row) => ({ ...row, expire: row.expire === null ? null : Number(row.expire) })),
      rowCount: rows.count,
    }
  },
})

/** A subscriber of IPv6 has a /64 at least: counting single addresses would not limit anybody. */
export function networkOf(ip: string): string {
  // Nearly all: the colon tells them apart at less cost than the whole grammar.
  if (!ip.includes(':') || !isIPv6(ip)) return ip
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)?.[1]
  if (mapped) return mapped
  const [head = '', tail] = ip.split('%')[0]?.split('::') ?? []
  const left = head.split(':').filter(Boolean)
  const right = (tail ?? '').split(':').filter(Boolean)
  const groups =
    tail === undefined
      ? left
      : [...left, ...Array(Math.max(0, 8 - left.length - right.length)).fill('0'), ...right]
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`
}

/** Mail addresses and the like are personal: the table of counters holds only digests. */
const digest = (key: string): string => createHash('sha256').update(key).digest('base64url').slice(0, 27)

export function createLimits(sql: Sql): Limits {
  let isFirst = true
  const limiter = (name: LimitName): RateLimiterPostgres => {
    const { points, windowSeconds } = limitRules[name]
    const options = { keyPrefix: name, points, duration: windowSeconds }
    const created = new RateLimiterPostgres({
      ...options,
      storeClient: asPgClient(sql),
      storeType: 'client',
      tableName: 'rate_limits',
      tableCreated: true,
      // One of them sweeps the table for all.
      clearExpiredByTimeout: isFirst,
      // Whoever is over the limit is refused from memory: a flood does not reach the database.
      // (Only over it: the last attempt within may be given back.)
      inMemoryBlockOnConsumed: points + 1,
      // Should the counters be unreachable, each process counts by itself instead of letting everything pass.
      insuranceLimiter: new RateLimiterMemory(options),
    })
    isFirst = false
    return created
  }
  const limiters = new Map<LimitName, RateLimiterPostgres>()
  const of = (name: LimitName): RateLimiterPostgres => {
    const known = limiters.get(name)
    if (known) return known
    const created = limiter(name)
    limiters.set(name, created)
    return created
  }
  const attempt = async (name: LimitName, key: string, attempts = 1): Promise<number | null> => {
    try {
      await of(name).consume(digest(key), attempts)
      return null
    } catch (refused) {
      if (!(refused instanceof RateLimiterRes)) throw refused
      return Math.max(1, Math.ceil(refused.msBeforeNext / 1000))
    }
  }
  return {
    attempt,
    async consume(entries) {
      const waits = await Promise.all(entries.map(([name, key]) => attempt(name, key)))
      const retryAfterSeconds = Math.max(...waits.map((wait) => wait ?? 0))
      if (retryAfterSeconds > 0) throw new AppError('AUTH_RATE_LIMITED', { retryAfterSeconds })
    },
    async giveBack(name, key) {
      await of(name).reward(digest(key))
    },
    async reset(name, key) {
      await of(name).delete(digest(key))
    },
  }
}
