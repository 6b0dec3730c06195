import type { Ctx } from '../../../../context.ts'
import { inTx } from '../../../../tx.ts'
import { supportPlanOf } from '../../../licenses/service/support-plan.ts'
import { holdPlan, lockPlan, type Plan, ticketsOfPlans } from '../../queries/sla.ts'
import { lockTicket, type TicketRow } from '../../queries/tickets.ts'
import { eachTicket, throwFailed } from '../each.ts'
import { saveTicket } from '../save.ts'

const RANK: readonly Plan[] = ['free', 'pro', 'enterprise']

/** What a ticket goes by that is made of another one, or comes back: the better of what it was promised and what is paid for by now. */
export async function betterPlan(ctx: Ctx, { requesterId, plan }: TicketRow): Promise<Plan> {
  await holdPlan(ctx.db, requesterId)
  const paid = await supportPlanOf(ctx, requesterId)
  return RANK.indexOf(paid) > RANK.indexOf(plan) ? paid : plan
}

/**
 * Raises a person's tickets that are not closed to the plan that they have now; promises count by it from their start. Never lowers one:
 * what was promised while the better plan was paid for is kept, and the next ticket goes by what is paid for then.
 */
export async function followPlan(ctx: Ctx, userId: string): Promise<void> {
  const { plan, ids } = await inTx(ctx, async (ctx) => {
    await lockPlan(ctx.db, userId)
    const plan = await supportPlanOf(ctx, userId)
    const plans = RANK.slice(0, RANK.indexOf(plan))
    return { plan, ids: await ticketsOfPlans(ctx.db, { requesterId: userId, plans }) }
  })
  const raise = (id: string): Promise<void> =>
    inTx(ctx, async (ctx) => {
      const ticket = await lockTicket(ctx.db, { id })
      if (!ticket || ticket.status === 'closed' || RANK.indexOf(ticket.plan) >= RANK.indexOf(plan)) return
      await saveTicket(ctx, ticket, { plan }, [])
    })
  throwFailed(await eachTicket(ctx, ids, raise))
}
