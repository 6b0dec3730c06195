import { z } from 'zod'
import { id, line, pageInput, pageOf } from '../../../wire.ts'
import { category, deskSchema, messageSchema, priority, status, ticketSchema } from './tickets.ts'

/** Views that everybody at the desk has. Each is a condition and an order; filters narrow it. */
export const VIEWS = [
  'mine',
  'unassigned',
  'waiting',
  'due',
  'breached',
  'on_hold',
  'solved_recently',
  'all',
] as const
export const SORTS = ['due', 'oldest', 'newest', 'updated'] as const

const many = <T extends z.ZodType>(item: T, most: number) => z.array(item).min(1).max(most)

/** What tags look like; capital letters are made small. */
export const tag = z
  .string()
  .trim()
  .toLowerCase()
  .regex(/^[\p{L}\p{N}][\p{L}\p{N}_.:+-]{0,39}$/u, 'Letters, digits and `_ . : + -`, 40 at most.')

const filters = {
  queueId: id.optional(),
  status: many(status, 6).optional(),
  assignee: id.optional().describe('`me`, `none`, or the id of an agent'),
  priority: many(priority, 4).optional(),
  category: many(category, 6).optional(),
  tag: tag.optional(),
  plan: many(z.enum(['free', 'pro', 'enterprise']), 3).optional(),
  breached: z.boolean().optional().describe('Whether some promise was broken'),
  requesterId: id.optional(),
  publisherId: id.optional().describe('Whose extension it is about'),
  createdFrom: z.date().optional(),
  createdTo: z.date().optional().describe('Up to, and without'),
  updatedFrom: z.date().optional(),
  updatedTo: z.date().optional().describe('Up to, and without'),
}

const view = z.enum(VIEWS)
/** Which tickets in which order; what a saved view keeps. */
export const filtersSchema = z.strictObject({
  view: view.optional().describe('Default: `all`'),
  ...filters,
  sort: z.enum(SORTS).optional().describe('Default: the view’s own'),
})
const savedView = id.optional().describe('A saved view; other members narrow it')

export const queueInput = filtersSchema.extend({ savedView, ...pageInput(25) })

/** A ticket of a list, as agents see it. */
export const queueItemSchema = ticketSchema
  .extend({
    desk: deskSchema.omit({ choices: true }).extend({
      sla: z.object({
        firstResponseDueAt: z.date().nullable(),
        nextResponseDueAt: z.date().nullable(),
        resolutionDueAt: z.date().nullable(),
        nextDueAt: z.date().nullable(),
        breached: z.boolean(),
      }),
    }),
    /** The beginning of the newest public message. */
    preview: z
      .object({
        author: messageSchema.shape.author.shape.type,
        text: z.string(),
        createdAt: z.date(),
      })
      .nullable(),
  })
  .meta({ id: 'QueueTicket' })
export const queueOutput = pageOf(queueItemSchema)

export const searchInput = filtersSchema.omit({ sort: true }).extend({
  text: line(200).describe(
    'Words of subjects, messages and notes; #1042; an id; name or mail of the requester',
  ),
  savedView,
  ...pageInput(25),
})

const counted = { count: z.number().describe('Exact up to 1,000'), exact: z.boolean() }
export const viewCountsOutput = z.object({
  views: z.array(z.object({ view, ...counted })),
  saved: z.array(z.object({ id: z.string(), ...counted })),
})

export const viewSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    /** Everybody's; else one's own. */
    shared: z.boolean(),
    filters: filtersSchema,
    position: z.number(),
    createdAt: z.date(),
    updatedAt: z.date(),
  })
  .meta({ id: 'TicketView' })
const viewName = line(80)
const position = z.number().int().min(0).max(1_000)
export const viewsOutput = z.object({ items: z.array(viewSchema) })
export const createViewInput = z.strictObject({
  name: viewName,
  filters: filtersSchema,
  shared: z.boolean().default(false).describe('Everybody’s; only admins make those'),
  position: position.default(0),
})
export const updateViewInput = z.strictObject({
  id,
  name: viewName.optional(),
  filters: filtersSchema.optional(),
  position: position.optional(),
})
export const deleteViewInput = z.strictObject({ id })
export const deletedOutput = z.object({ deleted: z.boolean() })
export const nothing = z.strictObject({})
