import type { Ctx } from '../../../../context.ts'
import { inTx } from '../../../../tx.ts'
import { supportPlanOf } from '../../../licenses/service/support-plan.ts'
import { lockPlan, type Plan, ticketsOfPlans } from '../../queries/sla.ts'
import { lockTicket } from '../../queries/tickets.ts'
import { eachTicket, throwFailed } from '../each.ts'
import { saveTicket } from '../save.ts'

const RANK: readonly Plan[] = ['free', 'pro', 'enterprise']

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
