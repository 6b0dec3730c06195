import type { Ctx } from '../../../context.ts'
import { lockAgent, lockTicketsOf, updateAgent } from '../queries/agents.ts'
import { lockUnsolved } from '../queries/people.ts'
import type { TicketRow } from '../queries/tickets.ts'
import { wakeAssignment } from './assignment/wake.ts'
import { moveTicket } from './move.ts'
import { saveTickets, type TicketChange } from './save.ts'

/**
 * Locks what somebody works on, and them against being given more. For transactions that end with `leaveDesk`: first in them, before the
 * account itself is locked, since whoever writes in a ticket holds the ticket and then their account.
 */
export async function holdDesk(ctx: Ctx, userId: string): Promise<TicketRow[]> {
  await lockTicketsOf(ctx.db, userId)
  await lockAgent(ctx.db, userId)
  // With those that were given to them while we waited.
  return lockTicketsOf(ctx.db, userId)
}

/**
 * Somebody works on tickets no more (turned off, demoted, banned, deleted): all that is theirs and not solved is queued again. Last in the
 * transaction that decided so. What was solved stays theirs in the books, and is queued should it come back.
 */
export async function leaveDesk(ctx: Ctx, userId: string): Promise<void> {
  const tickets = await holdDesk(ctx, userId)
  if (tickets.length === 0) return
  await saveTickets(
    ctx,
    tickets.map((before) => ({ before, patch: { assigneeId: null }, events: [] })),
  )
}

/** Somebody may work on tickets again (promoted, unbanned): what waits is given out. Last in the transaction that decided so. */
export const returnToDesk = (ctx: Ctx, userId: string): Promise<void> =>
  wakeAssignment(ctx, { agentIds: [userId] })

/**
 * An account is deleted: what it worked on is queued again, what it asked for waits for nobody any more, and nothing that an agent wrote of
 * themselves stays. Last in the transaction that deletes it.
 */
export async function endTickets(ctx: Ctx, userId: string): Promise<void> {
  const now = ctx.deps.clock.now()
  await updateAgent(ctx.db, userId, { active: false, signature: null, updatedAt: now })
  const changes = new Map<string, TicketChange>()
  for (const before of await holdDesk(ctx, userId))
    changes.set(before.id, { before, patch: { assigneeId: null }, events: [] })
  for (const before of await lockUnsolved(ctx.db, userId)) {
    const solved = moveTicket(before, { to: 'solved', who: 'customer', by: 'decision' }, now)
    changes.set(before.id, { before, patch: { ...changes.get(before.id)?.patch, ...solved }, events: [] })
  }
  if (changes.size > 0) await saveTickets(ctx, [...changes.values()])
}
