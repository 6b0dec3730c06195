import { bigint, date, index, jsonb, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core'
import { at, bytes, count } from '../columns.ts'

/**
 * What editors told with their users' consent. Linked to no account: the client is a digest of a random id that its machine made for
 * this alone. Rows go once their day is too old for an event to be taken (`modules/analytics/service/track.ts`), so that one that is
 * sent twice is always known.
 */
export const analyticsEvents = pgTable(
  'analytics_events',
  {
    client: bytes('client').notNull(),
    /** Made by the client, so that a batch that is sent again counts once. */
    id: uuid('id').notNull(),
    name: text('name').notNull(),
    /** Of UTC; the day of `at`. */
    day: date('day', { mode: 'string' }).notNull(),
    at: at('at').notNull(),
    properties: jsonb('properties').$type<Record<string, string | number | boolean>>().notNull(),
    receivedAt: at('received_at').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.client, t.id] }),
    index('analytics_events_day_idx').on(t.day),
    index('analytics_events_received_at_idx').on(t.receivedAt),
  ],
)

/**
 * Events per day (UTC), name and, for a few properties, value. An empty name: of all names; an empty property: whatever the properties.
 * Made anew from `analytics_events`, and kept when those are gone.
 */
export const analyticsEventDays = pgTable(
  'analytics_event_days',
  {
    day: date('day', { mode: 'string' }).notNull(),
    name: text('name').notNull(),
    property: text('property').notNull(),
    value: text('value').notNull(),
    events: count('events').notNull(),
    /** Different clients. Those of several days cannot be added up. */
    clients: count('clients').notNull(),
  },
  (t) => [primaryKey({ columns: [t.day, t.name, t.property, t.value] })],
)

/**
 * The business per day (UTC): what happened in it (`licenses.issued`), made anew for the last days by a job, and how things stood when it
 * was last looked at (`stock.licenses`). `key` is a plan, a status, a currency; of `wait.…` how many minutes somebody waited.
 */
export const analyticsDays = pgTable(
  'analytics_days',
  {
    day: date('day', { mode: 'string' }).notNull(),
    metric: text('metric').notNull(),
    key: text('key').notNull(),
    value: bigint('value', { mode: 'number' }).notNull(),
  },
  (t) => [primaryKey({ columns: [t.metric, t.day, t.key] })],
)

/** When each roll-up last looked: everything that was committed before is counted. */
export const analyticsRuns = pgTable('analytics_runs', {
  name: text('name').$type<'events' | 'business' | 'waits'>().primaryKey(),
  at: at('at').notNull(),
})
