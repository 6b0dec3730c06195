import { z } from 'zod'
import { id, line } from '../../../wire.ts'
import { deskTicketSchema } from './desk.ts'
import { tag } from './queue.ts'
import { body, idempotencyKey, messageSchema, priority, version } from './tickets.ts'

export const tags = z
  .array(tag)
  .max(30)
  .overwrite((all) => [...new Set(all)])

const actions = z.strictObject({
  status: z.enum(['open', 'pending', 'solved']).optional(),
  priority: priority.optional(),
  addTags: tags.optional(),
  removeTags: tags.optional(),
  queueId: id.optional(),
})

export const macroSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    /** Null: only its actions. */
    body: z.string().nullable(),
    asNote: z.boolean(),
    actions: actions,
    /** Everybody's; else one's own. */
    shared: z.boolean(),
    active: z.boolean(),
    createdAt: z.date(),
    updatedAt: z.date(),
  })
  .meta({ id: 'TicketMacro' })
export const macrosOutput = z.object({
  items: z.array(macroSchema),
  /** What may stand in `{{…}}`. */
  placeholders: z.array(z.string()),
})

export const saveMacroInput = z
  .strictObject({
    id: id.optional().describe('To change one; without it a new one is made'),
    name: line(80),
    body: body
      .nullable()
      .default(null)
      .describe('The reply or note, with placeholders such as {{customer.name}}'),
    asNote: z.boolean().default(false),
    actions: actions.default({}),
    shared: z.boolean().default(false).describe('Of a new one: everybody’s; only admins make those'),
    active: z.boolean().default(true),
  })
  .refine((macro) => macro.body !== null || Object.keys(macro.actions).length > 0, 'It would do nothing.')
export const deleteMacroInput = z.strictObject({ id })

export const previewMacroInput = z.strictObject({ id, macroId: id })
export const previewMacroOutput = z.object({
  body: z.string().nullable(),
  html: z.string().nullable(),
  asNote: z.boolean(),
  actions: actions,
  /** Placeholders that nothing is known for: it cannot be applied here. */
  missing: z.array(z.string()),
})
export const applyMacroInput = z.strictObject({
  id,
  macroId: id,
  version,
  idempotencyKey: idempotencyKey.optional(),
})
export const applyMacroOutput = z.object({ ticket: deskTicketSchema, message: messageSchema.nullable() })
