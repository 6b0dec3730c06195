import { addMs, DAY } from '../../clock.ts'

/** Days of UTC, `YYYY-MM-DD`, both counted in. */
export interface DayRange {
  from: string
  to: string
}

/** The day of a moment, in UTC. */
export const dayOf = (date: Date): string => date.toISOString().slice(0, 10)

const startOf = (day: string): Date => new Date(`${day}T00:00:00.000Z`)

/** A day moved by some days. */
export const addDays = (day: string, days: number): string => dayOf(addMs(startOf(day), days * DAY))

/** The moments of a range: from the first up to, but not including, the second. */
export const momentsOf = ({ from, to }: DayRange): { start: Date; end: Date } => ({
  start: startOf(from),
  end: startOf(addDays(to, 1)),
})

const lengthOf = ({ from, to }: DayRange): number =>
  Math.round((startOf(to).getTime() - startOf(from).getTime()) / DAY) + 1

export const daysOf = (range: DayRange): string[] =>
  Array.from({ length: lengthOf(range) }, (_, n) => addDays(range.from, n))

/** As many days, just before. */
export function previousOf(range: DayRange): DayRange {
  return { from: addDays(range.from, -lengthOf(range)), to: addDays(range.from, -1) }
}

export const isWithin = (day: string, { from, to }: DayRange): boolean => day >= from && day <= to

type Numbers<K extends string> = Record<K, number>

/** Zeros under each name. */
export const zeros = <K extends string>(names: readonly K[]): Numbers<K> =>
  Object.fromEntries(names.map((name) => [name, 0])) as Numbers<K>

/** A value that is added to a line of a day. */
export interface Amount<K extends string> {
  day: string
  name: K
  value: number
}

/** One line per day, also for days of which nothing is known. */
export function seriesOf<K extends string>(
  range: DayRange,
  names: readonly K[],
  amounts: readonly Amount<K>[],
): ({ day: string } & Numbers<K>)[] {
  const lines = new Map(daysOf(range).map((day) => [day, { day, ...zeros(names) }]))
  for (const { day, name, value } of amounts) {
    const line: Numbers<K> | undefined = lines.get(day)
    if (line) line[name] += value
  }
  return [...lines.values()]
}

/** What the days of a range add up to. */
export function totalsOf<K extends string>(
  range: DayRange,
  names: readonly K[],
  amounts: readonly Amount<K>[],
): Numbers<K> {
  const totals = zeros(names)
  for (const { day, name, value } of amounts) if (isWithin(day, range)) totals[name] += value
  return totals
}
