import type { Ctx } from '../../../context.ts'
import { AppError } from '../../../errors.ts'
import { lockAgents } from '../queries/assignment.ts'
import {
  answersTo,
  ERASED,
  eraseMailedNotes,
  eraseTicketWords,
  isThere,
  lockTicketsAround,
  moveTickets,
  rewriteMessage,
} from '../queries/people.ts'
import { rebuildSearchWords } from '../queries/ticket-search.ts'
import { plain } from './macros/placeholders.ts'

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

/**
 * Erases what a person wrote to support, in the caller's transaction; files follow by a job.
 * @param called their name and addresses: macros put those, and subjects, into what agents wrote
 */
export async function eraseCustomer(ctx: Ctx, userId: string, called: string[]): Promise<void> {
  const subjects = await eraseTicketWords(ctx.db, userId, ctx.deps.clock.now())
  const { elsewhere } = await eraseMailedNotes(ctx.db, userId)
  await rebuildSearchWords(ctx.db, elsewhere)
  const without = withoutNames([...called, called[0]?.split(' ')[0] ?? '', ...subjects])
  for (const { id, body } of await answersTo(ctx.db, userId)) {
    const said = without(body)
    if (said !== body) await rewriteMessage(ctx.db, id, said)
  }
  await ctx.deps.jobs.enqueue(ctx.db, 'support.sweepFiles', {}, { singletonKey: 'erased' })
}

/** A shorter subject is a word like any other: it says nothing about anybody, and agents use it, too. */
const MIN_LENGTH = 3

/** Takes names out of a text, as they are and as macros write them. Pure. */
function withoutNames(names: string[]): (text: string) => string {
  const wanted = [...new Set(names.flatMap((name) => [name, plain(name)]))]
    .filter((name) => name.length >= MIN_LENGTH)
    .sort((a, b) => b.length - a.length)
    .map((name) => name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
  if (wanted.length === 0) return (text) => text
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}])(?:${wanted.join('|')})(?![\\p{L}\\p{N}])`, 'gu')
  return (text) => text.replace(pattern, ERASED)
}

/** Moves the tickets of an account that turns out to be another's person. */
export const joinTickets = (ctx: Ctx, accounts: { from: string; to: string }): Promise<void> =>
  moveTickets(ctx.db, accounts)
