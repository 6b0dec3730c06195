import type { Ctx } from '../../../../context.ts'
import { queuesToWake } from '../../queries/assignment.ts'
import { lockEvents } from '../../queries/events.ts'

/**
 * Has the engine look at queues once this transaction has committed: those in which a ticket came to wait, and those of agents who can take
 * more now. Many who ask for one queue are one job. It belongs at the end of a transaction, like the events: who asks waits there for others
 * who do, and always in the same order.
 */
export async function wakeAssignment(
  ctx: Ctx,
  { queueIds = [], agentIds = [] }: { queueIds?: string[]; agentIds?: string[] },
): Promise<void> {
  if (queueIds.length + agentIds.length === 0) return
  const queues = await queuesToWake(ctx.db, { queueIds, agentIds })
  if (queues.length === 0) return
  await lockEvents(ctx.db)
  for (const queueId of queues)
    await ctx.deps.jobs.enqueue(ctx.db, 'support.assign', { queueId }, { singletonKey: queueId })
}
