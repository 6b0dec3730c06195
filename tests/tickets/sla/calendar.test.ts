import type { OpenInterval } from '@devforge/db'
import {
  addBusinessMs,
  businessMsBetween,
  type CalendarDefinition,
  createCalendar,
} from '@devforge/server/modules/support/sla/calendar'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { walkedMsBetween } from './oracle.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const at = (iso: string) => Date.parse(iso)
const week = (open: OpenInterval[], weekend: OpenInterval[] = []): OpenInterval[][] => [
  ...Array.from({ length: 5 }, () => open),
  weekend,
  weekend,
]
const NINE_TO_FIVE = [{ from: 540, to: 1020 }]
const ALL_DAY = [{ from: 0, to: 1440 }]

const office = (timeZone = 'UTC', holidays: CalendarDefinition['holidays'] = []) =>
  createCalendar({ timeZone, hours: week(NINE_TO_FIVE), holidays })
const around = (timeZone: string) => createCalendar({ timeZone, hours: week(ALL_DAY, ALL_DAY), holidays: [] })

describe('business hours', () => {
  test('Friday 16:59 to Monday 09:01 is two minutes', () => {
    const ms = businessMsBetween(office(), at('2026-11-27T16:59:00Z'), at('2026-11-30T09:01:00Z'))
    expect(ms).toBe(2 * MINUTE)
  })

  test('several intervals a day leave out the break between them', () => {
    const calendar = createCalendar({
      timeZone: 'UTC',
      hours: week([
        { from: 840, to: 1080 },
        { from: 540, to: 720 },
      ]),
      holidays: [],
    })
    expect(businessMsBetween(calendar, at('2026-11-25T11:30:00Z'), at('2026-11-25T14:30:00Z'))).toBe(HOUR)
    expect(addBusinessMs(calendar, at('2026-11-25T11:30:00Z'), HOUR)).toBe(at('2026-11-25T14:30:00Z'))
  })

  test('a time that ends with the day is due at closing time, and one millisecond more the next morning', () => {
    const from = at('2026-11-25T09:00:00Z')
    expect(addBusinessMs(office(), from, 8 * HOUR)).toBe(at('2026-11-25T17:00:00Z'))
    expect(addBusinessMs(office(), from, 8 * HOUR + 1)).toBe(at('2026-11-26T09:00:00.001Z'))
  })

  test('nothing to add is the moment itself, also at night', () => {
    expect(addBusinessMs(office(), at('2026-11-25T03:00:00Z'), 0)).toBe(at('2026-11-25T03:00:00Z'))
  })

  test('overlapping intervals count once', () => {
    const calendar = createCalendar({
      timeZone: 'UTC',
      hours: week([...NINE_TO_FIVE, { from: 600, to: 660 }, { from: 1000, to: 1080 }]),
      holidays: [],
    })
    expect(businessMsBetween(calendar, at('2026-11-25T00:00:00Z'), at('2026-11-26T00:00:00Z'))).toBe(9 * HOUR)
  })

  test('backwards there is no time', () => {
    expect(businessMsBetween(office(), at('2026-11-26T12:00:00Z'), at('2026-11-25T12:00:00Z'))).toBe(0)
  })

  test('years add up', () => {
    const calendar = office()
    let days = 0
    for (let day = at('2019-01-01T00:00:00Z'); day < at('2031-01-01T00:00:00Z'); day += DAY) {
      if (![0, 6].includes(new Date(day).getUTCDay())) days++
    }
    const [from, to] = [at('2019-01-01T00:00:00Z'), at('2031-01-01T00:00:00Z')]
    expect(businessMsBetween(calendar, from, to)).toBe(days * 8 * HOUR)
    expect(addBusinessMs(calendar, from, days * 8 * HOUR)).toBe(at('2030-12-31T17:00:00Z'))
  })
})

