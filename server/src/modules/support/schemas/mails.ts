import { inboundMailStatus } from '@devforge/db'
import { z } from 'zod'
import { id, pageInput, pageOf } from '../../../wire.ts'

const status = z.enum(inboundMailStatus.enumValues)

/** A mail that came in. Whose it is and what stands in it is for the ticket that it became. */
export const inboundMailSchema = z
  .object({
    id: z.string(),
    status,
    /** Why it was ignored or parked: `own`, `automatic`, `too_many`, `sender_not_proven`, `unreadable`, … */
    reason: z.string().nullable(),
    ticketId: z.string().nullable(),
    sizeBytes: z.number(),
    attempts: z.number(),
    createdAt: z.date(),
  })
  .meta({ id: 'InboundMail' })

export const inboundMailsInput = z.strictObject({ status: status.optional(), ...pageInput() })
export const inboundMailsOutput = pageOf(inboundMailSchema)
export const retryInboundMailInput = z.strictObject({ id })
