import { COUNT_LIMIT, countQueues } from '../../queries/queue.ts'
import { VIEWS } from '../../schemas/queue.ts'
import { visibleViews } from '../views.ts'
import type { StaffCtx } from '../work.ts'
import { conditionsOf } from './conditions.ts'

const capped = (count = 0) => ({ count: Math.min(count, COUNT_LIMIT), exact: count <= COUNT_LIMIT })

/** How many tickets each view has, built-in and saved: exact up to 1,000. */
export async function countViews(ctx: StaffCtx) {
  const asking = { userId: ctx.actor.userId, now: ctx.deps.clock.now() }
  const saved = await visibleViews(ctx)
  const counts = await countQueues(ctx.deps.sql, [
    ...VIEWS.map((view) => conditionsOf({ view }, asking)),
    ...saved.map(({ filters }) => conditionsOf(filters, asking)),
  ])
  return {
    views: VIEWS.map((view, i) => ({ view, ...capped(counts[i]) })),
    saved: saved.map(({ id }, i) => ({ id, ...capped(counts[VIEWS.length + i]) })),
  }
}
