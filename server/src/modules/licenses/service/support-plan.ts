import type { Ctx } from '../../../context.ts'
import { editorEntitlements, type LicenseRow } from '../queries/licenses.ts'

type SupportPlan = 'free' | 'pro' | 'enterprise'

/** What entitlements give in support. */
function planOf(entitlements: Set<string>): SupportPlan {
  if (entitlements.has('sla')) return 'enterprise'
  return entitlements.has('priority-support') ? 'pro' : 'free'
}

/** What a person has paid for, as far as support is concerned: the best of their licenses in force. Trials are not paid for. */
export async function supportPlanOf(ctx: Ctx, userId: string): Promise<SupportPlan> {
  return planOf(await editorEntitlements(ctx.db, { userId, now: ctx.deps.clock.now() }))
}

/**
 * Has the owner's open tickets raised to what a license gives, once this transaction commits. For licenses that begin to be in force or come
 * to somebody; where one ends there is nothing to tell: tickets keep what they were promised.
 */
export async function raiseSupport(
  ctx: Ctx,
  {
    product,
    status,
    entitlements,
    userId,
  }: Pick<LicenseRow, 'product' | 'status' | 'entitlements' | 'userId'>,
): Promise<void> {
  const isInForce = status === 'active' || status === 'past_due'
  if (product !== 'editor' || !isInForce || planOf(new Set(entitlements)) === 'free') return
  await ctx.deps.jobs.enqueue(ctx.db, 'support.planChanged', { userId })
}
