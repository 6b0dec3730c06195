import { z } from 'zod'
import { id } from '../../../wire.ts'

/** A file of a message. */
export const attachmentSchema = z
  .object({
    id: z.string(),
    /** Cleaned: no path, nothing invisible. */
    fileName: z.string(),
    /** As its bytes say, `application/octet-stream` for whatever is not known to be harmless. */
    contentType: z.string(),
    sizeBytes: z.number(),
    isImage: z.boolean(),
  })
  .meta({ id: 'TicketAttachment' })

/** Uploads of one's own that no message has yet. */
export const attachmentIds = z
  .array(id)
  .max(10)
  .refine((ids) => new Set(ids).size === ids.length, 'Name each attachment once.')

export const attachmentInput = z.strictObject({ id })
export const attachmentUrlOutput = z.object({ url: z.string(), expiresAt: z.date() })
