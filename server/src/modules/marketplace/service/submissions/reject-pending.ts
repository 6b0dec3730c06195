import type { Ctx } from '../../../../context.ts'
import { lockPending } from '../../queries/claims.ts'
import { moveTo } from './state.ts'

/**
 * Rejects whatever of an extension, or of a publisher, is on its way and not published, in the caller's transaction. A scan or a
 * publishing that is under way finds its claim gone and changes nothing.
 * @returns how many
 */
export async function rejectPending(
  ctx: Ctx,
  which: { identifier: string } | { publisherId: string },
  reason: string,
): Promise<number> {
  const rows = await lockPending(ctx.db, which)
  for (const { id } of rows) await moveTo(ctx, id, 'rejected', { reason, claimedAt: null })
  return rows.length
}
