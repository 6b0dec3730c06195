import type { Ctx } from '../../../../context.ts'
import { forgetAppeals, moveSubmitted } from '../../queries/submission-people.ts'

/** Gives what one account submitted, published and appealed to another, when both are one person's. In the caller's transaction. */
export const joinSubmissions = (ctx: Ctx, { from, to }: { from: string; to: string }): Promise<void> =>
  moveSubmitted(ctx.db, { from, to, now: ctx.deps.clock.now() })

/** Removes what is personal of the appeals of an account that is being erased. In the caller's transaction. */
export const eraseAppeals = (ctx: Ctx, userId: string): Promise<void> => forgetAppeals(ctx.db, userId)
