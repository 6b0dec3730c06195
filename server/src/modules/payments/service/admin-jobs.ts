import { writeAudit } from '../../../audit.ts'
import type { AdminActor, Ctx } from '../../../context.ts'
import { notFound } from '../../../errors.ts'
import { scrub } from '../../../log.ts'
import { decodeCursor, encodeCursor } from '../../../wire.ts'
import { type JobRow, type JobState, listJobRows } from '../queries/jobs.ts'

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** What a job is about (ids only) and how it went. Other data may be secrets, and stack traces are for the log. */
const present = (job: JobRow) => ({
  id: job.id,
  name: job.name,
  state: job.state,
  subjects: Object.entries(job.data ?? {}).flatMap(([name, value]) =>
    name.endsWith('Id') && typeof value === 'string' ? [value] : [],
  ),
  error: typeof job.output?.message === 'string' ? scrub(job.output.message).slice(0, 1_000) : null,
  retryCount: job.retryCount,
  retryLimit: job.retryLimit,
  createdAt: job.createdOn,
  startAfter: job.startAfter,
  completedAt: job.completedOn,
})

/** The queue, newest first. */
export async function listJobs(
  ctx: Ctx<AdminActor>,
  input: {
    name?: string | undefined
    state?: JobState | undefined
    cursor?: string | undefined
    limit: number
  },
) {
  const after = decodeCursor(input.cursor)
  const rows = await listJobRows(ctx.db, {
    name: input.name,
    state: input.state,
    after: after && UUID.test(after.id) ? { createdOn: after.time, id: after.id } : undefined,
    limit: input.limit,
  })
  const page = rows.slice(0, input.limit)
  const last = rows.length > input.limit ? page.at(-1) : undefined
  return { items: page.map(present), nextCursor: last ? encodeCursor(last.createdOn, last.id) : null }
}

/** Gives a failed job another try. @throws NOT_FOUND when there is no such job, or it has not failed */
export async function retryJob(ctx: Ctx<AdminActor>, { name, id }: { name: string; id: string }) {
  const { boss } = ctx.deps.jobs
  // What the queue does for itself is not listed either.
  const queue = UUID.test(id) && !name.startsWith('__pgboss') ? await boss.getQueue(name) : null
  const [job] = queue ? await boss.findJobs(name, { id }) : []
  if (job?.state !== 'failed') throw notFound('failed job', id)
  await writeAudit(ctx, { action: 'job.retry', subject: id, after: { name } })
  await boss.retry(name, id)
  return { id, name }
}
