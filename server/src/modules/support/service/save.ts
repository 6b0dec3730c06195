import { actorLabel, type Ctx } from '../../../context.ts'
import { AppError, notFound } from '../../../errors.ts'
import { DESK_TOPIC, notify, requesterTopic, ticketTopic } from '../../../realtime/notify.ts'
import { insertEvents } from '../queries/events.ts'
import {
  lockTicket,
  type TicketPatch,
  type TicketRow,
  type TicketScope,
  updateTicket,
} from '../queries/tickets.ts'

/** Something that happened to a ticket. Never erased: ids and states, no words of people and no addresses. */
export interface TicketEvent {
  /** `ticket.created`, `message.added`, `status.changed`, `assignee.changed`, … */
  type: string
  /** Whether the customer may see it. */
  isPublic: boolean
  messageId?: string | undefined
  reason?: string | undefined
  before?: Record<string, unknown> | undefined
  after?: Record<string, unknown> | undefined
}

/**
 * A ticket, locked for the transaction. Somebody else's is not there.
 * @param version the one that the caller saw, where a change made meanwhile must stop this one
 * @throws NOT_FOUND, TICKET_CONFLICT
 */
export async function holdTicket(
  ctx: Ctx,
  { id, version, ...scope }: TicketScope & { id: string; version?: number | undefined },
): Promise<TicketRow> {
  const ticket = await lockTicket(ctx.db, { id, ...scope })
  if (!ticket) throw notFound('ticket', id)
  if (version !== undefined && version !== ticket.version)
    throw new AppError('TICKET_CONFLICT', { id, version: ticket.version })
  return ticket
}

/**
 * The one place where a ticket changes: writes the change of a locked ticket with what it means for the promises made, the events that
 * tell of it, and wakes whoever watches. Last in its transaction (see `insertEvents`).
 */
export async function saveTicket(
  ctx: Ctx,
  before: TicketRow,
  patch: TicketPatch,
  events: TicketEvent[],
): Promise<TicketRow> {
  const now = ctx.deps.clock.now()
  const after = await updateTicket(ctx.db, before.id, {
    ...patch,
    version: before.version + 1,
    updatedAt: now,
  })
  if (!after) throw new Error(`ticket ${before.id} vanished while locked`)
  await tell(ctx, after, [...events, ...changesBetween(before, after)])
  return after
}

/** Writes the events of a ticket and wakes whoever watches it. */
export async function tell(ctx: Ctx, ticket: TicketRow, events: TicketEvent[]): Promise<void> {
  if (events.length === 0) return
  await insertEvents(
    ctx.db,
    events.map((event) => ({
      ...event,
      ticketId: ticket.id,
      requesterId: ticket.requesterId,
      version: ticket.version,
      actor: actorLabel(ctx.actor),
      requestId: ctx.requestId,
      at: ctx.deps.clock.now(),
    })),
  )
  await notify(ctx.db, ticketTopic(ticket.id))
  await notify(ctx.db, DESK_TOPIC)
  if (events.some((event) => event.isPublic)) await notify(ctx.db, requesterTopic(ticket.requesterId))
}

/** Members whose change is always told, and whether the customer may know. */
const TOLD = [
  ['status', 'status.changed', true],
  ['priority', 'priority.changed', true],
  ['assigneeId', 'assignee.changed', true],
  ['queueId', 'queue.changed', false],
  ['plan', 'plan.changed', false],
  ['tags', 'tags.changed', false],
] as const

const same = (a: unknown, b: unknown): boolean => a === b || JSON.stringify(a) === JSON.stringify(b)

function changesBetween(before: TicketRow, after: TicketRow): TicketEvent[] {
  return TOLD.filter(([member]) => !same(before[member], after[member])).map(([member, type, isPublic]) => ({
    type,
    isPublic,
    before: { [member]: before[member] },
    after: { [member]: after[member] },
    reason: member === 'status' ? (after.holdReason ?? undefined) : undefined,
  }))
}
