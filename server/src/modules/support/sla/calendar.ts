import type { Holiday, OpenInterval } from '@devforge/db'
import { DAY, MINUTE } from '../../../clock.ts'
import { isTimeZone, offsetSpans } from './zone.ts'

export interface CalendarDefinition {
  /** IANA: `Europe/Berlin`. */
  timeZone: string
  /** By weekday, Monday first: seven lists. Around the clock is `{ from: 0, to: 1440 }` on every day. */
  hours: OpenInterval[][]
  holidays: Pick<Holiday, 'date' | 'hours'>[]
}

/** Open stretches of one year of UTC, as parallel arrays: sorted, disjoint, with what was open before each. */
interface Year {
  starts: number[]
  ends: number[]
  before: number[]
  total: number
}

/** A calendar that is ready to count: the tables of the years that were asked for stay with it. */
export interface BusinessCalendar {
  year(year: number): Year
}

const DAY_MINUTES = 1440
/** No promise takes as long; a calendar that opens so seldom is a mistake. */
const MAX_YEARS_AHEAD = 200

/**
 * Prepares a calendar. A moment is business time exactly if the zone's wall clock then shows an open hour: what a change to daylight
 * saving skips is never counted, what it repeats is counted twice. A holiday closes its date from midnight to midnight, also the
 * end of a night that began the day before.
 * @throws RangeError for an unknown zone, intervals or dates that are none, or a week without an open minute
 */
export function createCalendar({ timeZone, hours, holidays }: CalendarDefinition): BusinessCalendar {
  if (!isTimeZone(timeZone)) throw new RangeError(`unknown time zone: ${timeZone}`)
  const week = weekOf(hours)
  const exceptions = new Map(
    holidays.map(({ date, hours = [] }) => [
      dayOf(date),
      merged(hours.map((open) => checked(open, DAY_MINUTES))),
    ]),
  )
  // 1 January 1970 was a Thursday.
  const openOn = (day: number): OpenInterval[] => exceptions.get(day) ?? week[(((day + 3) % 7) + 7) % 7] ?? []
  const years = new Map<number, Year>()
  return {
    year(year) {
      const known = years.get(year)
      if (known) return known
      const built = buildYear(timeZone, openOn, year)
      years.set(year, built)
      return built
    },
  }
}

/** Business milliseconds from one moment to another (epoch ms); 0 when `to` is not after `from`. */
export function businessMsBetween(calendar: BusinessCalendar, from: number, to: number): number {
  if (to <= from) return 0
  const first = yearOf(from)
  const last = yearOf(to)
  let ms = openUntil(calendar.year(last), to) - openUntil(calendar.year(first), from)
  for (let year = first; year < last; year++) ms += calendar.year(year).total
  return ms
}

/**
 * The first moment (epoch ms) at which `ms` of business time have passed since `from`: a promise that ends with the working day is
 * due at closing time, not when it opens again. `from` itself for 0.
 * @throws RangeError for a negative time, or one beyond any calendar
 */
export function addBusinessMs(calendar: BusinessCalendar, from: number, ms: number): number {
  if (!(ms >= 0)) throw new RangeError(`not a time to add: ${ms}`)
  if (ms === 0) return from
  const first = yearOf(from)
  let wanted = openUntil(calendar.year(first), from) + ms
  for (let year = first; year <= first + MAX_YEARS_AHEAD; year++) {
    const { starts, before, total } = calendar.year(year)
    if (wanted > total) {
      wanted -= total
      continue
    }
    const index = lastIndex(before, (open) => open < wanted)
    return (starts[index] ?? 0) + wanted - (before[index] ?? 0)
  }
  throw new RangeError(`the calendar does not open for ${ms} ms within ${MAX_YEARS_AHEAD} years`)
}

function yearOf(at: number): number {
  const year = new Date(at).getUTCFullYear()
  if (Number.isNaN(year)) throw new RangeError(`not a moment: ${at}`)
  return year
}

/** What was open of a year before a moment in it. */
function openUntil({ starts, ends, before }: Year, at: number): number {
  const index = lastIndex(starts, (start) => start <= at)
  if (index < 0) return 0
  return (before[index] ?? 0) + Math.min(at, ends[index] ?? 0) - (starts[index] ?? 0)
}

/** The last index whose value holds, of ascending values of which the first ones do; -1 for none. */
function lastIndex(values: number[], holds: (value: number) => boolean): number {
  let low = -1
  let high = values.length
  while (high - low > 1) {
    const middle = (low + high) >>> 1
    if (holds(values[middle] ?? 0)) low = middle
    else high = middle
  }
  return low
}

function buildYear(timeZone: string, openOn: (day: number) => OpenInterval[], year: number): Year {
  const table: Year = { starts: [], ends: [], before: [], total: 0 }
  const { starts, ends, before } = table
  for (const { from, to, offsetMs } of offsetSpans(timeZone, Date.UTC(year), Date.UTC(year + 1))) {
    // Within a span the wall clock runs as evenly as UTC does.
    const lastDay = Math.floor((to + offsetMs - 1) / DAY)
    for (let day = Math.floor((from + offsetMs) / DAY); day <= lastDay; day++) {
      const midnight = day * DAY - offsetMs
      for (const open of openOn(day)) {
        const start = Math.max(midnight + open.from * MINUTE, from)
        const end = Math.min(midnight + open.to * MINUTE, to)
        if (start >= end) continue
        if (ends.at(-1) === start) ends[ends.length - 1] = end
        else {
          starts.push(start)
          ends.push(end)
          before.push(table.total)
        }
        table.total += end - start
      }
    }
  }
  return table
}

function checked({ from, to }: OpenInterval, latest: number): OpenInterval {
  const isMinute = (minute: number) => Number.isInteger(minute) && minute >= 0
  if (!isMinute(from) || !isMinute(to) || from >= DAY_MINUTES || to <= from || to > latest) {
    throw new RangeError(`not an interval of a day: ${from} to ${to}`)
  }
  return { from, to }
}

/** The seven days with what goes beyond midnight given to the day after. */
function weekOf(hours: OpenInterval[][]): OpenInterval[][] {
  if (hours.length !== 7) throw new RangeError('a week has seven days')
  const days: OpenInterval[][] = hours.map(() => [])
  for (const [weekday, intervals] of hours.entries()) {
    for (const interval of intervals) {
      // A shift may go on into the next day, but for 24 hours at most.
      const { from, to } = checked(interval, interval.from + DAY_MINUTES)
      days[weekday]?.push({ from, to: Math.min(to, DAY_MINUTES) })
      if (to > DAY_MINUTES) days[(weekday + 1) % 7]?.push({ from: 0, to: to - DAY_MINUTES })
    }
  }
  const week = days.map(merged)
  if (week.every((day) => day.length === 0)) throw new RangeError('the calendar never opens')
  return week
}

/** Sorted, with those that touch or overlap made one. */
function merged(intervals: OpenInterval[]): OpenInterval[] {
  const result: OpenInterval[] = []
  for (const { from, to } of intervals.toSorted((a, b) => a.from - b.from)) {
    const last = result.at(-1)
    if (last && from <= last.to) last.to = Math.max(last.to, to)
    else result.push({ from, to })
  }
  return result
}

function dayOf(date: string): number {
  const at = Date.parse(`${date}T00:00:00Z`)
  if (Number.isNaN(at) || new Date(at).toISOString().slice(0, 10) !== date) {
    throw new RangeError(`not a date: ${date}`)
  }
  return at / DAY
}
