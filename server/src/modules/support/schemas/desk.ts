import { z } from 'zod'
import { id, reason } from '../../../wire.ts'
import { attachmentIds } from './attachments.ts'
import {
  body,
  deskSchema,
  idempotencyKey,
  messageSchema,
  priority,
  status,
  ticketSchema,
  version,
} from './tickets.ts'

/** A ticket as agents see it. */
export const deskTicketSchema = ticketSchema.extend({ desk: deskSchema }).meta({ id: 'DeskTicket' })

export const claimInput = z.strictObject({ id, version: version.optional() })
export const assignInput = z.strictObject({
  id,
  agentId: id.nullable().describe('null: nobody; it waits in its queue'),
  version: version.optional(),
})
export const transitionInput = z.strictObject({
  id,
  to: status,
  reason: reason.optional(),
  until: z.date().optional().describe('When a ticket on hold opens again by itself'),
  body: body.optional().describe('A public reply that goes with it'),
  version,
})
export const setPriorityInput = z.strictObject({ id, priority, version: version.optional() })
export const noteInput = z.strictObject({
  id,
  body,
  attachmentIds: attachmentIds.optional(),
  idempotencyKey: idempotencyKey.optional(),
})
export const noteOutput = z.object({ ticket: deskTicketSchema, message: messageSchema })
