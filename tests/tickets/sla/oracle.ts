import type { CalendarDefinition } from '@devforge/server/modules/support/sla/calendar'

const MINUTE = 60_000
const formats = new Map<string, Intl.DateTimeFormat>()

/** What the clock on the wall shows, asked of `Intl` each time: slow, and too simple to be wrong. */
function wall(timeZone: string, at: number): { date: string; weekday: number; minute: number } {
  let format = formats.get(timeZone)
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
    })
    formats.set(timeZone, format)
  }
  const [month, day, year, hour, minute] = format.format(at).split(/\D+/)
  const date = `${year}-${month}-${day}`
  return {
    date,
    weekday: (new Date(`${date}T00:00:00Z`).getUTCDay() + 6) % 7,
    minute: Number(hour) * 60 + Number(minute),
  }
}

function isOpen({ timeZone, hours, holidays }: CalendarDefinition, at: number): boolean {
  const { date, weekday, minute } = wall(timeZone, at)
  const within = (day: { from: number; to: number }[] | undefined, minute: number) =>
    (day ?? []).some(({ from, to }) => minute >= from && minute < to)
  const holiday = holidays.find((holiday) => holiday.date === date)
  if (holiday) return within(holiday.hours, minute)
  return within(hours[weekday], minute) || within(hours[(weekday + 6) % 7], minute + 1440)
}

/** Business time by looking at every minute. */
export function walkedMsBetween(calendar: CalendarDefinition, from: number, to: number): number {
  let ms = 0
  for (let at = Math.floor(from / MINUTE) * MINUTE; at < to; at += MINUTE) {
    if (isOpen(calendar, at)) ms += Math.min(at + MINUTE, to) - Math.max(at, from)
  }
  return ms
}
