import { setTimeout as sleep } from 'node:timers/promises'
import { pendingMigrations } from '@devforge/db/migrate'
import type { Hono } from 'hono'
import type { Deps } from '../deps.ts'
import { jobDefinitions } from '../jobs/registry.ts'
import type { HttpEnv } from './context.ts'

/** What the process tells the app about itself. */
export interface Lifecycle {
  /** Set when a shutdown has begun: readiness fails, so that no new requests are sent here. */
  stopping: boolean
}

type Part = { ok: true } | { ok: false; problem: string }
interface Readiness {
  ready: boolean
  parts: Record<'process' | 'database' | 'migrations' | 'queue', Part>
}

/** A database that has not answered by then is away. */
const CHECK_TIMEOUT_MS = 2_000
/** However many ask, the database is asked once in this time. */
const CACHE_MS = 1_000

/** `/health/live`: the process answers. `/health/ready`: it can do its work; says which part cannot. */
export function mountHealth(app: Hono<HttpEnv>, deps: Deps, lifecycle: Lifecycle): void {
  app.get('/health/live', (c) => c.json({ live: true }))

  let last: { at: number; parts: Promise<Omit<Readiness['parts'], 'process'>> } | undefined
  app.get('/health/ready', async (c) => {
    const now = performance.now()
    if (!last || now - last.at > CACHE_MS) last = { at: now, parts: check(deps) }
    const parts: Readiness['parts'] = {
      process: lifecycle.stopping ? { ok: false, problem: 'shutting down' } : { ok: true },
      ...(await last.parts),
    }
    const ready = Object.values(parts).every((part) => part.ok)
    return c.json({ ready, parts } satisfies Readiness, ready ? 200 : 503)
  })
}

async function check(deps: Deps): Promise<Omit<Readiness['parts'], 'process'>> {
  const [database, migrations, queue] = await Promise.all([
    part(deps, 'database does not answer', async () => {
      await deps.sql`select 1`
    }),
    part(deps, 'cannot be read', async () => {
      const pending = await pendingMigrations(deps.sql)
      if (pending > 0) throw new NotReady(`${pending} to run`)
    }),
    part(deps, 'cannot be read', async () => {
      const existing = new Set((await deps.jobs.boss.getQueues()).map((queue) => queue.name))
      const missing = jobDefinitions.filter((job) => !existing.has(job.name)).map((job) => job.name)
      if (missing.length > 0) throw new NotReady(`missing: ${missing.join(', ')}`)
    }),
  ])
  return { database, migrations, queue }
}

/** A problem in words that anybody may read; whatever else is thrown may tell more than that, and goes to the log. */
class NotReady extends Error {}

async function part(deps: Deps, problem: string, work: () => Promise<void>): Promise<Part> {
  const giveUp = new AbortController()
  try {
    await Promise.race([
      work(),
      sleep(CHECK_TIMEOUT_MS, undefined, { signal: giveUp.signal, ref: false }).then(() => {
        throw new NotReady('no answer in time')
      }),
    ])
    return { ok: true }
  } catch (error) {
    if (error instanceof NotReady) return { ok: false, problem: error.message }
    deps.log.warn({ err: error }, 'not ready')
    return { ok: false, problem }
  } finally {
    giveUp.abort()
  }
}
