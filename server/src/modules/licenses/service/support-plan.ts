import type { Ctx } from '../../../context.ts'
import { editorEntitlements } from '../queries/licenses.ts'

/** What a person has paid for, as far as support is concerned: the best of their licenses in force. Trials are not paid for. */
export async function supportPlanOf(ctx: Ctx, userId: string): Promise<'free' | 'pro' | 'enterprise'> {
  const entitlements = await editorEntitlements(ctx.db, { userId, now: ctx.deps.clock.now() })
  if (entitlements.has('sla')) return 'enterprise'
  return entitlements.has('priority-support') ? 'pro' : 'free'
}
