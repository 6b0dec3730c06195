import { sql } from 'drizzle-orm'
import {
  boolean,
  check,
  index,
  integer,
  jsonb,
  pgEnum,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
} from 'drizzle-orm/pg-core'
import { at, count, id, timestamps } from '../columns.ts'
import { users } from './identity.ts'

export const ticketPriority = pgEnum('ticket_priority', ['low', 'normal', 'high', 'urgent'])
export const ticketCategory = pgEnum('ticket_category', [
  'billing',
  'license',
  'bug',
  'extension',
  'feature',
  'other',
])
/** What a customer has paid for, as far as support is concerned. */
export const supportPlan = pgEnum('support_plan', ['free', 'pro', 'enterprise'])
/**
 * How tickets of a queue find an agent. Whatever the way, agents need the ticket's skills. `skill` prefers, of those who are equally busy,
 * whoever can do little else.
 */
export const assignmentMode = pgEnum('assignment_mode', ['manual', 'round_robin', 'least_loaded', 'skill'])

/** Where tickets wait for agents. */
export const supportQueues = pgTable(
  'support_queues',
  {
    id: id('que'),
    slug: text('slug').notNull(),
    name: text('name').notNull(),
    assignment: assignmentMode('assignment').notNull().default('least_loaded'),
    /** Categories whose new tickets come here; a category stands in one queue at most. */
    categories: ticketCategory('categories').array().notNull().default([]),
    /** What no other queue takes comes here. */
    isDefault: boolean('is_default').notNull().default(false),
    active: boolean('active').notNull().default(true),
    position: integer('position').notNull().default(0),
    ...timestamps(),
  },
  (t) => [
    uniqueIndex('support_queues_slug_key').on(t.slug),
    uniqueIndex('support_queues_default_key').on(t.isDefault).where(sql`${t.isDefault}`),
  ],
)

/** Accounts that work on tickets. The role lets them in; this row says how they work. */
export const supportAgents = pgTable(
  'support_agents',
  {
    userId: text('user_id')
      .primaryKey()
      .references(() => users.id, { onDelete: 'restrict' }),
    /** Employed at all: an agent who is not gets nothing, and what was theirs is queued again. */
    active: boolean('active').notNull().default(true),
    /** At their desk: turned off for a break, without losing what is assigned. */
    available: boolean('available').notNull().default(true),
    /** New and open tickets at a time that are assigned by itself; by hand there may be more. */
    capacity: count('capacity').notNull().default(10),
    skills: text('skills').array().notNull().default([]),
    /** Under what is written to customers. */
    signature: text('signature'),
    lastAssignedAt: at('last_assigned_at'),
    ...timestamps(),
  },
  (t) => [check('support_agents_capacity_not_negative', sql`${t.capacity} >= 0`)],
)

/** Which queues an agent works in. */
export const supportQueueAgents = pgTable(
  'support_queue_agents',
  {
    queueId: text('queue_id')
      .notNull()
      .references(() => supportQueues.id, { onDelete: 'cascade' }),
    agentId: text('agent_id')
      .notNull()
      .references(() => supportAgents.userId, { onDelete: 'cascade' }),
  },
  (t) => [
    primaryKey({ columns: [t.queueId, t.agentId] }),
    index('support_queue_agents_agent_id_idx').on(t.agentId),
  ],
)

/** Minutes since midnight, of the calendar's time zone: `{ from: 540, to: 1020 }` is nine to five. */
export interface OpenInterval {
  from: number
  /** Exclusive. Beyond 1440 it goes on into the next day: `{ from: 1320, to: 1800 }` is ten in the evening to six in the morning. */
  to: number
}

/** A day of no work, or of less. */
export interface Holiday {
  /** `2026-12-25`, in the calendar's time zone */
  date: string
  name: string
  /** What is open nevertheless; without it, nothing is. */
  hours?: OpenInterval[]
}

