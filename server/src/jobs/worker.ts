import type { JobWithMetadata } from 'pg-boss'
import { systemContext } from '../context.ts'
import type { Deps } from '../deps.ts'
import { describe } from '../errors/describe.ts'
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

// The registry is a union of definitions; one generic call restores the link between name and data.
const runAny = <N extends JobName>(deps: Deps, job: JobDefinition<N>, id: string, data: unknown) =>
  run(deps, job, id, data as JobData[N])

/** Workers are woken when a job comes (NOTIFY); this is for what they missed. */
const POLL_SECONDS = 2

async function startOne<N extends JobName>(deps: Deps, job: JobDefinition<N>): Promise<void> {
  const { boss } = deps.jobs
  let worker: string | undefined
  worker = await boss.work(job.name, { pollingIntervalSeconds: POLL_SECONDS }, async ([item]) => {
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
}

/** Starts working on jobs until `boss.stop()`, which lets running ones finish. */
export async function startWorker(deps: Deps): Promise<void> {
  const { boss } = deps.jobs
  for (const job of jobDefinitions) {
    for (let n = 0; n < (job.concurrency ?? 2); n++) await startOne(deps, job)
    if (job.cron) await boss.schedule(job.name, job.cron)
    if (job.onStart) await boss.upsert(job.name, job.onStart, { singletonKey: 'start', startAfter: 0 })
  }
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
    const due = await deps.sql<{ name: string }[]>`
      select distinct name from pgboss.job where state < 'active' and start_after <= now()`
    const names = new Set(due.map(({ name }) => name))
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
