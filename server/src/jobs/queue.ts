import type { Db } from '@devforge/db'
import { sql } from 'drizzle-orm'
import { fromDrizzle, PgBoss } from 'pg-boss'
import type { Logger } from '../log.ts'
import type { EnqueueOptions, JobData, JobName } from './types.ts'

/** Puts jobs into the queue that lives in our database. */
export interface Jobs {
  /** Enqueues through `db`: inside a transaction the job exists exactly if the transaction commits. */
  enqueue<N extends JobName>(db: Db, name: N, data: JobData[N], options?: EnqueueOptions): Promise<void>
  /** The queue itself, for the worker, the admin's view and the health check. */
  boss: PgBoss
}

export interface QueueOptions {
  databaseUrl: string
  log: Logger
  /** Whether this process works on jobs (and supervises, and keeps the schedules), or only enqueues. */
  worker: boolean
}

/** Retry delays grow from here: 2, 4, 8 … seconds with jitter. */
const RETRY_DELAY_SECONDS = 2
const DEFAULT_RETRY_LIMIT = 8
/** No job of ours takes a minute; one that does died with its process and is given to another. */
const EXPIRE_SECONDS = 60

export async function createJobs({ databaseUrl, log, worker }: QueueOptions): Promise<Jobs> {
  const boss = new PgBoss({
    connectionString: databaseUrl,
    application_name: 'devforge-jobs',
    max: worker ? 4 : 1,
    supervise: worker,
    schedule: worker,
    useListenNotify: worker,
  })
  boss.on('error', (error) => log.error({ err: error }, 'job queue'))
  await boss.start()
  return {
    boss,
    async enqueue(db, name, data, options = {}) {
      await boss.send(name, data, {
        db: fromDrizzle(db, sql),
        ...(options.startAfterSeconds === undefined ? {} : { startAfter: options.startAfterSeconds }),
        ...(options.singletonKey === undefined ? {} : { singletonKey: options.singletonKey }),
      })
    },
  }
}

/** Creates the queues that are missing. Run with the migrations, so that enqueueing never finds a queue absent. */
export async function createQueues(
  boss: PgBoss,
  names: { name: JobName; retryLimit?: number }[],
): Promise<void> {
  const existing = new Set((await boss.getQueues()).map((queue) => queue.name))
  for (const { name, retryLimit } of names) {
    if (existing.has(name)) continue
    await boss.createQueue(name, {
      retryLimit: retryLimit ?? DEFAULT_RETRY_LIMIT,
      retryDelay: RETRY_DELAY_SECONDS,
      retryBackoff: true,
      expireInSeconds: EXPIRE_SECONDS,
      notify: true,
    })
  }
}
