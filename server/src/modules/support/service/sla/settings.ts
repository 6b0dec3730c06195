import { newId } from '@devforge/db'
import { writeAudit } from '../../../../audit.ts'
import { addMs, DAY, MINUTE } from '../../../../clock.ts'
import type { AdminActor, Ctx } from '../../../../context.ts'
import { AppError, notFound } from '../../../../errors.ts'
import type { JobData } from '../../../../jobs/types.ts'
import { inTx } from '../../../../tx.ts'
import * as queries from '../../queries/sla.ts'
import { addBusinessMs, type BusinessCalendar } from '../../sla/calendar.ts'
import { eachTicket, throwFailed } from '../each.ts'
import { calendarOf } from './policies.ts'
import { lookAgain } from './sweep.ts'

type AdminCtx = Ctx<AdminActor>
type Calendar = Pick<queries.CalendarRow, 'name' | 'timeZone' | 'hours' | 'holidays'>
type Targets = Pick<queries.PolicyRow, 'firstResponseMinutes' | 'nextResponseMinutes' | 'resolutionMinutes'>
type SetPolicy = Targets &
  Pick<queries.PolicyRow, 'plan' | 'priority' | 'calendarId'> & { reason?: string | undefined }

const presentPolicy = ({ createdAt: _, ...policy }: queries.PolicyRow) => policy
const presentCalendar = ({ createdAt: _, ...calendar }: queries.CalendarRow) => calendar

/** What is promised, by plan and priority. */
export async function listSlaPolicies(ctx: AdminCtx) {
  const rows = await queries.listPolicies(ctx.db)
  return { items: rows.map(({ policy }) => presentPolicy(policy)) }
}

export async function listCalendars(ctx: AdminCtx) {
  const rows = await queries.listCalendars(ctx.db)
  return { items: rows.map(presentCalendar) }
}

/**
 * Sets what is promised to tickets of a plan and priority. Promises that run count by it, from their start; those that ended or were broken
 * stay.
 * @throws NOT_FOUND for the calendar, INVALID_INPUT for a promise that it would take years to keep
 */
export function setSlaPolicy(ctx: AdminCtx, { reason, ...input }: SetPolicy) {
  return inTx(ctx, async (ctx) => {
    await queries.lockPolicies(ctx.db)
    const calendar = await queries.findCalendar(ctx.db, input.calendarId)
    if (!calendar) throw notFound('calendar', input.calendarId)
    assertKeepable(ctx, calendarOf(calendar), [input])
    const { plan, priority } = input
    const before = await queries.findPolicy(ctx.db, { plan, priority })
    const now = ctx.deps.clock.now()
    const id = before?.policy.id ?? newId('slp')
    const after = await queries.upsertPolicy(ctx.db, { ...input, id, createdAt: now, updatedAt: now })
    await writeAudit(ctx, {
      action: 'sla_policy.set',
      subject: id,
      reason,
      ...(before ? { before: presentPolicy(before.policy) } : {}),
      after: presentPolicy(after),
    })
    await ctx.deps.jobs.enqueue(ctx.db, 'support.slaChanged', { plan, priority })
    return presentPolicy(after)
  })
}

/**
 * Makes a calendar, or (with its id) changes one; promises that run by it are counted anew, from their start.
 * @throws NOT_FOUND, CALENDAR_EXISTS, INVALID_INPUT for a week that never opens, a date that does not exist, or hours in which a promise
 * would take years to keep
 */
export function setCalendar(
  ctx: AdminCtx,
  input: Calendar & { id?: string | undefined; reason?: string | undefined },
) {
  const { id: givenId, reason, ...values } = input
  const calendar = parseCalendar(values)
  return inTx(ctx, async (ctx) => {
    await queries.lockPolicies(ctx.db)
    const before = givenId === undefined ? undefined : await queries.findCalendar(ctx.db, givenId)
    if (givenId !== undefined && !before) throw notFound('calendar', givenId)
    const id = before?.id ?? newId('cal')
    if (await queries.isCalendarNameTaken(ctx.db, { name: values.name, exceptId: id }))
      throw new AppError('CALENDAR_EXISTS', { name: values.name })
    const policies = await queries.listPolicies(ctx.db, { calendarId: id })
    assertKeepable(
      ctx,
      calendar,
      policies.map(({ policy }) => policy),
    )
    const now = ctx.deps.clock.now()
    const after = await queries.upsertCalendar(ctx.db, { ...values, id, createdAt: now, updatedAt: now })
    await writeAudit(ctx, {
      action: before ? 'calendar.changed' : 'calendar.created',
      subject: id,
      reason,
      ...(before ? { before: presentCalendar(before) } : {}),
      after: presentCalendar(after),
    })
    for (const { policy } of policies) {
      const { plan, priority } = policy
      await ctx.deps.jobs.enqueue(ctx.db, 'support.slaChanged', { plan, priority })
    }
    return presentCalendar(after)
  })
}

const invalid = (path: string, message: string) =>
  new AppError('INVALID_INPUT', { issues: [{ path, message }] })

function parseCalendar(calendar: Calendar): BusinessCalendar {
  try {
    return calendarOf(calendar)
  } catch (error) {
    if (error instanceof RangeError) throw invalid('hours', error.message)
    throw error
  }
}

/** A promise that takes longer is none; and counting it must never come to an end of the calendar. */
const MAX_DAYS = 5 * 365

function assertKeepable(ctx: Ctx, calendar: BusinessCalendar, policies: Targets[]): void {
  const now = ctx.deps.clock.now()
  const minutes = policies.flatMap(({ firstResponseMinutes, nextResponseMinutes, resolutionMinutes }) => [
    firstResponseMinutes ?? 0,
    nextResponseMinutes ?? 0,
    resolutionMinutes ?? 0,
  ])
  const longest = Math.max(0, ...minutes)
  const latest = addMs(now, MAX_DAYS * DAY).getTime()
  if (businessDue(calendar, now.getTime(), longest * MINUTE) > latest)
    throw invalid('hours', `${longest} minutes would take more than ${MAX_DAYS} days in these hours.`)
}

function businessDue(calendar: BusinessCalendar, from: number, ms: number): number {
  try {
    return addBusinessMs(calendar, from, ms)
  } catch (error) {
    if (error instanceof RangeError) return Number.POSITIVE_INFINITY
    throw error
  }
}

/** Tickets per job: well below the time that a job may take. */
const BATCH = 500

/**
 * Counts the promises that run by a policy anew, some tickets at a time. Those that cannot be are tried again by a job of their own: they
 * keep no other from it.
 */
export async function followPolicy(
  ctx: Ctx,
  { plan, priority, after = '', only }: JobData['support.slaChanged'],
): Promise<void> {
  if (only) return throwFailed(await eachTicket(ctx, only, (id) => lookAgain(ctx, id)))
  const ids = await queries.ticketsOfPolicy(ctx.db, { plan, priority, after, limit: BATCH })
  const failed = await eachTicket(ctx, ids, (id) => lookAgain(ctx, id))
  if (failed.length > 0) {
    const left = failed.map(({ id }) => id)
    await ctx.deps.jobs.enqueue(ctx.db, 'support.slaChanged', { plan, priority, only: left })
  }
  const last = ids.at(-1)
  if (last === undefined || ids.length < BATCH) return
  await ctx.deps.jobs.enqueue(ctx.db, 'support.slaChanged', { plan, priority, after: last })
}
