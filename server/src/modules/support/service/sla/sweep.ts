import { isDeepStrictEqual } from 'node:util'
import type { SlaState } from '@devforge/db'
import type { Ctx } from '../../../../context.ts'
import { type Budget, startBudget } from '../../../../jobs/budget.ts'
import type { JobData } from '../../../../jobs/types.ts'
import { inTx } from '../../../../tx.ts'
import { dueChecks, type SlaCheck, updateClocks } from '../../queries/sla.ts'
import { lockTicket, type TicketRow } from '../../queries/tickets.ts'
import { advance, type Metric, nextSteps, type Policy, startClocks } from '../../sla/clocks.ts'
import { lifeOf } from '../../sla/events.ts'
import { eachDue, throwFailed } from '../each.ts'
import { type TicketEvent, tell } from '../save.ts'
import { clockColumns, METRIC, writeBreaches } from './keep.ts'
import { mailAssignee } from './mail.ts'
import { policyFor } from './policies.ts'

const BATCH = 200

/**
 * Warns of promises that get late, and writes down those that were broken. Each ticket in a transaction of its own, so that one that is
 * worked on holds up no other. Twice, or at several places at once, is as good as once: under the lock of the ticket there is nothing left.
 * @param after where an earlier run stopped, whose time was over
 */
export async function sweepSla(
  ctx: Ctx,
  { after }: JobData['support.sla'] = {},
  isOver: Budget = startBudget(),
): Promise<void> {
  const now = ctx.deps.clock.now()
  const { failed, left } = await eachDue<SlaCheck>(ctx, {
    after: after && { id: after.id, slaCheckAt: new Date(after.slaCheckAt) },
    list: (last) => dueChecks(ctx.db, { now, after: last, limit: BATCH }),
    work: (id) => lookAgain(ctx, id),
    isOver,
  })
  if (left) {
    const place = { id: left.id, slaCheckAt: left.slaCheckAt.toISOString() }
    await ctx.deps.jobs.enqueue(ctx.db, 'support.sla', { after: place }, { singletonKey: 'rest' })
  }
  throwFailed(failed)
}

/** Brings the clocks of a ticket up to now: by the time, and by the policy as it stands. Writes nothing where nothing is new. */
export async function lookAgain(ctx: Ctx, id: string): Promise<void> {
  await inTx(ctx, async (ctx) => {
    const ticket = await lockTicket(ctx.db, { id })
    if (!ticket) return
    const policy = await policyFor(ctx, ticket)
    const now = ctx.deps.clock.now().getTime()
    const kept = ticket.sla ?? rebuilt(ticket, policy)
    const looked = advance(kept, { type: 'look', at: now }, policy)
    const breaches = await writeBreaches(ctx, ticket, [kept, looked])
    const { state, events: warnings } = await warn(ctx, ticket, looked, policy, now)
    const columns = clockColumns(state, policy, ticket)
    if (!isDeepStrictEqual({ ...ticket, ...columns }, ticket)) await updateClocks(ctx.db, id, columns)
    await tell(ctx, [{ ticket, events: [...breaches, ...warnings] }])
  })
}

const rebuilt = (ticket: TicketRow, policy: Policy): SlaState =>
  lifeOf(ticket).reduce(
    (state, event) => advance(state, event, policy),
    startClocks(ticket.createdAt.getTime(), policy),
  )

/** Warns of what has used most of its time, once. */
async function warn(
  ctx: Ctx,
  ticket: TicketRow,
  state: SlaState,
  policy: Policy,
  now: number,
): Promise<{ state: SlaState; events: TicketEvent[] }> {
  const events: TicketEvent[] = []
  let warned = state
  for (const { metric, kind, at } of nextSteps(state, policy)) {
    const timer = state[metric]
    if (kind !== 'warn' || at > now || timer?.dueAt == null) continue
    const dueAt = new Date(timer.dueAt)
    warned = withWarned(warned, metric)
    const promise = { metric: METRIC[metric], cycle: timer.cycle, dueAt }
    await mailAssignee(ctx, ticket, 'sla-warning', promise)
    events.push({ type: 'sla.warned', isPublic: false, after: promise })
  }
  return { state: warned, events }
}

const withWarned = (state: SlaState, metric: Metric): SlaState => {
  const timer = state[metric]
  return timer ? { ...state, [metric]: { ...timer, warned: true } } : state
}
