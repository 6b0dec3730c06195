import { z } from 'zod'
import { id, reason } from '../../../wire.ts'
import { tags } from './macros.ts'
import { body, idempotencyKey, presenceSchema, priority, status, version } from './tickets.ts'

const actionSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('assign'), agentId: id.nullable() }),
  z.strictObject({
    type: z.literal('status'),
    to: status,
    reason: reason.optional(),
    until: z.date().optional(),
    body: body.optional(),
  }),
  z.strictObject({ type: z.literal('priority'), priority }),
  z.strictObject({ type: z.literal('tags'), add: tags.default([]), remove: tags.default([]) }),
  z.strictObject({ type: z.literal('queue'), queueId: id }),
  z.strictObject({ type: z.literal('macro'), macroId: id }),
])

export const bulkInput = z.strictObject({
  ids: z.array(id).min(1).max(100),
  action: actionSchema,
  idempotencyKey: idempotencyKey
    .optional()
    .describe('A call that is tried again under it writes no message twice'),
})
/** One for each ticket, in the order given. */
export const bulkOutput = z.object({
  results: z.array(
    z.object({
      id: z.string(),
      ok: z.boolean(),
      /** Why not. */
      code: z.string().nullable(),
      version: z.number().nullable(),
    }),
  ),
})

export const setTagsInput = z.strictObject({ id, tags, version: version.optional() })
export const setQueueInput = z.strictObject({ id, queueId: id, version: version.optional() })

export const presenceInput = z.strictObject({
  id,
  state: z.enum(['viewing', 'typing', 'gone']).describe('Good for 30 s: say it again every 15 s'),
})
/** The others. */
export const presenceOutput = z.object({ others: presenceSchema })
