import type { Ctx } from '../../../../context.ts'
import { inTx } from '../../../../tx.ts'
import {
  assignmentOf,
  listCandidates,
  lockAgents,
  nextWaiting,
  queuesWithWaiting,
  setLastAssigned,
} from '../../queries/assignment.ts'
import { saveTicket } from '../save.ts'
import { assignPatch } from '../work.ts'
import { type Choosing, choose, hasRoom, turnAt } from './choose.ts'
import { wakeAssignment } from './wake.ts'

/** Tickets that one job assigns before it makes room for others. */
const BATCH = 200

/**
 * Gives the waiting tickets of a queue to agents, as long as any has room. Each in a transaction of its own. It may run many times, and many
 * times at once: who has room is decided under the locks of all who could get the ticket.
 */
export async function assignWaiting(ctx: Ctx, queueId: string): Promise<void> {
  const mode = await assignmentOf(ctx.db, queueId)
  if (mode === undefined || mode === 'manual') return
  for (let n = 0; n < BATCH; n++) if (!(await assignNext(ctx, queueId, mode))) return
  await inTx(ctx, (ctx) => wakeAssignment(ctx, { queueIds: [queueId] }))
}

/** The safety net: whatever waits without a job. */
export async function sweepWaiting(ctx: Ctx): Promise<void> {
  const failed: unknown[] = []
  for (const queueId of await queuesWithWaiting(ctx.db)) {
    try {
      await assignWaiting(ctx, queueId)
    } catch (error) {
      // One queue that cannot be worked on must not keep the others waiting.
      failed.push(error)
      ctx.log.error({ err: error, queueId }, 'waiting tickets not assigned')
    }
  }
  if (failed.length > 0) throw new AggregateError(failed, `${failed.length} queues could not be worked on`)
}

/** @returns whether it is worth trying again */
const assignNext = (ctx: Ctx, queueId: string, mode: Choosing): Promise<boolean> =>
  inTx(ctx, async (ctx) => {
    const now = ctx.deps.clock.now()
    // Locks in the order of the house: the ticket, then agents by id, then (in `saveTicket`) events. Agents are chosen among afterwards:
    // taking their locks in the order of the choice is a deadlock between two who choose, and counting before locking is too many for one.
    const free = (await listCandidates(ctx.db, { queueId, now })).filter(hasRoom).map(({ id }) => id)
    if (free.length === 0) return false
    const ticket = await nextWaiting(ctx.db, { queueId, agentIds: free })
    if (!ticket) return false
    await lockAgents(ctx.db, free)
    const candidates = (await listCandidates(ctx.db, { queueId, now })).filter(({ id }) => free.includes(id))
    const agent = choose(candidates, mode, ticket.skills)
    // Somebody left, or somebody else was faster: look again.
    if (!agent) return true
    await setLastAssigned(ctx.db, agent.id, turnAt(candidates, now))
    await saveTicket(ctx, ticket, assignPatch(ticket, agent.id, 'system', now), [])
    return true
  })
