import { newId } from '@devforge/db'
import { writeAudit } from '../../../audit.ts'
import type { AdminActor, Ctx } from '../../../context.ts'
import { AppError, notFound } from '../../../errors.ts'
import { inTx } from '../../../tx.ts'
import {
  insertQueue,
  listQueues as list,
  lockQueues,
  type QueuePatch,
  type QueueRow,
  updateQueue,
} from '../queries/queues.ts'
import { wakeAssignment } from './assignment/wake.ts'

type Listed = Awaited<ReturnType<typeof list>>[number]

const presentQueue = ({ queue, ...counts }: Listed) => ({
  id: queue.id,
  slug: queue.slug,
  name: queue.name,
  assignment: queue.assignment,
  categories: queue.categories,
  isDefault: queue.isDefault,
  active: queue.active,
  position: queue.position,
  ...counts,
})

/** All queues with what stands in them. */
export async function listQueues(ctx: Ctx<AdminActor>) {
  return { items: (await list(ctx.db)).map(presentQueue) }
}

export type SetQueueInput = QueuePatch & { id?: string | undefined }

/**
 * Changes a queue, or makes one (without `id`: `slug` and `name` are needed then). Making one the default takes that from the other.
 * @throws NOT_FOUND, INVALID_INPUT, QUEUE_SLUG_TAKEN, QUEUE_CATEGORY_TAKEN, QUEUE_DEFAULT_NEEDED
 */
export function setQueue(ctx: Ctx<AdminActor>, { id, ...patch }: SetQueueInput) {
  return inTx(ctx, async (ctx) => {
    const now = ctx.deps.clock.now()
    const queues = await lockQueues(ctx.db)
    const before = queues.find((queue) => queue.id === id)
    if (id !== undefined && !before) throw notFound('queue', id)
    const queueId = before?.id ?? newId('que')
    const others = queues.filter((queue) => queue.id !== queueId)
    assertAlone(patch, others)
    assertDefault({ ...before, ...patch, id: queueId }, before)
    if (patch.isDefault) {
      const holder = others.find((queue) => queue.isDefault)
      if (holder) await updateQueue(ctx.db, holder.id, { isDefault: false, updatedAt: now })
    }
    if (before) await updateQueue(ctx.db, queueId, { ...patch, updatedAt: now })
    else await insertQueue(ctx.db, { ...named(patch), id: queueId, createdAt: now, updatedAt: now })
    const listed = (await list(ctx.db)).find(({ queue }) => queue.id === queueId)
    if (!listed) throw new Error(`queue ${queueId} vanished`)
    await writeAudit(ctx, {
      action: 'queue.set',
      subject: queueId,
      before: before ? audited(before) : {},
      after: audited(listed.queue),
    })
    await wakeAssignment(ctx, { queueIds: [queueId] })
    return presentQueue(listed)
  })
}

const audited = ({ createdAt: _, updatedAt: __, ...queue }: QueueRow): Record<string, unknown> => queue

function named({ slug, name, ...patch }: QueuePatch) {
  if (slug === undefined || name === undefined)
    throw new AppError('INVALID_INPUT', {
      issues: [
        { path: slug === undefined ? 'slug' : 'name', message: 'A new queue needs `slug` and `name`.' },
      ],
    })
  return { ...patch, slug, name }
}

/** No two queues share a name, or a category. */
function assertAlone({ slug, categories = [] }: QueuePatch, others: QueueRow[]): void {
  if (slug !== undefined && others.some((queue) => queue.slug === slug))
    throw new AppError('QUEUE_SLUG_TAKEN', { slug })
  for (const category of categories) {
    const holder = others.find((queue) => queue.categories.includes(category))
    if (holder) throw new AppError('QUEUE_CATEGORY_TAKEN', { category, queueId: holder.id })
  }
}

/** One queue is the default, and takes tickets. */
function assertDefault(queue: QueuePatch & { id: string }, before: QueueRow | undefined): void {
  const isGivenUp = before?.isDefault === true && queue.isDefault === false
  if (isGivenUp || (queue.isDefault && queue.active === false))
    throw new AppError('QUEUE_DEFAULT_NEEDED', { queueId: queue.id })
}
