import type { Ctx } from '../../../context.ts'
import { moveKeys } from '../../../idempotency.ts'
import { joinReaders } from '../../knowledge/service/opinions.ts'
import { recordEvent } from '../../licenses/service/change.ts'
import { joinMemberships } from '../../marketplace/service/leave-publishers.ts'
import { moveOpinions } from '../../marketplace/service/reviews/people.ts'
import { joinSubmissions } from '../../marketplace/service/submissions/people.ts'
import { joinTickets } from '../../support/service/people.ts'
import { moveRows, moveStripeCustomer } from '../queries/belongings.ts'

/**
 * Moves what was bought in one account to another, when both turn out to be one person's. Part of the caller's transaction;
 * the history of each license says so.
 */
export async function moveBelongings(ctx: Ctx, { from, to }: { from: string; to: string }): Promise<void> {
  const now = ctx.deps.clock.now()
  await joinMemberships(ctx, { from, to })
  await moveOpinions(ctx, { from, to })
  await joinSubmissions(ctx, { from, to })
  await joinReaders(ctx, { from, to })
  await joinTickets(ctx, { from, to })
  await moveKeys(ctx.db, { from, to })
  await moveStripeCustomer(ctx.db, { from, to, now })
  for (const licenseId of await moveRows(ctx.db, { from, to, now })) {
    await recordEvent(ctx, licenseId, 'license.owner_joined', {
      reason: 'two accounts of one mail address were joined',
      before: { userId: from },
      after: { userId: to },
    })
  }
}
