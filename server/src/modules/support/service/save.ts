import { actorLabel, type Ctx, type SessionActor } from '../../../context.ts'
import { AppError, notFound } from '../../../errors.ts'
import { DESK_TOPIC, requesterTopic, ticketTopic } from '../../../realtime/notify.ts'
import { holdAgents } from '../queries/agents.ts'
import { insertEvents } from '../queries/events.ts'
import { markActive } from '../queries/ticket-search.ts'
import {
  lockTicket,
  type TicketPatch,
  type TicketRow,
  type TicketScope,
  updateTicket,
} from '../queries/tickets.ts'
import { wakeAssignment } from './assignment/wake.ts'
import { mailCustomer } from './mail/send.ts'
import { recomputeSla } from './sla/keep.ts'

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

/** The same for what only the desk does. Nobody handles the own case: of that, agents are customers, and its desk is not there. */
export async function holdCase(
  ctx: Ctx<SessionActor>,
  wanted: { id: string; version?: number | undefined },
): Promise<TicketRow> {
  const ticket = await holdTicket(ctx, { id: wanted.id })
  refuseOwn(ctx, ticket)
  if (wanted.version !== undefined && wanted.version !== ticket.version)
    throw new AppError('TICKET_CONFLICT', { id: ticket.id, version: ticket.version })
  return ticket
}

/** @throws NOT_FOUND for what an agent asked us for themselves */
export function refuseOwn({ actor }: Ctx<SessionActor>, ticket: Pick<TicketRow, 'id' | 'requesterId'>): void {
  if (ticket.requesterId === actor.userId) throw notFound('ticket', ticket.id)
}

/** A change of a locked ticket. */
export interface TicketChange {
  before: TicketRow
  patch: TicketPatch
  events: TicketEvent[]
  /** Whether it answers the customer; default: an agent wrote. */
  answered?: boolean | undefined
  /** The customer is told by another mail. */
  isToldElsewhere?: boolean | undefined
}

/** `saveTickets` of one. */
export async function saveTicket(
  ctx: Ctx,
  before: TicketRow,
  patch: TicketPatch,
  events: TicketEvent[],
): Promise<TicketRow> {
  const [after] = await saveTickets(ctx, [{ before, patch, events }])
  if (!after) throw new Error(`ticket ${before.id} vanished while locked`)
  return after
}

/**
 * The one place where tickets change: writes the changes of locked tickets with what they mean for the promises made, the events that tell
 * of them, wakes whoever watches, and has waiting tickets assigned. Once, and last in its transaction (see `insertEvents`): locks are taken
 * in the order tickets, agents, policies, events.
 */
export async function saveTickets(ctx: Ctx, changes: TicketChange[]): Promise<TicketRow[]> {
  const now = ctx.deps.clock.now()
  const kept = await keptAssignees(ctx, changes)
  const saved: { before: TicketRow; after: TicketRow; events: TicketEvent[]; isMailed: boolean }[] = []
  for (const { before, patch, events, answered, isToldElsewhere = false } of changes) {
    const isKept = before.assigneeId === null || !comesBack(before, patch) || kept.has(before.assigneeId)
    const changed = isKept ? patch : { ...patch, assigneeId: null }
    const sla = await recomputeSla(ctx, before, { ...before, ...changed }, answered)
    const after = await updateTicket(ctx.db, before.id, {
      ...changed,
      ...sla.patch,
      version: before.version + 1,
      updatedAt: now,
    })
    if (!after) throw new Error(`ticket ${before.id} vanished while locked`)
    const isActive = after.status !== 'closed'
    if (isActive !== (before.status !== 'closed')) await markActive(ctx.db, after.id, isActive)
    const told = [...events, ...changesBetween(before, after), ...sla.events]
    saved.push({ before, after, events: told, isMailed: !isToldElsewhere })
  }
  for (const { after, events, isMailed } of saved) if (isMailed) await mailCustomer(ctx, after, events)
  await tell(
    ctx,
    saved.map(({ after, events }) => ({ ticket: after, events })),
  )
  await wakeAssignment(ctx, {
    queueIds: unique(
      saved.flatMap(({ after }) => (isWorkedOn(after) && !after.assigneeId ? [after.queueId] : [])),
    ),
    // Whoever has less to do than before may be given something.
    agentIds: unique(
      saved.flatMap(({ before, after }) =>
        before.assigneeId &&
        isWorkedOn(before) &&
        !(isWorkedOn(after) && after.assigneeId === before.assigneeId)
          ? [before.assigneeId]
          : [],
      ),
    ),
  })
  return saved.map(({ after }) => after)
}

const unique = (ids: string[]): string[] => [...new Set(ids)]

/** Whether it is on somebody's desk, or waits for that: what counts against the capacity of agents. */
const isWorkedOn = ({ status }: Pick<TicketRow, 'status'>): boolean => status === 'new' || status === 'open'

/** Whether a change brings a ticket back to whoever had it before. */
const comesBack = (before: TicketRow, patch: TicketPatch): boolean =>
  patch.assigneeId === undefined &&
  patch.status !== undefined &&
  isWorkedOn({ status: patch.status }) &&
  !isWorkedOn(before)

/** Of those whose tickets come back, who is still there for them; of the others the tickets go to their queues. */
const keptAssignees = (ctx: Ctx, changes: TicketChange[]): Promise<Set<string>> =>
  holdAgents(
    ctx.db,
    unique(
      changes.flatMap(({ before, patch }) =>
        before.assigneeId && comesBack(before, patch) ? [before.assigneeId] : [],
      ),
    ),
    ctx.deps.clock.now(),
  )

/** Writes the events of tickets and wakes whoever watches them. */
export async function tell(ctx: Ctx, told: { ticket: TicketRow; events: TicketEvent[] }[]): Promise<void> {
  const rows = told.flatMap(({ ticket, events }) =>
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
  if (rows.length === 0) return
  const topics = rows.flatMap(({ ticketId, requesterId, isPublic }) => [
    ticketTopic(ticketId),
    ...(isPublic ? [requesterTopic(requesterId)] : []),
  ])
  await insertEvents(ctx.db, rows, [DESK_TOPIC, ...new Set(topics)])
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