describe('the change to daylight saving and back', () => {
  test('the day that loses an hour has 23, the day that gains one has 25', () => {
    const berlin = around('Europe/Berlin')
    expect(businessMsBetween(berlin, at('2026-03-28T23:00:00Z'), at('2026-03-29T22:00:00Z'))).toBe(23 * HOUR)
    expect(businessMsBetween(berlin, at('2026-10-24T22:00:00Z'), at('2026-10-25T23:00:00Z'))).toBe(25 * HOUR)
  })

  test('nine to five is eight hours on either side of it, at the local nine', () => {
    const berlin = office('Europe/Berlin')
    // Friday 16:00 winter time (15:00 UTC) and five hours: the four left over from Monday 09:00 summer time (07:00 UTC).
    expect(addBusinessMs(berlin, at('2026-03-27T15:00:00Z'), 5 * HOUR)).toBe(at('2026-03-30T11:00:00Z'))
    expect(addBusinessMs(berlin, at('2026-10-23T14:00:00Z'), 5 * HOUR)).toBe(at('2026-10-26T12:00:00Z'))
  })

  test('what the clock skips is not counted, what it repeats is counted twice', () => {
    const nights = createCalendar({
      timeZone: 'America/New_York',
      hours: week([], [{ from: 60, to: 150 }]),
      holidays: [],
    })
    // 8 March 2026: 02:00 becomes 03:00, so 01:00–02:30 is an hour. 1 November: 01:00–02:00 comes twice.
    expect(businessMsBetween(nights, at('2026-03-08T00:00:00Z'), at('2026-03-09T00:00:00Z'))).toBe(HOUR)
    expect(businessMsBetween(nights, at('2026-11-01T00:00:00Z'), at('2026-11-02T00:00:00Z'))).toBe(2.5 * HOUR)
  })

  test('a day that a zone skipped altogether is none (Samoa, 30 December 2011)', () => {
    const apia = around('Pacific/Apia')
    const offices = office('Pacific/Apia')
    expect(businessMsBetween(apia, at('2011-12-29T10:00:00Z'), at('2011-12-31T10:00:00Z'))).toBe(48 * HOUR)
    // Thursday the 29th closes, and the next that opens is Monday, 2 January.
    expect(addBusinessMs(offices, at('2011-12-30T03:00:00Z'), HOUR)).toBe(at('2012-01-01T20:00:00Z'))
  })
})

describe('holidays', () => {
  const christmas = [{ date: '2026-12-25' }, { date: '2026-12-24', hours: [{ from: 540, to: 720 }] }]

  test('close their date, in the zone of the calendar', () => {
    const tokyo = office('Asia/Tokyo', christmas)
    // Thursday the 24th is open until noon (03:00 UTC); then nothing until Monday the 28th, 09:00 (00:00 UTC).
    expect(addBusinessMs(tokyo, at('2026-12-24T02:30:00Z'), HOUR)).toBe(at('2026-12-28T00:30:00Z'))
  })

  test('close a night at midnight that began the day before', () => {
    const nights = createCalendar({
      timeZone: 'UTC',
      hours: week([{ from: 1320, to: 1800 }]),
      holidays: [{ date: '2026-12-25' }],
    })
    expect(businessMsBetween(nights, at('2026-12-23T12:00:00Z'), at('2026-12-24T12:00:00Z'))).toBe(8 * HOUR)
    expect(businessMsBetween(nights, at('2026-12-24T12:00:00Z'), at('2026-12-25T12:00:00Z'))).toBe(2 * HOUR)
  })
})

describe('what is no calendar', () => {
  const valid: CalendarDefinition = { timeZone: 'UTC', hours: week(NINE_TO_FIVE), holidays: [] }
  test.each<[string, Partial<CalendarDefinition>]>([
    ['a week that never opens', { hours: week([]) }],
    ['a week of six days', { hours: week(NINE_TO_FIVE).slice(1) }],
    ['a zone that does not exist', { timeZone: 'Europe/Atlantis' }],
    ['an offset for a zone', { timeZone: '+02:00' }],
    ['an interval that ends before it begins', { hours: week([{ from: 1020, to: 540 }]) }],
    ['an interval of no time', { hours: week([{ from: 540, to: 540 }]) }],
    ['an interval longer than a day', { hours: week([{ from: 540, to: 540 + 1441 }]) }],
    ['an interval that begins on the next day', { hours: week([{ from: 1440, to: 1500 }]) }],
    ['half a minute', { hours: week([{ from: 540.5, to: 600 }]) }],
    ['a holiday that does not exist', { holidays: [{ date: '2026-02-30' }] }],
    ['a holiday in other words', { holidays: [{ date: '25.12.2026' }] }],
    ['a holiday beyond its day', { holidays: [{ date: '2026-12-25', hours: [{ from: 1320, to: 1500 }] }] }],
  ])('%s', (_, change) => {
    expect(() => createCalendar({ ...valid, ...change })).toThrow(RangeError)
  })

  test('a time below nothing, and one beyond any calendar', () => {
    expect(() => addBusinessMs(office(), 0, -1)).toThrow(RangeError)
    expect(() => addBusinessMs(office(), 0, Number.NaN)).toThrow(RangeError)
    expect(() => addBusinessMs(office(), 0, 300 * 365 * DAY)).toThrow(RangeError)
    expect(() => businessMsBetween(office(), Number.NaN, 1)).toThrow(RangeError)
  })
})

