import { TICKET_SEARCH_TIERS } from '@devforge/db'
import { ACTIVE } from '../../src/modules/support/queries/ticket-search.ts'
import { line } from '../copy.ts'
import type { SeededMessage, SeededTicket } from './generate.ts'

/** Tables of a desk with the columns that `ticketLines` fills. */
export const TABLES = {
  tickets: `id, number, requester_id, subject, category, priority, status, source, queue_id, assignee_id, plan, tags, version, hold_reason,
    hold_until, status_changed_at, first_assigned_at, first_response_at, last_customer_message_at, last_agent_message_at, waiting_since,
    first_solved_at, last_solved_at, closed_at, next_response_due_at, next_due_at, breached, satisfaction_score, rated_at, created_at,
    updated_at`,
  ticket_messages: 'id, sequence, ticket_id, kind, author_type, author_id, body, source, created_at',
  ticket_events:
    'sequence, ticket_id, requester_id, type, version, actor, is_public, message_id, before, after, at',
  ticket_search: 'ticket_id, number, tier, document',
} as const
export type Table = keyof typeof TABLES

const lastOf = (messages: SeededMessage[], by: SeededMessage['by']): Date | null =>
  messages.findLast((message) => message.by === by && !message.isNote)?.at ?? null

const sentence = (words: string[]): string => {
  const text = words.join(' ')
  return `${text[0]?.toUpperCase()}${text.slice(1)}.`
}

/** All rows of a ticket. @param sequence of the event before @param newest number of all */
export function ticketLines(
  ticket: SeededTicket,
  { sequence, newest }: { sequence: number; newest: number },
): [Table, string][] {
  const { id, messages, createdAt, solvedAt, assigneeId } = ticket
  const answered = messages.find((message) => message.by === 'agent' && !message.isNote)?.at ?? null
  const lines: [Table, string][] = [
    [
      'tickets',
      line([
        id,
        ticket.number,
        ticket.requesterId,
        sentence(ticket.subject).slice(0, -1),
        ticket.category,
        ticket.priority,
        ticket.status,
        'editor',
        ticket.queueId,
        assigneeId,
        ticket.plan,
        ticket.tags,
        messages.length + 1,
        ticket.holdUntil && 'waits for a release',
        ticket.holdUntil,
        ticket.updatedAt,
        assigneeId && createdAt,
        answered,
        lastOf(messages, 'customer'),
        lastOf(messages, 'agent'),
        ticket.waitingSince,
        solvedAt,
        solvedAt,
        ticket.closedAt,
        ticket.nextDueAt,
        ticket.nextDueAt,
        ticket.breached,
        ticket.score,
        ticket.score && solvedAt,
        createdAt,
        ticket.updatedAt,
      ]),
    ],
    ['ticket_search', line([id, ticket.number, tierOf(newest - ticket.number), documentOf(ticket)])],
  ]
  let at = sequence
  const event = (type: string, isPublic: boolean, message: SeededMessage | null, after: object, when: Date) =>
    lines.push([
      'ticket_events',
      line([
        ++at,
        id,
        ticket.requesterId,
        type,
        Math.min(at - sequence, messages.length + 1),
        message?.by === 'agent' ? `agent:${message.authorId}` : `user:${ticket.requesterId}`,
        isPublic,
        message?.id ?? null,
        null,
        JSON.stringify(after),
        when,
      ]),
    ])
  event(
    'ticket.created',
    true,
    null,
    { category: ticket.category, priority: ticket.priority, source: 'editor' },
    createdAt,
  )
  for (const message of messages) {
    lines.push([
      'ticket_messages',
      line([
        message.id,
        message.sequence,
        id,
        message.isNote ? 'note' : 'message',
        message.by,
        message.authorId,
        sentence(message.words),
        'web',
        message.at,
      ]),
    ])
    event(
      message.isNote ? 'note.added' : 'message.added',
      !message.isNote,
      message,
      { by: message.by, source: 'web' },
      message.at,
    )
  }
  if (assigneeId) event('assignee.changed', true, null, { assigneeId }, createdAt)
  if (ticket.status !== 'new')
    event('status.changed', true, null, { status: ticket.status }, ticket.updatedAt)
  return lines
}

function tierOf(age: number): number {
  const tier = TICKET_SEARCH_TIERS.findIndex((size) => age <= size)
  return tier === -1 ? TICKET_SEARCH_TIERS.length : tier
}

/** What `addSearchWords` makes of the subject and the messages: each word with its places and weights. */
export function documentOf({ status, subject, messages }: SeededTicket): string {
  const places = new Map<string, string>()
  let position = 0
  const add = (words: string[], weight: string): void => {
    for (const word of words) {
      const place = `${Math.min(++position, 16_383)}${weight}`
      const known = places.get(word)
      places.set(word, known === undefined ? place : `${known},${place}`)
    }
  }
  add(subject, 'A')
  for (const { words, isNote } of messages) add(words, isNote ? 'D' : 'C')
  let text = status === 'closed' ? '' : `'${ACTIVE}'`
  for (const [word, place] of places) text += ` ${word}:${place}`
  return text
}
