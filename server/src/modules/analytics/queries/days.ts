import { analyticsDays, analyticsEventDays, type Db, users } from '@devforge/db'
import { and, asc, between, desc, eq, gte, inArray, lt, ne, sql } from 'drizzle-orm'
import type { DayRange } from '../days.ts'

/** Rolled up values of some metrics. */
export function listDays(db: Db, { from, to }: DayRange, metrics: string[]) {
  return db
    .select()
    .from(analyticsDays)
    .where(and(inArray(analyticsDays.metric, metrics), between(analyticsDays.day, from, to)))
    .orderBy(asc(analyticsDays.day), asc(analyticsDays.key))
}

/** A stock as it was last noted, at the end of a day or before. */
export async function latestStock(db: Db, metric: string, day: string) {
  return db
    .select({ key: analyticsDays.key, value: analyticsDays.value })
    .from(analyticsDays)
    .where(
      and(
        eq(analyticsDays.metric, metric),
        eq(
          analyticsDays.day,
          sql`(select max(d.day) from analytics_days d where d.metric = ${metric} and d.day <= ${day}::date)`,
        ),
      ),
    )
    .orderBy(asc(analyticsDays.key))
}

const { day, name, property, value, events, clients } = analyticsEventDays
const sum = (column: typeof events) => sql<number>`sum(${column})`.mapWith(Number)

/** Events and clients of all names, by day. */
export function listEventDays(db: Db, range: DayRange) {
  return db
    .select({ day, events, clients })
    .from(analyticsEventDays)
    .where(and(between(day, range.from, range.to), eq(name, ''), eq(property, '')))
    .orderBy(asc(day))
}

/** Events by name over some days, the most frequent first. `clients`: on the day that had the most. */
export function sumNames(db: Db, range: DayRange, limit: number) {
  return db
    .select({ name, events: sum(events), clients: sql<number>`max(${clients})`.mapWith(Number) })
    .from(analyticsEventDays)
    .where(and(between(day, range.from, range.to), ne(name, ''), eq(property, '')))
    .groupBy(name)
    .orderBy(desc(sum(events)), asc(name))
    .limit(limit)
}

/** Events by value of a property, of all names. */
export function sumValues(db: Db, range: DayRange, of: string, limit: number) {
  return db
    .select({ value, events: sum(events), clients: sql<number>`max(${clients})`.mapWith(Number) })
    .from(analyticsEventDays)
    .where(and(between(day, range.from, range.to), eq(name, ''), eq(property, of)))
    .groupBy(value)
    .orderBy(desc(sum(events)), asc(value))
    .limit(limit)
}

/** Every line of names by day, at most `limit`. */
export function listNameDays(db: Db, range: DayRange, limit: number) {
  return db
    .select({ day, name, events, clients })
    .from(analyticsEventDays)
    .where(and(between(day, range.from, range.to), ne(name, ''), eq(property, '')))
    .orderBy(asc(day), asc(name))
    .limit(limit)
}

/** Accounts by the day on which they were made. */
export function newUsers(db: Db, { start, end }: { start: Date; end: Date }) {
  const made = sql<string>`to_char(${users.createdAt} at time zone 'UTC', 'YYYY-MM-DD')`
  return db
    .select({ day: made, value: sql<number>`count(*)`.mapWith(Number) })
    .from(users)
    .where(and(gte(users.createdAt, start), lt(users.createdAt, end)))
    .groupBy(made)
}
