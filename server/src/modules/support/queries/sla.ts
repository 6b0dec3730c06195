import { businessCalendars, type Db, slaBreaches, slaPolicies, tickets } from '@devforge/db'
import { and, asc, eq, gt, inArray, isNotNull, lte, ne, or, sql } from 'drizzle-orm'
import type { TicketRow } from './tickets.ts'

export type CalendarRow = typeof businessCalendars.$inferSelect
export type PolicyRow = typeof slaPolicies.$inferSelect
export interface CalendarPolicy {
  policy: PolicyRow
  calendar: CalendarRow
}
export type Plan = PolicyRow['plan']

/** Any fixed number: whoever promises holds this shared, whoever changes policies or calendars alone. */
const POLICIES_LOCK = 4_711_021

/**
 * Holds policies and calendars as they are until the transaction ends, so that no ticket is saved by a policy that has changed when those
 * that ran by it are listed. Does not wait for others that promise.
 */
export async function holdPolicies(db: Db): Promise<void> {
  await db.execute(`select pg_advisory_xact_lock_shared(${POLICIES_LOCK})`)
}

/** Waits for everybody who promises, and lets nobody promise until the transaction ends. */
export async function lockPolicies(db: Db): Promise<void> {
  await db.execute(sql`select pg_advisory_xact_lock(${POLICIES_LOCK})`)
}

export async function findPolicy(
  db: Db,
  { plan, priority }: Pick<TicketRow, 'plan' | 'priority'>,
): Promise<CalendarPolicy | undefined> {
  const [row] = await db
    .select({ policy: slaPolicies, calendar: businessCalendars })
    .from(slaPolicies)
    .innerJoin(businessCalendars, eq(businessCalendars.id, slaPolicies.calendarId))
    .where(and(eq(slaPolicies.plan, plan), eq(slaPolicies.priority, priority)))
  return row
}

export async function listPolicies(
  db: Db,
  { calendarId }: { calendarId?: string } = {},
): Promise<CalendarPolicy[]> {
  return db
    .select({ policy: slaPolicies, calendar: businessCalendars })
    .from(slaPolicies)
    .innerJoin(businessCalendars, eq(businessCalendars.id, slaPolicies.calendarId))
    .where(calendarId === undefined ? undefined : eq(slaPolicies.calendarId, calendarId))
    .orderBy(asc(slaPolicies.plan), asc(slaPolicies.priority))
}

export async function upsertPolicy(db: Db, values: typeof slaPolicies.$inferInsert): Promise<PolicyRow> {
  const { id: _, createdAt: __, ...set } = values
  const [row] = await db
    .insert(slaPolicies)
    .values(values)
    .onConflictDoUpdate({ target: [slaPolicies.plan, slaPolicies.priority], set })
    .returning()
  if (!row) throw new Error('policy neither inserted nor updated')
  return row
}

export async function listCalendars(db: Db): Promise<CalendarRow[]> {
  return db.select().from(businessCalendars).orderBy(asc(businessCalendars.name))
}

export async function findCalendar(db: Db, id: string): Promise<CalendarRow | undefined> {
  const [row] = await db.select().from(businessCalendars).where(eq(businessCalendars.id, id))
  return row
}

/** Whether another calendar has the name. */
export async function isCalendarNameTaken(
  db: Db,
  { name, exceptId }: { name: string; exceptId: string },
): Promise<boolean> {
  const rows = await db
    .select({ id: businessCalendars.id })
    .from(businessCalendars)
    .where(and(eq(businessCalendars.name, name), ne(businessCalendars.id, exceptId)))
  return rows.length > 0
}

export async function upsertCalendar(
  db: Db,
  values: typeof businessCalendars.$inferInsert & { id: string },
): Promise<CalendarRow> {
  const { id: _, createdAt: __, ...set } = values
  const [row] = await db
    .insert(businessCalendars)
    .values(values)
    .onConflictDoUpdate({ target: businessCalendars.id, set })
    .returning()
  if (!row) throw new Error('calendar neither inserted nor updated')
  return row
}

