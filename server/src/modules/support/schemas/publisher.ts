import { z } from 'zod'
import { id, line, pageInput, pageOf } from '../../../wire.ts'
import { diagnosticsSchema } from './diagnostics.ts'
import { body, category, idempotencyKey, messageSchema, status } from './tickets.ts'

/** What the customer lets the extension's publisher see. */
export const share = z
  .array(z.enum(['messages', 'diagnostics', 'contact']))
  .max(3)
  .refine((parts) => new Set(parts).size === parts.length, 'Name each once.')

export const shareInput = z.strictObject({
  id,
  share: share.describe('Empty: nothing any more; the publisher loses sight of it at once.'),
})

export const shareOutput = z.object({ id: z.string(), version: z.number(), sharedWithPublisher: share })

export const publisherQueueInput = z.strictObject({
  publisher: line(100),
  status: z.array(status).max(6).optional(),
  ...pageInput(),
})

/** A ticket about an extension as its publisher sees it: what the customer shares, and no more. */
const sharedTicketSchema = z
  .object({
    id: z.string(),
    number: z.number(),
    subject: z.string(),
    category,
    status,
    extension: z.object({ id: z.string(), version: z.string().nullable() }).nullable(),
    shared: share,
    /** With `contact`. */
    customer: z.object({ name: z.string(), email: z.string() }).nullable(),
    createdAt: z.date(),
  })
  .meta({ id: 'PublisherTicket' })
export const publisherQueueOutput = pageOf(sharedTicketSchema)

export const publisherTicketInput = z.strictObject({ id })
export const publisherTicketOutput = sharedTicketSchema.extend({
  /** With `messages`: the newest 100, oldest first; without, only what the publisher wrote. */
  messages: z.array(messageSchema),
  /** With `diagnostics`, while they are kept. */
  diagnostics: diagnosticsSchema.nullable(),
})

export const publisherReplyInput = z.strictObject({
  id,
  body,
  idempotencyKey: idempotencyKey.optional(),
})
export const publisherReplyOutput = z.object({ message: messageSchema })
