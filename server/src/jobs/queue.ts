import { type Db, runPrepared } from '@devforge/db'
import { PgBoss } from 'pg-boss'
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
/** No job of ours takes a minute. */
const EXPIRE_SECONDS = 60
/** Of a job at work its process tells within this time that it lives; if it does not, the job is given to another. */
const HEARTBEAT_SECONDS = 20
/** How often one of the workers looks for jobs whose process died, or that expired. */
const SUPERVISE_SECONDS = 15

/** A transaction of ours, as the queue uses it. Its own adapter for Drizzle has each statement parsed and planned anew. */
const within = (db: Db) => ({
  executeSql: async (text: string, values: unknown[] = []) => ({ rows: await runPrepared(db, text, values) }),
})

export async function createJobs({ databaseUrl, log, worker }: QueueOptions): Promise<Jobs> {
  const boss = new PgBoss({
    connectionString: databaseUrl,
    application_name: 'devforge-jobs',
    max: worker ? 4 : 1,
    supervise: worker,
    superviseIntervalSeconds: SUPERVISE_SECONDS,
    monitorIntervalSeconds: SUPERVISE_SECONDS,
    schedule: worker,
    useListenNotify: worker,
  })
  boss.on('error', (error) => log.error({ err: error }, 'job queue'))
  await boss.start()
  return {
    boss,
    async enqueue(db, name, data, options = {}) {
      const { startAfterSeconds, singletonKey } = options
      const how = {
        db: within(db),
        ...(startAfterSeconds === undefined ? {} : { startAfter: startAfterSeconds }),
      }
      // A key in `send` alone keeps nothing apart in queues of the standard policy.
      if (singletonKey === undefined) await boss.send(name, data, how)
      else await boss.upsert(name, data, { ...how, singletonKey })
    },
  }
}

/**
 * Creates the queues that are missing, and brings those of an older version up to date. Run with the migrations, so that
 * enqueueing never finds a queue absent.
 */
export async function createQueues(
  boss: PgBoss,
  names: { name: JobName; retryLimit?: number }[],
): Promise<void> {
  const existing = new Map((await boss.getQueues()).map((queue) => [queue.name, queue]))
  for (const { name, retryLimit } of names) {
    const wanted = {
      retryLimit: retryLimit ?? DEFAULT_RETRY_LIMIT,
      retryDelay: RETRY_DELAY_SECONDS,
      retryBackoff: true,
      expireInSeconds: EXPIRE_SECONDS,
      heartbeatSeconds: HEARTBEAT_SECONDS,
      notify: true,
    }
    const queue = existing.get(name)
    if (!queue) await boss.createQueue(name, wanted)
    else if (Object.entries(wanted).some(([option, value]) => Reflect.get(queue, option) !== value)) {
      await boss.updateQueue(name, wanted)
    }
  }
}