/** Moments around which zones changed their clocks, among them changes of half an hour, of two, at midnight, and a day left out. */
const CHANGES: [string, string][] = [
  ['Europe/Berlin', '2026-03-29T01:00:00Z'],
  ['Europe/Berlin', '2026-10-25T01:00:00Z'],
  ['America/New_York', '2026-03-08T07:00:00Z'],
  ['America/New_York', '2026-11-01T06:00:00Z'],
  ['Australia/Lord_Howe', '2026-04-04T15:00:00Z'],
  ['Australia/Lord_Howe', '2026-10-03T15:30:00Z'],
  ['Antarctica/Troll', '2026-03-29T01:00:00Z'],
  ['Pacific/Apia', '2011-12-30T10:00:00Z'],
  ['America/Sao_Paulo', '2018-11-04T03:00:00Z'],
  ['America/Sao_Paulo', '2018-02-18T02:00:00Z'],
  ['America/St_Johns', '2010-11-07T02:31:00Z'],
  ['Africa/Casablanca', '2026-02-15T02:00:00Z'],
  ['Africa/Cairo', '2026-04-23T22:00:00Z'],
  ['Asia/Kathmandu', '2026-01-01T00:00:00Z'],
  ['UTC', '2027-01-01T00:00:00Z'],
]

const minuteOfDay = fc.integer({ min: 0, max: 1439 })
const interval = fc
  .tuple(minuteOfDay, fc.integer({ min: 1, max: 1440 }))
  .map(([from, length]) => ({ from, to: from + length }))
const partial = fc
  .tuple(minuteOfDay, fc.integer({ min: 1, max: 1440 }))
  .map(([from, length]) => ({ from, to: Math.min(from + length, 1440) }))

const anyCalendar = fc
  .record({
    change: fc.constantFrom(...CHANGES),
    hours: fc
      .array(fc.array(interval, { maxLength: 2 }), { minLength: 7, maxLength: 7 })
      .filter((week) => week.some((day) => day.length > 0)),
    holidays: fc.uniqueArray(
      fc.record({ day: fc.integer({ min: -3, max: 3 }), hours: fc.array(partial, { maxLength: 2 }) }),
      { maxLength: 3, selector: ({ day }) => day },
    ),
  })
  .map(({ change: [timeZone, moment], hours, holidays }) => ({
    moment: at(moment),
    definition: {
      timeZone,
      hours,
      holidays: holidays.map(({ day, hours }) => ({
        date: new Date(at(moment) + day * DAY).toISOString().slice(0, 10),
        hours,
      })),
    },
  }))
const aside = fc.integer({ min: -2 * DAY, max: 2 * DAY })
/** Often on a full minute or hour, where the edges are. */
const length = fc.oneof(
  fc.integer({ min: 0, max: 3 * DAY }),
  fc.integer({ min: 0, max: 72 }).map((hours) => hours * HOUR),
)

describe('whatever the calendar', () => {
  test('business time is what one counts by looking at every minute', { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(anyCalendar, aside, length, ({ moment, definition }, aside, length) => {
        const from = moment + aside
        const counted = businessMsBetween(createCalendar(definition), from, from + length)
        expect(counted).toBe(walkedMsBetween(definition, from, from + length))
      }),
      { numRuns: 300 },
    )
  })

  test('adding is the inverse of counting, and the earliest moment that is', () => {
    fc.assert(
      fc.property(
        anyCalendar,
        aside,
        fc.integer({ min: 1, max: 30 * DAY }),
        ({ moment, definition }, aside, ms) => {
          const calendar = createCalendar(definition)
          const from = moment + aside
          const due = addBusinessMs(calendar, from, ms)
          expect(businessMsBetween(calendar, from, due)).toBe(ms)
          expect(businessMsBetween(calendar, from, due - 1)).toBe(ms - 1)
        },
      ),
      { numRuns: 1000 },
    )
  })

  test('time splits at any moment between', () => {
    fc.assert(
      fc.property(anyCalendar, aside, length, length, ({ moment, definition }, aside, one, other) => {
        const calendar = createCalendar(definition)
        const from = moment + aside
        const between = businessMsBetween(calendar, from, from + one)
        const after = businessMsBetween(calendar, from + one, from + one + other)
        expect(businessMsBetween(calendar, from, from + one + other)).toBe(between + after)
      }),
      { numRuns: 500 },
    )
  })
})
