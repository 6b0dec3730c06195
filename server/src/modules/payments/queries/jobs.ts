import type { Db } from '@devforge/db'
import { sql } from 'drizzle-orm'

export const JOB_STATES = ['created', 'retry', 'active', 'completed', 'cancelled', 'failed'] as const
export type JobState = (typeof JOB_STATES)[number]

export interface JobRow extends Record<string, unknown> {
  id: string
  name: string
  state: JobState
  data: Record<string, unknown> | null
  output: Record<string, unknown> | null
  retryCount: number
  retryLimit: number
  createdOn: Date
  startAfter: Date
  completedOn: Date | null
}

/** Jobs in the queue's own table, newest first; by milliseconds, which is what a cursor carries. */
export async function listJobRows(
  db: Db,
  filter: {
    name?: string | undefined
    state?: JobState | undefined
    after?: { createdOn: Date; id: string } | undefined
    limit: number
  },
): Promise<JobRow[]> {
  const { name, state, after, limit } = filter
  const rows = await db.execute<{ [K in keyof JobRow]: unknown }>(sql`
    select id, name, state::text as state, data, output, retry_count as "retryCount", retry_limit as "retryLimit",
      created_on as "createdOn", start_after as "startAfter", completed_on as "completedOn"
    from pgboss.job
    where name not like '\\_\\_pgboss%'
      and ${name === undefined ? sql`true` : sql`name = ${name}`}
      and ${state === undefined ? sql`true` : sql`state = ${state}::pgboss.job_state`}
      and ${after === undefined ? sql`true` : sql`(date_trunc('milliseconds', created_on), id) < (${after.createdOn.toISOString()}::timestamptz, ${after.id}::uuid)`}
    order by date_trunc('milliseconds', created_on) desc, id desc
    limit ${limit + 1}`)
  const date = (value: unknown) => (value instanceof Date ? value : new Date(String(value)))
  return rows.map((row) => ({
    ...(row as JobRow),
    createdOn: date(row.createdOn),
    startAfter: date(row.startAfter),
    completedOn: row.completedOn === null ? null : date(row.completedOn),
  }))
}
