import { assignmentMode } from '@devforge/db'
import { z } from 'zod'
import { id, line, pageInput, pageOf } from '../../../wire.ts'
import { roleSchema } from '../../users/schemas.ts'
import { category } from './tickets.ts'

/** `linux`, `german`: what tickets ask for and agents have. */
export const skill = z
  .string()
  .regex(/^[a-z0-9][a-z0-9+._-]{0,39}$/, 'Give lower-case letters, digits, and . _ + -')
const skills = z.array(skill).max(50)

export const staffSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    email: z.string(),
    role: roleSchema,
    /** False: the role is there, and `admin.setAgent` has not said yet how they work. */
    isAgent: z.boolean(),
    /** Works on tickets at all. */
    active: z.boolean(),
    /** Is at their desk: gets tickets by itself. */
    available: z.boolean(),
    /** New and open tickets at a time that are assigned by itself. */
    capacity: z.number(),
    skills: z.array(z.string()),
    signature: z.string().nullable(),
    queueIds: z.array(z.string()),
    /** New and open tickets that are theirs. */
    load: z.number(),
    /** With those that wait for the customer or for a time. */
    openCount: z.number(),
    /** Of the last 90 days; null: nobody rated them. */
    satisfaction: z.object({ averageScore: z.number(), ratings: z.number() }).nullable(),
    lastAssignedAt: z.date().nullable(),
  })
  .meta({ id: 'SupportAgent' })

export const agentsInput = z.strictObject(pageInput(50)).default({ limit: 50 })
export const agentsOutput = pageOf(staffSchema)

export const setAgentInput = z.strictObject({
  userId: id,
  active: z
    .boolean()
    .optional()
    .describe('false: gets nothing more, and what is theirs goes back to its queues'),
  available: z.boolean().optional(),
  capacity: z.number().int().min(0).max(1_000).optional(),
  skills: skills.optional(),
  queues: z.array(id).max(100).optional().describe('Ids of the queues that they work in; all of them'),
  signature: z.string().trim().min(1).max(1_000).nullable().optional(),
})

export const setAvailabilityInput = z.strictObject({ available: z.boolean() })
export const setAvailabilityOutput = z.object({ available: z.boolean() })

export const colleaguesInput = z
  .strictObject({ queueId: id.optional(), query: line(100).optional() })
  .default({})
export const colleaguesOutput = z.object({
  /** By name, 100 at most. */
  items: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      available: z.boolean(),
      load: z.number(),
      capacity: z.number(),
      skills: z.array(z.string()),
      queueIds: z.array(z.string()),
    }),
  ),
})

export const queueSchema = z
  .object({
    id: z.string(),
    slug: z.string(),
    name: z.string(),
    assignment: z.enum(assignmentMode.enumValues),
    categories: z.array(category),
    /** Takes what no other queue does. */
    isDefault: z.boolean(),
    /** Takes new tickets. */
    active: z.boolean(),
    position: z.number(),
    /** Tickets that nobody has. */
    waiting: z.number(),
    /** Tickets that are not solved. */
    open: z.number(),
    agentIds: z.array(z.string()),
  })
  .meta({ id: 'SupportQueue' })
export const queuesOutput = z.object({ items: z.array(queueSchema) })

export const setQueueInput = z.strictObject({
  id: id.optional().describe('Without it a new one is made: that needs `slug` and `name`'),
  slug: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,39}$/)
    .optional(),
  name: line(80).optional(),
  assignment: z.enum(assignmentMode.enumValues).optional(),
  categories: z
    .array(category)
    .max(category.options.length)
    .optional()
    .describe('Those that come here; each to one queue'),
  isDefault: z.boolean().optional(),
  active: z.boolean().optional(),
  position: z.number().int().min(0).max(10_000).optional(),
})
