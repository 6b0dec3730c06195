import { writeAudit } from '../../../audit.ts'
import type { Ctx } from '../../../context.ts'
import { forgetKeysOf } from '../../../idempotency.ts'
import { eraseReader } from '../../knowledge/service/opinions.ts'
import { eraseOpinions } from '../../marketplace/service/reviews/people.ts'
import { eraseAppeals } from '../../marketplace/service/submissions/people.ts'
import { endTickets } from '../../support/service/leave.ts'
import { eraseCustomer } from '../../support/service/people.ts'
import { eraseRows } from '../queries/erase.ts'
import { findUser } from '../queries.ts'

/** Empties an account of everything personal, in the caller's transaction. Its rows in the books stay. */
export async function eraseUser(ctx: Ctx, userId: string): Promise<void> {
  const person = await findUser(ctx.db, userId)
  await eraseRows(ctx.db, userId, ctx.deps.clock.now())
  await eraseOpinions(ctx, userId)
  await eraseAppeals(ctx, userId)
  await eraseReader(ctx, userId)
  await eraseCustomer(ctx, userId, person ? [person.name, person.email, person.claimedEmail ?? ''] : [])
  await forgetKeysOf(ctx.db, userId)
  await writeAudit(ctx, { action: 'user.erased', subject: userId })
  await endTickets(ctx, userId)
}
