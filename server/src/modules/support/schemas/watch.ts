import { messageAuthor } from '@devforge/db'
import { z } from 'zod'
import { lastEventId, streamOf } from '../../../realtime/wire.ts'
import { id } from '../../../wire.ts'
import { messageSchema, presenceSchema, status } from './tickets.ts'

export const onUpdateInput = z.strictObject({
  id: id.optional().describe('One ticket; without it all of one’s own, for agents all there are'),
  lastEventId,
})

export const onUpdateOutput = streamOf(
  z
    .object({
      sequence: z.number(),
      ticketId: z.string(),
      number: z.number(),
      subject: z.string(),
      /** `ticket.created`, `message.added`, `status.changed`, … */
      type: z.string(),
      by: z.enum(messageAuthor.enumValues),
      version: z.number(),
      /** As it is now. */
      status,
      before: z.record(z.string(), z.unknown()).nullable(),
      after: z.record(z.string(), z.unknown()).nullable(),
      /** What was written, when this tells of a message. */
      message: messageSchema.nullable(),
      /** Agents: who else is in the ticket now, where this tells of that (`presence.changed`, never kept). */
      presence: presenceSchema.nullable(),
      at: z.date(),
    })
    .meta({ id: 'TicketUpdate' }),
)
