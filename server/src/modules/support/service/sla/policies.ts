import { MINUTE } from '../../../../clock.ts'
import type { Ctx } from '../../../../context.ts'
import {
  type CalendarRow,
  findPolicy,
  holdPolicies,
  listPolicies,
  type PolicyRow,
} from '../../queries/sla.ts'
import type { TicketRow } from '../../queries/tickets.ts'
import { type BusinessCalendar, type CalendarDefinition, createCalendar } from '../../sla/calendar.ts'
import { type Clock, type Policy, readClocks } from '../../sla/clocks.ts'

/** Tables of calendars, kept by what they are made of: a calendar that changes is another one, in every copy of the server at once. */
const calendars = new Map<string, BusinessCalendar>()
const KEPT_CALENDARS = 50

/** The calendar of a row, ready to count. @throws RangeError for what is none */
export function calendarOf({ timeZone, hours, holidays }: CalendarDefinition): BusinessCalendar {
  const key = JSON.stringify([timeZone, hours, holidays])
  const known = calendars.get(key)
  if (known) return known
  const calendar = createCalendar({ timeZone, hours, holidays })
  if (calendars.size >= KEPT_CALENDARS) calendars.clear()
  calendars.set(key, calendar)
  return calendar
}

const ms = (minutes: number | null): number | null => (minutes === null ? null : minutes * MINUTE)

const policyOf = (policy: PolicyRow, calendar: CalendarRow): Policy => ({
  calendar: calendarOf(calendar),
  targets: {
    firstResponse: ms(policy.firstResponseMinutes),
    nextResponse: ms(policy.nextResponseMinutes),
    resolution: ms(policy.resolutionMinutes),
  },
})

/** Where there is no policy nothing is promised; time used is time. */
const noPolicy = (): Policy => ({
  calendar: calendarOf({
    timeZone: 'UTC',
    hours: Array.from({ length: 7 }, () => [{ from: 0, to: 1440 }]),
    holidays: [],
  }),
  targets: { firstResponse: null, nextResponse: null, resolution: null },
})

/** What a ticket is promised. It stays so until the transaction ends. */
export async function policyFor(ctx: Ctx, ticket: Pick<TicketRow, 'plan' | 'priority'>): Promise<Policy> {
  // On one connection: one after the other, in one go.
  const [, found] = await Promise.all([holdPolicies(ctx.db), findPolicy(ctx.db, ticket)])
  return found ? policyOf(found.policy, found.calendar) : noPolicy()
}

/** The clocks of tickets as they are now: asked for once, for as many tickets as are shown. */
export async function clockReader(
  ctx: Ctx,
): Promise<(ticket: Pick<TicketRow, 'plan' | 'priority' | 'sla'>) => Clock[]> {
  const rows = await listPolicies(ctx.db)
  const now = ctx.deps.clock.now().getTime()
  return ({ plan, priority, sla }) => {
    if (sla === null) return []
    const row = rows.find(({ policy }) => policy.plan === plan && policy.priority === priority)
    return readClocks(sla, row ? policyOf(row.policy, row.calendar) : noPolicy(), now)
  }
}
