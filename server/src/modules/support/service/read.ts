import type { Ctx, SessionActor } from '../../../context.ts'
import { AppError, notFound } from '../../../errors.ts'
import { toPage } from '../../../wire.ts'
import { type LinkRow, listLinks } from '../queries/links.ts'
import { mergedInto } from '../queries/merge.ts'
import { listMessages } from '../queries/messages.ts'
import { listPresence } from '../queries/presence.ts'
import {
  findTicket,
  listTickets,
  otherTickets,
  type TicketRow,
  type TicketStatus,
} from '../queries/tickets.ts'
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
  const [rows, links] = await Promise.all([
    listMessages(ctx.db, { ticketId: id, withNotes, limit: SHOWN_MESSAGES }),
    listLinks(ctx.db, id),
  ])
  const around = withNotes ? await aroundTicket(ctx, found.ticket, links) : null
  const shown = rows.slice(0, SHOWN_MESSAGES)
  return {
    ...presentTicket(found.ticket),
    messages: shown.map(presentMessage).reverse(),
    earlierMessages: rows.length > SHOWN_MESSAGES ? String(shown.at(-1)?.message.sequence) : null,
    mergedFromIds: (await mergedInto(ctx.db, id)).map((merged) => merged.id),
    links: await ownLinks(ctx, links),
    sharedWithPublisher: found.ticket.publisherShare,
    desk: around && { ...presentDesk(found, around.clocks).desk, ...around.shown },
  }
}

/** The requester's tickets that come with one. */
const PREVIOUS_TICKETS = 5

/** What else an agent wants to know who opens a ticket. */
async function aroundTicket(ctx: Ctx<SessionActor>, ticket: TicketRow, linked: LinkRow[]) {
  const { id, requesterId } = ticket
  const [presence, previousTickets, links, diagnostics, clocksOf] = await Promise.all([
    listPresence(ctx.db, { ticketId: id, except: ctx.actor.userId, now: ctx.deps.clock.now() }),
    otherTickets(ctx.db, { requesterId, except: id, limit: PREVIOUS_TICKETS }),
    deskLinks(ctx, ticket, linked),
    diagnosticsOf(ctx, id),
    clockReader(ctx),
  ])
  return { shown: { presence, previousTickets, links, diagnostics }, clocks: clocksOf(ticket) }
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
