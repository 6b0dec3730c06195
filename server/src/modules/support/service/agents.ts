import { writeAudit } from '../../../audit.ts'
import { addMs, DAY } from '../../../clock.ts'
import type { AdminActor, Ctx } from '../../../context.ts'
import { AppError, notFound } from '../../../errors.ts'
import { inTx } from '../../../tx.ts'
import { toPage } from '../../../wire.ts'
import { refuseImpersonation } from '../../auth/actor.ts'
import {
  type AgentPatch,
  type AgentRow,
  insertAgent,
  lockAgent,
  queuesOf,
  roleOf,
  setQueuesOf,
  updateAgent,
} from '../queries/agents.ts'
import { existingQueues } from '../queries/queues.ts'
import { listAssignable, listStaff, type StaffRow } from '../queries/staff.ts'
import { wakeAssignment } from './assignment/wake.ts'
import { holdDesk, leaveDesk } from './leave.ts'
import type { StaffCtx } from './work.ts'

/** Ratings that say how an agent does now. */
const RATED_DAYS = 90
/** Agents offered to choose from. */
const SHOWN_AGENTS = 100

const presentStaff = ({ agent, ratings, averageScore, ...row }: StaffRow) => ({
  ...row,
  isAgent: agent !== null,
  active: agent?.active ?? false,
  available: agent?.available ?? false,
  capacity: agent?.capacity ?? 0,
  skills: agent?.skills ?? [],
  signature: agent?.signature ?? null,
  lastAssignedAt: agent?.lastAssignedAt ?? null,
  satisfaction: averageScore === null ? null : { averageScore, ratings },
})

/** Whoever works on tickets, or has the role for it, with what they have to do and how they are rated. */
export async function listAgents(
  ctx: Ctx<AdminActor>,
  { cursor, limit }: { cursor?: string | undefined; limit: number },
) {
  const rows = await listStaff(ctx.db, { cursor, limit, ratedSince: ratedSince(ctx) })
  return toPage(rows, limit, presentStaff)
}

const ratedSince = (ctx: Ctx): Date => addMs(ctx.deps.clock.now(), -RATED_DAYS * DAY)

/** Agents who can be given tickets by hand, by name, also those who are full or away. */
export async function listColleagues(
  ctx: StaffCtx,
  filter: { queueId?: string | undefined; query?: string | undefined },
) {
  return {
    items: await listAssignable(ctx.db, { ...filter, limit: SHOWN_AGENTS, now: ctx.deps.clock.now() }),
  }
}

export interface SetAgentInput extends AgentPatch {
  userId: string
  queues?: string[] | undefined
}

/**
 * Says how somebody works on tickets; the first time makes them an agent. Turning one off gives all that is theirs back to its queues, at
 * once with it.
 * @throws NOT_FOUND (account, queue), AGENT_ROLE_NEEDED
 */
export function setAgent(ctx: Ctx<AdminActor>, { userId, queues, ...patch }: SetAgentInput) {
  return inTx(ctx, async (ctx) => {
    const now = ctx.deps.clock.now()
    if (patch.active === false) await holdDesk(ctx, userId)
    const role = await roleOf(ctx.db, userId)
    if (role === undefined) throw notFound('user', userId)
    if (role === 'customer' && patch.active !== false) throw new AppError('AGENT_ROLE_NEEDED', { userId })
    await insertAgent(ctx.db, userId, now)
    const before = { agent: await lockAgent(ctx.db, userId), queues: await queuesOf(ctx.db, userId) }
    if (queues) await moveToQueues(ctx, userId, queues)
    const agent = await updateAgent(ctx.db, userId, { ...patch, updatedAt: now })
    await writeAudit(ctx, {
      action: 'agent.set',
      subject: userId,
      before: audited(before.agent, before.queues),
      after: audited(agent, await queuesOf(ctx.db, userId)),
    })
    if (patch.active === false) await leaveDesk(ctx, userId)
    else await wakeAssignment(ctx, { agentIds: [userId] })
    const [row] = await listStaff(ctx.db, { userId, limit: 1, ratedSince: ratedSince(ctx) })
    if (!row) throw new Error(`agent ${userId} vanished`)
    return presentStaff(row)
  })
}

/** What of an agent is written down; not how they sign. */
const audited = (agent: AgentRow | undefined, queues: string[]): Record<string, unknown> =>
  agent === undefined
    ? {}
    : {
        active: agent.active,
        available: agent.available,
        capacity: agent.capacity,
        skills: agent.skills,
        queues,
      }

async function moveToQueues(ctx: Ctx, userId: string, queues: string[]): Promise<void> {
  const existing = await existingQueues(ctx.db, queues)
  const unknown = queues.find((id) => !existing.includes(id))
  if (unknown !== undefined) throw notFound('queue', unknown)
  await setQueuesOf(ctx.db, userId, queues)
}

/** An agent says whether they are at their desk. What is theirs stays theirs. @throws AGENT_NOT_ACTIVE */
export function setAvailability(ctx: StaffCtx, { available }: { available: boolean }) {
  refuseImpersonation(ctx.actor)
  const { userId } = ctx.actor
  return inTx(ctx, async (ctx) => {
    const now = ctx.deps.clock.now()
    await insertAgent(ctx.db, userId, now)
    const agent = await lockAgent(ctx.db, userId)
    if (!agent?.active) throw new AppError('AGENT_NOT_ACTIVE', { userId })
    if (agent.available === available) return { available }
    await updateAgent(ctx.db, userId, { available, updatedAt: now })
    await writeAudit(ctx, {
      action: 'agent.availability',
      subject: userId,
      before: { available: agent.available },
      after: { available },
    })
    if (available) await wakeAssignment(ctx, { agentIds: [userId] })
    return { available }
  })
}
