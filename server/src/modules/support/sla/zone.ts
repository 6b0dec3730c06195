import { Temporal } from 'temporal-polyfill'

/** A stretch of time in which a zone's clocks stand at one distance from UTC. */
export interface OffsetSpan {
  from: number
  to: number
  offsetMs: number
}

/** Names only: an offset (`+02:00`) would be taken by `Intl` and never change over to daylight saving. */
const ZONE_NAME = /^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+)*$/

/** Whether this is the name of a zone in the IANA database (`Europe/Berlin`, `UTC`). */
export function isTimeZone(name: string): boolean {
  if (!ZONE_NAME.test(name)) return false
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

/** The spans of one offset each that make up `from` to `to` (epoch ms), in order and without a gap. */
export function offsetSpans(timeZone: string, from: number, to: number): OffsetSpan[] {
  const spans: OffsetSpan[] = []
  let at = Temporal.Instant.fromEpochMilliseconds(from).toZonedDateTimeISO(timeZone)
  for (let start = from; start < to; ) {
    const next = at.getTimeZoneTransition('next')
    const end = Math.min(next?.epochMilliseconds ?? to, to)
    spans.push({ from: start, to: end, offsetMs: at.offsetNanoseconds / 1e6 })
    if (next === null) break
    at = next
    start = end
  }
  return spans
}