/** Writes down breaches that are not yet. @returns those that were not */
export async function recordBreaches(
  db: Db,
  rows: (typeof slaBreaches.$inferInsert)[],
): Promise<(typeof slaBreaches.$inferSelect)[]> {
  if (rows.length === 0) return []
  return db.insert(slaBreaches).values(rows).onConflictDoNothing().returning()
}

export type SlaPatch = Pick<
  TicketRow,
  | 'firstResponseDueAt'
  | 'nextResponseDueAt'
  | 'resolutionDueAt'
  | 'nextDueAt'
  | 'slaCheckAt'
  | 'breached'
  | 'sla'
>

/** Writes the clocks of a locked ticket. Its version stays: nobody who works on it has to look again. */
export async function updateClocks(db: Db, id: string, patch: SlaPatch): Promise<void> {
  await db
    .update(tickets)
    .set({ ...patch, updatedAt: sql`${tickets.updatedAt}` })
    .where(eq(tickets.id, id))
}

export interface SlaCheck {
  id: string
  slaCheckAt: Date
}

/** Tickets that the sweep has to look at, the longest due first, after one. */
export async function dueChecks(
  db: Db,
  { now, after, limit }: { now: Date; after?: SlaCheck | undefined; limit: number },
): Promise<SlaCheck[]> {
  const rows = await db
    .select({ id: tickets.id, slaCheckAt: tickets.slaCheckAt })
    .from(tickets)
    .where(
      and(
        isNotNull(tickets.slaCheckAt),
        lte(tickets.slaCheckAt, now),
        after &&
          or(
            gt(tickets.slaCheckAt, after.slaCheckAt),
            and(eq(tickets.slaCheckAt, after.slaCheckAt), gt(tickets.id, after.id)),
          ),
      ),
    )
    .orderBy(asc(tickets.slaCheckAt), asc(tickets.id))
    .limit(limit)
  return rows.flatMap(({ id, slaCheckAt }) => (slaCheckAt === null ? [] : [{ id, slaCheckAt }]))
}

/** Tickets with clocks that run by a policy, in the order of their ids, after one. */
export async function ticketsOfPolicy(
  db: Db,
  { plan, priority, after, limit }: Pick<PolicyRow, 'plan' | 'priority'> & { after: string; limit: number },
): Promise<string[]> {
  const rows = await db
    .select({ id: tickets.id })
    .from(tickets)
    .where(
      and(
        eq(tickets.plan, plan),
        eq(tickets.priority, priority),
        sql`${tickets.status} in ('new', 'open', 'pending', 'on_hold')`,
        gt(tickets.id, after),
      ),
    )
    .orderBy(asc(tickets.id))
    .limit(limit)
  return rows.map((row) => row.id)
}

const planLock = (userId: string) => sql`hashtextextended(${`support-plan:${userId}`}, 0)`

/** Holds off whoever wants to raise the plan of a person's tickets until a new one is there, made by the plan that was read after this. */
export async function holdPlan(db: Db, userId: string): Promise<void> {
  await db.execute(sql`select pg_advisory_xact_lock_shared(${planLock(userId)})`)
}

/** Waits for tickets that are being made by a plan that was read before. */
export async function lockPlan(db: Db, userId: string): Promise<void> {
  await db.execute(sql`select pg_advisory_xact_lock(${planLock(userId)})`)
}

/** A person's tickets that are not over and run by one of the plans. */
export async function ticketsOfPlans(
  db: Db,
  { requesterId, plans }: { requesterId: string; plans: Plan[] },
): Promise<string[]> {
  if (plans.length === 0) return []
  const rows = await db
    .select({ id: tickets.id })
    .from(tickets)
    .where(
      and(eq(tickets.requesterId, requesterId), ne(tickets.status, 'closed'), inArray(tickets.plan, plans)),
    )
    .orderBy(asc(tickets.id))
  return rows.map((row) => row.id)
}
