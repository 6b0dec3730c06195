import type { Db } from '@devforge/db'
import type { TrackedEnvelope } from '@trpc/server'
import type { Ctx, SessionActor } from '../../../context.ts'
import { AppError, notFound } from '../../../errors.ts'
import { follow } from '../../../realtime/follow.ts'
import { DESK_TOPIC, requesterTopic, ticketTopic } from '../../../realtime/notify.ts'
import { streamActor } from '../../auth/actor.ts'
import { type EventScope, lastSequence, listEvents, type StreamedEvent } from '../queries/events.ts'
import { listPresence, type Present } from '../queries/presence.ts'
import { findTicket } from '../queries/tickets.ts'
import { presentMessage } from './present.ts'
import { isStaff, moverOf, scopeOf } from './viewer.ts'

const PAGE = 100

/** Actors as the customer may know them: `agent:usr_…` is just an agent. */
function sideOf(event: StreamedEvent['event']): 'customer' | 'agent' | 'publisher' | 'system' {
  if (event.actor.startsWith('system:') || event.actor.startsWith('stripe:')) return 'system'
  if (event.actor === `user:${event.requesterId}`) return 'customer'
  return /^(?:agent|admin):/.test(event.actor) && !event.actor.endsWith(`:${event.requesterId}`)
    ? 'agent'
    : 'customer'
}

/** What of a change its customer may know: who of us it is that works on it is not part of it. */
const PUBLIC_MEMBERS = new Set([
  'status',
  'priority',
  'category',
  'score',
  'by',
  'source',
  'mergedIntoId',
  'mergedFromId',
  'splitIntoId',
  'splitFromId',
])

const publicPart = (change: Record<string, unknown> | null): Record<string, unknown> | null =>
  change && Object.fromEntries(Object.entries(change).filter(([member]) => PUBLIC_MEMBERS.has(member)))

function presentUpdate(
  { event, message, authorName, attachments, requesterId: _, ...ticket }: StreamedEvent,
  publicOnly: boolean,
) {
  const shown = publicOnly ? publicPart : (change: Record<string, unknown> | null) => change
  return {
    ...ticket,
    sequence: event.sequence,
    ticketId: event.ticketId,
    type: event.type,
    by: message?.authorType ?? sideOf(event),
    version: event.version,
    before: shown(event.before),
    after: shown(event.after),
    message: message ? presentMessage({ message, authorName, attachments }) : null,
    presence: null as Present[] | null,
    at: event.at,
  }
}

export type TicketUpdate = ReturnType<typeof presentUpdate>

/** Some of a history, as it is for everybody who may hear the same of it. */
interface Page {
  rows: StreamedEvent[]
  updates: TicketUpdate[]
  through: number
  more: boolean
}

async function readPage(
  db: Db,
  read: { scope: EventScope; publicOnly: boolean; after: number },
): Promise<Page> {
  const rows = await listEvents(db, { ...read, limit: PAGE })
  return {
    rows,
    updates: rows.map((row) => presentUpdate(row, read.publicOnly)),
    through: rows.at(-1)?.event.sequence ?? read.after,
    more: rows.length === PAGE,
  }
}

/** What of a page is for an agent: on tickets of their own, agents are customers like everybody. */
const forAgent = ({ rows, updates }: Page, userId: string): TicketUpdate[] =>
  rows.flatMap((row, place) => {
    if (row.requesterId !== userId) return updates[place] ?? []
    return row.event.isPublic ? presentUpdate(row, true) : []
  })

/**
 * What happens to one ticket, to all of one's own, or (agents) to all: from a point on, each change once and in order. Without a point
 * one ticket is told from its beginning, and many from now on. It goes on until the caller leaves.
 * @throws NOT_FOUND, STREAM_LIMIT, and once they may not listen any more AUTH_SESSION_ENDED, AUTH_BANNED, FORBIDDEN (no agent any more)
 */
export async function* watchTickets(
  ctx: Ctx<SessionActor>,
  { id, after }: { id?: string | undefined; after?: number | undefined },
  signal: AbortSignal | undefined,
): AsyncGenerator<TrackedEnvelope<TicketUpdate>, void> {
  const { actor } = ctx
  const found = id === undefined ? undefined : await findTicket(ctx.db, { id, ...scopeOf(actor) })
  if (id !== undefined && !found) throw notFound('ticket', id)
  const publicOnly = found ? moverOf(actor, found.ticket) === 'customer' : !isStaff(actor)
  const topic = id !== undefined ? ticketTopic(id) : publicOnly ? requesterTopic(actor.userId) : DESK_TOPIC
  const scope =
    id !== undefined ? { ticketId: id } : publicOnly ? { requesterId: actor.userId } : ('all' as const)
  // A place that never was (of a database before it was restored, say) would have whoever names it wait until it comes.
  const last = after === undefined && id !== undefined ? 0 : await lastSequence(ctx.db)
  const presence = id !== undefined && !publicOnly ? presenceReader(ctx, id) : undefined
  yield* follow<TicketUpdate>(
    ctx.deps,
    {
      topic,
      accountId: actor.userId,
      after: Math.min(after ?? last, last),
      async authorize() {
        const now = await streamActor(ctx, actor)
        if (!publicOnly && !isStaff(now)) throw new AppError('FORBIDDEN', { need: 'agent' })
      },
      async read(from, shared) {
        // Hundreds may listen to the desk: whoever stands at the same place is told from the same page.
        const page = await shared(`${publicOnly} ${from}`, () =>
          readPage(ctx.deps.db, { scope, publicOnly, after: from }),
        )
        const { through, more } = page
        const entries = publicOnly ? [...page.updates] : forAgent(page, actor.userId)
        // After what is kept comes what is not: it has no place of its own to go on from.
        if (!more && presence) entries.push(...(await presence(through)))
        return { entries, ended: false, more, through }
      },
    },
    signal,
  )
}

/** Tells who else is in a ticket, each time that this has changed. Nobody wakes it when somebody leaves without a word: it is asked every 25 s. */
function presenceReader(ctx: Ctx<SessionActor>, id: string): (from: number) => Promise<TicketUpdate[]> {
  let told = '[]'
  return async (from) => {
    const now = ctx.deps.clock.now()
    const presence = await listPresence(ctx.db, { ticketId: id, except: ctx.actor.userId, now })
    const seen = JSON.stringify(presence)
    if (seen === told) return []
    const found = await findTicket(ctx.db, { id })
    if (!found) return []
    told = seen
    const { number, subject, status, version } = found.ticket
    return [
      {
        sequence: from,
        ticketId: id,
        number,
        subject,
        status,
        version,
        type: 'presence.changed',
        by: 'agent',
        before: null,
        after: null,
        message: null,
        presence,
        at: now,
      },
    ]
  }
}
