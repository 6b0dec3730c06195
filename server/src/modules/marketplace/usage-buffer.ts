import type { Sql } from '@devforge/db'
import { SECOND } from '../../clock.ts'
import type { Logger } from '../../log.ts'
import type { Metrics } from '../../metrics.ts'
import { sqlState } from '../../tx.ts'
import { insertUsage, type UsageRow } from './queries/usage.ts'

/** Events are written together, a little later. */
const FLUSH_MS = 250
/** Rows in one statement. */
const BATCH_ROWS = 5_000
/** While the database is away events wait in memory, up to this many (some 20 MB); then new ones are not counted. */
const MAX_WAITING = 50_000
/** After a failure the next try waits this long. */
const RETRY_MS = SECOND
/** A stop does not wait longer for a database that is away. */
const CLOSE_MS = 3 * SECOND

/** Takes usage events without making anybody wait, and writes them in batches. */
export interface UsageBuffer {
  add(row: UsageRow): void
  /** Writes what is waiting. Never throws: what cannot be written now stays for later. */
  flush(): Promise<void>
  /** Writes what is waiting, as far as the database can be reached, and stops. */
  close(): Promise<void>
}

/** Whether trying the same rows again is of use: not when Postgres refused what they hold. */
const isWorthRetrying = (error: unknown): boolean => !/^2[23]/.test(sqlState(error) ?? '')

/**
 * Events are lost only with the process (a kill, at most a quarter of a second of them) and beyond `MAX_WAITING`; when the wire breaks
 * between a commit and its answer, that batch is written twice, and the roll-up counts each client once all the same.
 */
export function createUsageBuffer(deps: { sql: Sql; log: Logger; metrics: Metrics }): UsageBuffer {
  const { sql, log, metrics } = deps
  let waiting: UsageRow[] = []
  let dropped = 0
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> | undefined
  let closed = false

  function drop(rows: number): void {
    dropped += rows
    metrics.usage.inc({ outcome: 'dropped' }, rows)
  }

  function schedule(ms: number): void {
    if (closed || timer) return
    timer = setTimeout(() => {
      timer = undefined
      void flush()
    }, ms)
    // A process that has nothing else to do may end: `close` writes the rest.
    timer.unref()
  }

  /** One event that Postgres refuses must not take those with it that happened to be written together with it. */
  async function writeHalves(batch: UsageRow[]): Promise<boolean> {
    const middle = Math.ceil(batch.length / 2)
    const later = batch.slice(middle)
    if (await writeBatch(batch.slice(0, middle))) return writeBatch(later)
    waiting = [...waiting, ...later]
    return false
  }

  /** @returns false when they wait for the database to come back */
  async function writeBatch(batch: UsageRow[]): Promise<boolean> {
    try {
      await insertUsage(sql, batch)
      metrics.usage.inc({ outcome: 'written' }, batch.length)
      return true
    } catch (error) {
      const again = isWorthRetrying(error)
      log.warn({ err: error, events: batch.length, again }, 'usage was not written')
      if (again) {
        waiting = [...batch, ...waiting]
        return false
      }
      if (batch.length > 1) return await writeHalves(batch)
      drop(1)
      return true
    }
  }

  async function writeAll(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.splice(0, BATCH_ROWS)
      if (!(await writeBatch(batch))) return schedule(RETRY_MS)
    }
    if (dropped > 0) {
      log.error({ events: dropped }, 'usage was lost')
      dropped = 0
    }
  }

  function flush(): Promise<void> {
    running ??= writeAll().finally(() => {
      running = undefined
    })
    return running
  }

  return {
    add(row) {
      if (closed || waiting.length >= MAX_WAITING) return drop(1)
      waiting.push(row)
      schedule(FLUSH_MS)
    },
    async flush() {
      // One that runs may have begun before the caller's rows came.
      await running
      await flush()
    },
    async close() {
      closed = true
      clearTimeout(timer)
      let deadline: NodeJS.Timeout | undefined
      const late = new Promise<void>((resolve) => {
        deadline = setTimeout(resolve, CLOSE_MS)
      })
      await Promise.race([running?.then(flush) ?? flush(), late])
      clearTimeout(deadline)
      if (waiting.length > 0) log.error({ events: waiting.length }, 'usage was lost')
    },
  }
}
