import type { Ctx } from '../../../context.ts'
import { AppError } from '../../../errors.ts'
import { lockAgents } from '../queries/assignment.ts'
import { eraseTicketWords, isThere, lockTicketsAround, moveTickets } from '../queries/people.ts'

/**
 * Locks all that support has of some accounts: first in transactions that delete or join them, since whoever writes in a ticket holds the
 * ticket and then their account. What is written before is erased or moved with the rest; what comes after finds the account gone.
 */
export async function holdPeople(ctx: Ctx, userIds: string[]): Promise<void> {
  await lockTicketsAround(ctx.db, userIds)
  await lockAgents(ctx.db, userIds)
}

/** Nothing is written for an account that was deleted while its person wrote. Under the lock of the ticket. @throws AUTH_SESSION_ENDED */
export async function requireThere(ctx: Ctx, userId: string): Promise<void> {
  if (!(await isThere(ctx.db, userId))) throw new AppError('AUTH_SESSION_ENDED')
}

/** Erases what a person wrote to support, in the caller's transaction; files follow by a job. */
export async function eraseCustomer(ctx: Ctx, userId: string): Promise<void> {
  await eraseTicketWords(ctx.db, userId, ctx.deps.clock.now())
  await ctx.deps.jobs.enqueue(ctx.db, 'support.sweepFiles', {}, { singletonKey: 'erased' })
}

/** Moves the tickets of an account that turns out to be another's person. */
export const joinTickets = (ctx: Ctx, accounts: { from: string; to: string }): Promise<void> =>
  moveTickets(ctx.db, accounts)
