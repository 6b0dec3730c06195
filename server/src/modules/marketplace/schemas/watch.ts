import { submissionStatus } from '@devforge/db'
import { z } from 'zod'
import { lastEventId, streamOf } from '../../../realtime/wire.ts'
import { id } from '../../../wire.ts'

export const onSubmissionInput = z.strictObject({ id, lastEventId })

export const onSubmissionOutput = streamOf(
  z.object({
    /** Grows from state to state. */
    sequence: z.number().int(),
    status: z.enum(submissionStatus.enumValues),
    /** Why it was rejected, or what it waits for. */
    reason: z.string().nullable(),
    at: z.date(),
  }),
)
