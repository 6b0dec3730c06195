import type { Ctx } from '../../../context.ts'
import { eraseTicketWords, moveTickets } from '../queries/people.ts'

/** Erases what a person wrote to support, in the caller's transaction; files follow by a job. */
export async function eraseCustomer(ctx: Ctx, userId: string): Promise<void> {
  await eraseTicketWords(ctx.db, userId, ctx.deps.clock.now())
  await ctx.deps.jobs.enqueue(ctx.db, 'support.sweepFiles', {}, { singletonKey: 'erased' })
}

/** Moves the tickets of an account that turns out to be another's person. */
export const joinTickets = (ctx: Ctx, accounts: { from: string; to: string }): Promise<void> =>
  moveTickets(ctx.db, accounts)
