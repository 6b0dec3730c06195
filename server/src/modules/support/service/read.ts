import type { Ctx, SessionActor } from '../../../context.ts'
import { AppError, notFound } from '../../../errors.ts'
import { toPage } from '../../../wire.ts'
import { listLinks } from '../queries/links.ts'
import { mergedInto } from '../queries/merge.ts'
import { listMessages } from '../queries/messages.ts'
import { findTicket, listTickets, type TicketStatus } from '../queries/tickets.ts'
import { diagnosticsOf } from './diagnostics.ts'
import { deskLinks, ownLinks } from './links.ts'
import { presentDesk, presentMessage, presentTicket } from './present.ts'
import { clockReader } from './sla/policies.ts'
import { moverOf, scopeOf } from './viewer.ts'

/** Messages that come with a ticket. */
const SHOWN_MESSAGES = 100

/** One's tickets, newest first. */
export async function listOwnTickets(
  ctx: Ctx<SessionActor>,
  input: { status?: TicketStatus[] | undefined; cursor?: string | undefined; limit: number },
) {
  const rows = await listTickets(ctx.db, {
    requesterId: ctx.actor.userId,
    statuses: input.status,
    cursor: input.cursor,
    limit: input.limit,
  })
  return toPage(rows, input.limit, ({ ticket }) => presentTicket(ticket))
}

/** Whether the desk's side of a ticket is shown: agents see their own tickets as the customers they are of them. */
const seesDesk = (ctx: Ctx<SessionActor>, requesterId: string): boolean =>
  moverOf(ctx.actor, { requesterId }) !== 'customer'

/** A ticket with its conversation. @throws NOT_FOUND */
export async function getTicket(ctx: Ctx<SessionActor>, { id }: { id: string }) {
  const found = await findTicket(ctx.db, { id, ...scopeOf(ctx.actor) })
  if (!found) throw notFound('ticket', id)
  const withNotes = seesDesk(ctx, found.ticket.requesterId)
  const rows = await listMessages(ctx.db, { ticketId: id, withNotes, limit: SHOWN_MESSAGES })
  const shown = rows.slice(0, SHOWN_MESSAGES)
  const links = await listLinks(ctx.db, id)
  return {
    ...presentTicket(found.ticket),
    messages: shown.map(presentMessage).reverse(),
    earlierMessages: rows.length > SHOWN_MESSAGES ? String(shown.at(-1)?.message.sequence) : null,
    mergedFromIds: (await mergedInto(ctx.db, id)).map((merged) => merged.id),
    links: ownLinks(links),
    sharedWithPublisher: found.ticket.publisherShare,
    desk: withNotes
      ? {
          ...presentDesk(found, (await clockReader(ctx))(found.ticket)).desk,
          links: await deskLinks(ctx, found.ticket, links),
          diagnostics: await diagnosticsOf(ctx, id),
        }
      : null,
  }
}

/** The conversation of a ticket, newest first. @throws NOT_FOUND */
export async function pageMessages(
  ctx: Ctx<SessionActor>,
  { id, cursor, limit }: { id: string; cursor?: string | undefined; limit: number },
) {
  const found = await findTicket(ctx.db, { id, ...scopeOf(ctx.actor) })
  if (!found) throw notFound('ticket', id)
  if (cursor !== undefined && !/^\d{1,15}$/.test(cursor))
    throw new AppError('INVALID_INPUT', {
      issues: [{ path: 'cursor', message: 'This is no cursor of ours.' }],
    })
  const rows = await listMessages(ctx.db, {
    ticketId: id,
    withNotes: seesDesk(ctx, found.ticket.requesterId),
    before: cursor === undefined ? undefined : Number(cursor),
    limit,
  })
  return {
    items: rows.slice(0, limit).map(presentMessage),
    nextCursor: rows.length > limit ? String(rows[limit - 1]?.message.sequence) : null,
  }
}
