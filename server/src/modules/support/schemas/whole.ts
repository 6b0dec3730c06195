import { z } from 'zod'
import { id } from '../../../wire.ts'
import { attachmentIds } from './attachments.ts'
import { diagnosticsInput, diagnosticsSchema } from './diagnostics.ts'
import { deskLinksSchema, linkSchema, linksInput } from './links.ts'
import { share } from './publisher.ts'
import {
  body,
  category,
  deskSchema,
  idempotencyKey,
  messageSchema,
  presenceSchema,
  priority,
  status,
  subject,
  ticketSchema,
} from './tickets.ts'

export const createInput = z
  .strictObject({
    subject,
    body,
    category,
    priority: priority
      .optional()
      .describe('Above `normal` only where the plan allows it; else it is lowered.'),
    source: z.enum(['editor', 'web', 'api']).default('api'),
    links: linksInput.optional(),
    diagnostics: diagnosticsInput.optional().describe('As they were shown to the person'),
    shareWithPublisher: share
      .optional()
      .describe('With the publisher of the linked extension; default: nothing'),
    attachmentIds: attachmentIds.optional(),
    idempotencyKey: idempotencyKey.optional(),
  })
  .refine((input) => !input.shareWithPublisher?.length || input.links?.extensionId !== undefined, {
    path: ['shareWithPublisher'],
    message: 'Say in `links` which extension it is about.',
  })

export const getInput = z.strictObject({ id })
export const getOutput = ticketSchema.extend({
  /** The newest 100, oldest first; `tickets.messages` has those before. */
  messages: z.array(messageSchema),
  /** For `tickets.messages`; null: there are none before. */
  earlierMessages: z.string().nullable(),
  /** The tickets that were merged into it. */
  mergedFromIds: z.array(z.string()),
  /** What it is about. */
  links: z.array(linkSchema),
  /** What the publisher of the extension may see. */
  sharedWithPublisher: share,
  desk: deskSchema
    .extend({
      links: deskLinksSchema,
      diagnostics: diagnosticsSchema.nullable(),
      /** Other agents who are in it at the moment. */
      presence: presenceSchema,
      /** The requester's five newest others. */
      previousTickets: z.array(
        z.object({ id: z.string(), number: z.number(), subject: z.string(), status, createdAt: z.date() }),
      ),
    })
    .nullable(),
})
