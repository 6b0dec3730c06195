import type { JobWithMetadata } from 'pg-boss'
import { systemContext } from '../context.ts'
import type { Deps } from '../deps.ts'
import { describe } from '../errors/describe.ts'
import { dueQueues, watchDue } from './due.ts'
import { createQueues } from './queue.ts'
import { jobDefinitions } from './registry.ts'
import type { JobData, JobDefinition, JobName } from './types.ts'

/** Creates all queues. Part of migrating. */
export const prepareQueues = (deps: Deps): Promise<void> => createQueues(deps.jobs.boss, jobDefinitions)

/** Runs one job as the system actor; a throw makes the queue retry it. */
async function run<N extends JobName>(
  deps: Deps,
  job: JobDefinition<N>,
  id: string,
  data: JobData[N],
): Promise<void> {
  const ctx = systemContext(deps, { type: 'system', job: job.name })
  const started = performance.now()
  try {
    await job.handler(ctx, data)
    deps.metrics.jobs.inc({ job: job.name, outcome: 'ok' })
    ctx.log.info({ job: job.name, jobId: id, ms: Math.round(performance.now() - started) }, 'job done')
  } catch (error) {
    deps.metrics.jobs.inc({ job: job.name, outcome: 'failed' })
    ctx.log.error({ job: job.name, jobId: id, err: error }, 'job failed')
    throw error
  }
}

// The registry is a union of definitions; one generic call restores the link between name and data. What the clock sends has
// no data at all: the queue gives null.
const runAny = <N extends JobName>(deps: Deps, job: JobDefinition<N>, id: string, data: unknown) =>
  run(deps, job, id, (data ?? {}) as JobData[N])

/**
 * Workers are woken when a job comes (NOTIFY), and when one came due (`watchDue`). How often they look without that: while the
 * connection that listens is away, and else.
 */
const POLLING = { pollingIntervalSeconds: 60, notifyPollingIntervalSeconds: 300 }

/** @returns the worker's id */
async function startOne<N extends JobName>(deps: Deps, job: JobDefinition<N>): Promise<string> {
  const { boss } = deps.jobs
  let worker: string | undefined
  worker = await boss.work(job.name, POLLING, async ([item]) => {
    try {
      if (item) await runAny(deps, job, item.id, item.data)
    } catch (error) {
      // The queue keeps what it is given, with all members: an error it cannot store would leave the job at work for ever.
      throw new Error(describe(error))
    } finally {
      // Where one was there may be more, whose wake-up found all workers busy: look again at once, not after the poll.
      if (worker) boss.notifyWorker(worker)
    }
  })
  return worker
}

/** What runs by the clock runs one at a time. */
const concurrencyOf = ({ concurrency, cron }: Pick<JobDefinition, 'concurrency' | 'cron'>): number =>
  concurrency ?? (cron === undefined ? 2 : 1)

/** Starts working on jobs until `boss.stop()`, which lets running ones finish. */
export async function startWorker(deps: Deps): Promise<void> {
  const { boss } = deps.jobs
  const workers = new Map<string, string[]>()
  for (const job of jobDefinitions) {
    const ids: string[] = []
    for (let n = 0; n < concurrencyOf(job); n++) ids.push(await startOne(deps, job))
    workers.set(job.name, ids)
    if (job.cron) await boss.schedule(job.name, job.cron)
    if (job.onStart) await boss.upsert(job.name, job.onStart, { singletonKey: 'start', startAfter: 0 })
  }
  watchDue(deps, workers)
}

/**
 * Works on what is due until nothing is left, without timers. For tests: same queue, same handlers, no waiting.
 * @returns how many jobs ran, and the errors of those that failed
 */
export async function drainJobs(deps: Deps): Promise<{ ran: number; errors: unknown[] }> {
  const errors: unknown[] = []
  let ran = 0
  for (let idle = false; !idle; ) {
    idle = true
    // Asking every queue for its jobs is a statement each: one tells which have any.
    const names = await dueQueues(
      deps,
      jobDefinitions.map(({ name }) => name),
    )
    for (const job of jobDefinitions) {
      if (!names.has(job.name)) continue
      const items: JobWithMetadata<unknown>[] = await deps.jobs.boss.fetch(job.name, {
        batchSize: 50,
        includeMetadata: true,
      })
      for (const item of items) {
        idle = false
        ran++
        try {
          await runAny(deps, job, item.id, item.data)
          await deps.jobs.boss.complete(job.name, item.id)
        } catch (error) {
          errors.push(error)
          await deps.jobs.boss.fail(job.name, item.id, { message: describe(error) })
        }
      }
    }
  }
  return { ran, errors }
}
