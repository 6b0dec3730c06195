import { setTimeout as sleep } from 'node:timers/promises'
import { SECOND } from '../clock.ts'
import type { Deps } from '../deps.ts'

/** Those of the queues that have a job to be taken now: one statement, an index look-up each. */
export async function dueQueues(deps: Pick<Deps, 'sql'>, names: string[]): Promise<Set<string>> {
  const rows = await deps.sql<{ name: string }[]>`
    select q.name from unnest(${names}::text[]) as q(name)
    where exists (
      select from pgboss.job j
      where j.name = q.name and j.state < 'active' and not j.blocked and j.start_after <= now()
    )`
  return new Set(rows.map(({ name }) => name))
}

/** A retry, or a job for later, is taken up this late at most. */
const LOOK_MS = 2 * SECOND

/**
 * Wakes the workers of queues in which something came due. A new job wakes them by itself (NOTIFY); retries and jobs for later come
 * due in silence, and one look at all queues is less than each worker's own.
 * @param workers ids of the workers of each queue
 */
export function watchDue(deps: Deps, workers: ReadonlyMap<string, readonly string[]>): void {
  const stop = new AbortController()
  const names = [...workers.keys()]
  let failed = false
  const look = async (): Promise<void> => {
    try {
      for (const name of await dueQueues(deps, names)) {
        for (const id of workers.get(name) ?? []) deps.jobs.boss.notifyWorker(id)
      }
      failed = false
    } catch (error) {
      // Said once: the database may be away for a while, and workers look by themselves, too, if seldom.
      if (!failed && !stop.signal.aborted) deps.log.warn({ err: error }, 'no look at the queues')
      failed = true
    }
  }
  const run = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await look()
      await sleep(LOOK_MS, undefined, { signal: stop.signal }).catch(() => {})
    }
  }
  void run()
  // Not waited for: a look that hangs because the database is away must not keep the process from stopping.
  deps.onClose(async () => stop.abort())
}
