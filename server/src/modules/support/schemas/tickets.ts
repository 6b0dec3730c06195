import {
  messageAuthor,
  messageKind,
  ticketCategory,
  ticketPriority,
  ticketSource,
  ticketStatus,
} from '@devforge/db'
import { z } from 'zod'
import { id, line, pageInput, pageOf } from '../../../wire.ts'
import { clockStates, metrics } from '../sla/clocks.ts'
import { attachmentIds, attachmentSchema } from './attachments.ts'

export const status = z.enum(ticketStatus.enumValues)
export const priority = z.enum(ticketPriority.enumValues)
export const category = z.enum(ticketCategory.enumValues)
const source = z.enum(ticketSource.enumValues)

/** What people write: several lines of Markdown. */
export const body = z
  .string()
  .trim()
  .min(1)
  .max(50_000)
  .refine((text) => !/[^\P{Cc}\n\r\t]/u.test(text), 'Control characters are not allowed.')
export const subject = line(200)
/** Made by the client, once per thing that it wants done. */
export const idempotencyKey = z.string().regex(/^[\x21-\x7e]{8,200}$/, 'Give 8 to 200 printable characters.')
/** The version that the caller saw; a change made meanwhile answers TICKET_CONFLICT. */
export const version = z.number().int().min(1)

/** A ticket as its customer sees it. */
export const ticketSchema = z
  .object({
    id: z.string(),
    /** For people: #1042. */
    number: z.number(),
    subject: z.string(),
    category,
    priority,
    status,
    source,
    /** Moves on with every change; give it back with a change to be sure that nothing came between. */
    version: z.number(),
    /** Whose turn it is; null: nobody's. */
    waitingFor: z.enum(['support', 'customer']).nullable(),
    /** Where the conversation goes on, if it was merged. */
    mergedIntoId: z.string().nullable(),
    /** The closed ticket that this one goes on with. */
    followUpOfId: z.string().nullable(),
    rating: z.object({ score: z.number(), comment: z.string().nullable() }).nullable(),
    /** Until when a solved ticket can be reopened. */
    reopenableUntil: z.date().nullable(),
    solvedAt: z.date().nullable(),
    closedAt: z.date().nullable(),
    createdAt: z.date(),
    updatedAt: z.date(),
  })
  .meta({ id: 'Ticket' })

/** A promise of a ticket. Times used and left are business time of its calendar. */
const clockSchema = z
  .object({
    metric: z.enum(metrics),
    /** 1, 2, …: which of the ticket's promises of this kind. */
    cycle: z.number(),
    /** `none`: nothing is promised; `cancelled`: ended without an answer that was still in time (solved, merged). */
    state: z.enum(clockStates),
    startedAt: z.date(),
    endedAt: z.date().nullable(),
    /** Null while paused, or nothing is promised. */
    dueAt: z.date().nullable(),
    usedMs: z.number(),
    /** Negative: so much late. */
    remainingMs: z.number().nullable(),
  })
  .meta({ id: 'SlaClock' })

/** What only the desk sees of it. */
export const deskSchema = z
  .object({
    requester: z.object({
      id: z.string(),
      name: z.string(),
      email: z.string(),
      plan: z.enum(['free', 'pro', 'enterprise']),
    }),
    queueId: z.string(),
    assignee: z.object({ id: z.string(), name: z.string() }).nullable(),
    tags: z.array(z.string()),
    skills: z.array(z.string()),
    holdReason: z.string().nullable(),
    holdUntil: z.date().nullable(),
    /** The oldest message of the customer that nobody answered, or when they reopened it without one. */
    waitingSince: z.date().nullable(),
    firstAssignedAt: z.date().nullable(),
    firstResponseAt: z.date().nullable(),
    lastCustomerMessageAt: z.date().nullable(),
    lastAgentMessageAt: z.date().nullable(),
    reopenCount: z.number(),
    sla: z.object({
      firstResponseDueAt: z.date().nullable(),
      nextResponseDueAt: z.date().nullable(),
      resolutionDueAt: z.date().nullable(),
      nextDueAt: z.date().nullable(),
      breached: z.boolean().describe('Some promise was broken, however long ago'),
      clocks: z.array(clockSchema),
    }),
    splitFromId: z.string().nullable(),
    /** States an agent can move it to now. */
    choices: z.array(status),
  })
  .meta({ id: 'TicketDesk' })

export const messageSchema = z
  .object({
    id: z.string(),
    kind: z.enum(messageKind.enumValues),
    author: z.object({ type: z.enum(messageAuthor.enumValues), name: z.string() }),
    /** Markdown, as it was written. */
    body: z.string(),
    /** The same, rendered and sanitized. */
    html: z.string(),
    source,
    isAuto: z.boolean(),
    attachments: z.array(attachmentSchema),
    createdAt: z.date(),
  })
  .meta({ id: 'TicketMessage' })

/** Agents who are in a ticket at the moment. */
export const presenceSchema = z.array(
  z.object({ agent: z.object({ id: z.string(), name: z.string() }), state: z.enum(['viewing', 'typing']) }),
)

export const listInput = z.strictObject({ status: z.array(status).max(6).optional(), ...pageInput() })
export const listOutput = pageOf(ticketSchema)
export const messagesInput = z.strictObject({ id, ...pageInput(50) })
/** Newest first. */
export const messagesOutput = pageOf(messageSchema)

export const replyInput = z.strictObject({
  id,
  body,
  source: z.enum(['editor', 'web', 'api']).default('api'),
  status: z.enum(['open', 'pending', 'solved']).optional().describe('Agents: where the ticket goes with it.'),
  version: version.optional(),
  attachmentIds: attachmentIds.optional(),
  idempotencyKey: idempotencyKey.optional(),
})
export const replyOutput = z.object({
  /** Another one than was answered when that is closed: a follow-up was opened. */
  ticket: ticketSchema,
  message: messageSchema,
  isFollowUp: z.boolean(),
})
export const changeInput = z.strictObject({ id, version: version.optional() })
export const reopenInput = changeInput.extend({ body: body.optional() })
export const rateInput = z.strictObject({
  id,
  score: z.number().int().min(1).max(5),
  comment: z.string().trim().max(2_000).optional(),
})