/** When support is there. */
export const businessCalendars = pgTable(
  'business_calendars',
  {
    id: id('cal'),
    name: text('name').notNull(),
    /** IANA: `Europe/Berlin`. */
    timeZone: text('time_zone').notNull(),
    /** By weekday, Monday first: seven lists of intervals. */
    hours: jsonb('hours').$type<OpenInterval[][]>().notNull(),
    holidays: jsonb('holidays').$type<Holiday[]>().notNull().default([]),
    ...timestamps(),
  },
  (t) => [uniqueIndex('business_calendars_name_key').on(t.name)],
)

/** What is promised, by plan and priority; null: nothing is. In minutes of the calendar. */
export const slaPolicies = pgTable(
  'sla_policies',
  {
    id: id('slp'),
    plan: supportPlan('plan').notNull(),
    priority: ticketPriority('priority').notNull(),
    firstResponseMinutes: integer('first_response_minutes'),
    nextResponseMinutes: integer('next_response_minutes'),
    resolutionMinutes: integer('resolution_minutes'),
    calendarId: text('calendar_id')
      .notNull()
      .references(() => businessCalendars.id, { onDelete: 'restrict' }),
    ...timestamps(),
  },
  (t) => [
    uniqueIndex('sla_policies_plan_priority_key').on(t.plan, t.priority),
    index('sla_policies_calendar_id_idx').on(t.calendarId),
    check(
      'sla_policies_minutes_positive',
      sql`coalesce(${t.firstResponseMinutes}, 1) > 0 and coalesce(${t.nextResponseMinutes}, 1) > 0 and coalesce(${t.resolutionMinutes}, 1) > 0`,
    ),
  ],
)

/** What a macro does besides writing, all at once. */
export interface MacroActions {
  status?: 'open' | 'pending' | 'solved'
  priority?: 'low' | 'normal' | 'high' | 'urgent'
  addTags?: string[]
  removeTags?: string[]
  queueId?: string
}

/** Prepared answers with placeholders such as `{{customer.name}}`. */
export const ticketMacros = pgTable(
  'ticket_macros',
  {
    id: id('mac'),
    name: text('name').notNull(),
    /** The reply or note it writes; null: only its actions. */
    body: text('body'),
    asNote: boolean('as_note').notNull().default(false),
    actions: jsonb('actions').$type<MacroActions>().notNull().default({}),
    /** Null: everybody's; else only this agent's. */
    ownerId: text('owner_id').references(() => users.id, { onDelete: 'restrict' }),
    active: boolean('active').notNull().default(true),
    ...timestamps(),
  },
  (t) => [
    index('ticket_macros_owner_id_idx').on(t.ownerId),
    uniqueIndex('ticket_macros_name_key').on(sql`coalesce(${t.ownerId}, '')`, sql`lower(${t.name})`),
  ],
)

/** Saved filters of the agents' queue. */
export const ticketViews = pgTable(
  'ticket_views',
  {
    id: id('viw'),
    name: text('name').notNull(),
    /** Null: everybody's; else only this agent's. */
    ownerId: text('owner_id').references(() => users.id, { onDelete: 'restrict' }),
    /** As the input of `tickets.queue`, without the page. */
    filters: jsonb('filters').$type<Record<string, unknown>>().notNull(),
    position: integer('position').notNull().default(0),
    ...timestamps(),
  },
  (t) => [
    index('ticket_views_owner_id_idx').on(t.ownerId),
    uniqueIndex('ticket_views_name_key').on(sql`coalesce(${t.ownerId}, '')`, sql`lower(${t.name})`),
  ],
)

/** What an agent does in a ticket at the moment. */
export const presenceState = pgEnum('ticket_presence_state', ['viewing', 'typing'])

/**
 * Who is in a ticket at the moment; each row is good for half a minute. UNLOGGED (its migration says so): after a crash nobody is
 * anywhere, which is right, and heartbeats cost no write-ahead log.
 */
export const ticketPresence = pgTable(
  'ticket_presence',
  {
    ticketId: text('ticket_id').notNull(),
    userId: text('user_id').notNull(),
    state: presenceState('state').notNull(),
    expiresAt: at('expires_at').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.ticketId, t.userId] }),
    index('ticket_presence_expires_idx').on(t.expiresAt),
  ],
)
