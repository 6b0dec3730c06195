import { mergeChain } from '../queries/merge.ts'
import { lockTickets } from '../queries/tickets.ts'
import { moveTicket } from './move.ts'
import { messageEvent, postMessage } from './post.ts'
import { saveTickets, type TicketChange } from './save.ts'
import type { StaffCtx } from './work.ts'

export interface Answer {
  /** Null: there is none, since it was asked before there were tickets. */
  ticketId: string | null
  body: string
}

/**
 * Tells a decision in the tickets that asked for it (a report, an appeal), and solves them. What was merged is told where it goes on, which
 * may be about more and is not solved by it; what is closed by then stays as it is.
 * The caller mails the decision: that the ticket is solved is no mail of its own.
 * Last in the caller's transaction.
 */
export async function answerTickets(ctx: StaffCtx, answers: Answer[]): Promise<void> {
  const told = new Map<string, { body: string; isItsOwn: boolean }>()
  for (const { ticketId, body } of answers) {
    if (ticketId === null) continue
    const end = (await mergeChain(ctx.db, { id: ticketId })).at(-1) ?? ticketId
    told.set(end, { body, isItsOwn: end === ticketId })
  }
  const changes: TicketChange[] = []
  for (const ticket of await lockTickets(ctx.db, [...told.keys()])) {
    const answer = told.get(ticket.id)
    if (ticket.status === 'closed' || !answer) continue
    const change = await answered(ctx, ticket, answer)
    if (change) changes.push(change)
  }
  if (changes.length > 0) await saveTickets(ctx, changes)
}

async function answered(
  ctx: StaffCtx,
  before: TicketChange['before'],
  { body, isItsOwn }: { body: string; isItsOwn: boolean },
): Promise<TicketChange | undefined> {
  const { type: who } = ctx.actor
  const posted = await postMessage(ctx, before, {
    kind: 'message',
    authorType: 'system',
    authorId: null,
    body,
    source: 'system',
  })
  if (!posted) return undefined
  const moved =
    before.status === 'solved' || !isItsOwn
      ? {}
      : // Whoever decides on the matter does not take the ticket by that.
        moveTicket(before, { to: 'solved', who, by: 'decision' }, ctx.deps.clock.now())
  const events = [messageEvent(posted.message)]
  return { before, patch: { ...posted.patch, ...moved }, events, isToldElsewhere: true }
}
